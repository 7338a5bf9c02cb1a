/** How the releases of a site are listed, and how two of them differ. */
import type { Answer, ReleaseChoice } from "../../../model/answer.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { count, outside, shortCommit, slackCode, slackCommit, slackDate, slackRelease, unformatted } from "../plain.ts";
import { type Block, codeBlock, context, section, sections } from "./slack-blocks.ts";

const MAX_RELEASES = 40;
const SHORT_ID = 12;

/** The list, the newest first as it is given. */
export function wordReleases({ site, releases }: Extract<Answer, { kind: "releases" }>): SlackMessage {
  const name = outside(site, 60);
  if (releases.length === 0) {
    const text = `No release of ${name} is kept yet.`;
    return { text, blocks: [section(`No release of *${unformatted(site, 60)}* is kept yet.`)] };
  }
  const { blocks, left } = sections(releases.slice(0, MAX_RELEASES).map(releaseLine));
  const more = Math.max(0, releases.length - MAX_RELEASES) + left;
  const advice = `${slackCode(`rollback ${site}`, 80)} asks which one to go back to; ${slackCode("diff", 10)} compares two`;
  const all: Block[] = [
    section(`📦 *Releases of ${unformatted(site, 60)}*`),
    ...blocks,
    context([...(more > 0 ? [`and ${more} older`] : []), advice]),
  ];
  return { text: `${count(releases.length, "release")} of ${name}`, blocks: all };
}

function releaseLine({ id, commit, title, author, createdAtMs, isLive }: ReleaseChoice): string {
  const what = [slackCommit(commit), unformatted(title, 80)].filter(Boolean).join(" ");
  return [
    `${isLive ? "✅ *live*  " : ""}${what || "a release"}`,
    author ? unformatted(author, 40) : "",
    slackDate(createdAtMs),
    slackRelease(id),
  ]
    .filter(Boolean)
    .join("  ·  ");
}

/** What publishing the other one would change. */
export function wordDiff(diff: Extract<Answer, { kind: "diff" }>): SlackMessage {
  const { site, from, to, added, changed, removed, paths } = diff;
  const all = added + changed + removed;
  const sums = all === 0 ? "no file differs" : `${added} added, ${changed} changed, ${removed} removed`;
  const arrow = `${named(from)} → ${named(to)}`;
  const blocks: Block[] = [section(`🔍 *${unformatted(site, 60)}*  ${arrow}\n${sums}`)];
  if (paths.length > 0) blocks.push(codeBlock([...shownPaths(paths), ...rest(all, paths)].join("\n")));
  const plainly = `from ${shortCommit(from.commit) || outside(from.id, SHORT_ID)} to ${shortCommit(to.commit) || outside(to.id, SHORT_ID)}`;
  return { text: `${outside(site, 60)} ${plainly}: ${sums}`, blocks };
}

const MAX_PATHS = 25;

function shownPaths(paths: readonly string[]): string[] {
  return paths.slice(0, MAX_PATHS).map((path) => path.slice(0, 100));
}

function rest(all: number, paths: readonly string[]): string[] {
  const left = all - Math.min(paths.length, MAX_PATHS);
  return left > 0 ? [`and ${left} more`] : [];
}

function named({ id, commit }: { readonly id: string; readonly commit: string }): string {
  return [slackCommit(commit), `(release ${slackRelease(id)})`].filter(Boolean).join(" ");
}

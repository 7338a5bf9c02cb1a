/** Lines about releases and about what became of them on the host. */
import type { NamedDiff } from "../commands/diff-releases.ts";
import type { ListedRelease, PublishedRelease } from "../commands/release-operations.ts";
import { bytesText } from "../model/quantities.ts";
import { count } from "../notify/wording/plain.ts";
import type { Drift } from "../publish/options.ts";
import { coloured, printable, when } from "./print.ts";

/** One line about a kept release. */
export function releaseLine(it: ListedRelease): string {
  const differs = it.isLive ? "" : `${count(it.differs, "file")} ${it.differs === 1 ? "differs" : "differ"}`;
  return [
    coloured(it.isLive ? "live" : "", 4),
    it.id.slice(0, 12),
    it.commit.slice(0, 7),
    when(it.liveAtMs ?? it.createdAtMs),
    count(it.files, "file").padStart(11),
    bytesText(it.bytes).padStart(7),
    differs.padEnd(18),
    printable(it.title),
  ]
    .join("  ")
    .trimEnd();
}

/** A release as one line names it. */
export function named({ id, commit }: { readonly id: string; readonly commit: string }): string {
  return `${id.slice(0, 12)} (commit ${commit.slice(0, 7)})`;
}

/** What would change from the live release to another one. */
export function diffLines({ site, from, to, added, changed, removed, paths }: NamedDiff): string[] {
  const total = added + changed + removed;
  const way = `${site}: from ${named(from)}, which is live, to ${named(to)}`;
  if (total === 0) return [`${way}: the same files`];
  const more = total > paths.length ? [`and ${total - paths.length} more`] : [];
  return [`${way}: ${added} added, ${changed} changed, ${removed} removed`, ...paths.map(printable), ...more];
}

/** What a comparison of a site with its host found. */
export function driftLines(site: string, { releaseId, missing, changed, files }: Drift, expected: PublishedRelease) {
  const lines: string[] = [];
  if (releaseId === null) {
    const known = expected ? "; compared with what Slipway remembers" : ", and Slipway remembers none either";
    lines.push(`${site}: the host has no record of a release${known}`);
  } else if (expected && releaseId !== expected.id) {
    const [there, ours] = [releaseId.slice(0, 12), expected.id.slice(0, 12)];
    lines.push(`${site}: the host has release ${there}, and Slipway remembers ${ours}: somebody else published`);
  }
  for (const path of missing) lines.push(`missing  ${printable(path)}`);
  for (const path of changed) lines.push(`changed  ${printable(path)}`);
  const total = missing.length + changed.length;
  if (total > 0) {
    lines.push(
      `${site}: ${total} of ${count(files, "file")} changed by others; \`slipway redeploy ${site}\` mends that`,
    );
  } else if (files > 0) {
    lines.push(`${site}: ${count(files, "file")} looked at, all as published`);
  }
  return lines;
}

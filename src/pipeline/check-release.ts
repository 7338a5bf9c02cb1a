/** Looks at a release as a visitor would, before it goes out. */
import { buffer } from "node:stream/consumers";
import { PermanentError } from "../errors.ts";
import { checkLinks, describeMissing, type MissingTarget, stopsDeployment } from "../links/check-links.ts";
import { servedAt } from "../links/resolve.ts";
import { manifestFromJson } from "../model/release.ts";
import { withSession } from "../publish/with-session.ts";
import { pathProblem } from "../releases/path.ts";
import type { Candidate } from "./make-live.ts";
import { retrying, type StageRun } from "./stage-run.ts";

/** Where the contents of a release are read from. */
type Blobs = { open(sha256: string): NodeJS.ReadableStream };

/**
 * Says what the release names and nobody has. Answers with how many targets are missing; null when nobody wants to
 * know. Throws PermanentError when that stops the deployment.
 */
export async function checkRelease(run: StageRun, { release }: Candidate, blobs: Blobs): Promise<number | null> {
  const { site, live } = run.job;
  if (site.links === "off") return null;
  const missing = await checkLinks({
    files: release.files,
    place: servedAt(run.job.siteUrl),
    signal: run.signal,
    async read(path) {
      const entry = release.files.get(path);
      return entry === undefined ? "" : (await buffer(blobs.open(entry.sha256))).toString("utf8");
    },
    onHost: (paths) => retrying(run, () => findOnHost(run, paths)),
  });
  for (const line of describeMissing(missing)) run.say(line);
  if (stopsDeployment(site.links, missing.length, live.missingLinks))
    throw new PermanentError(whyStopped(run, missing));
  return missing.length;
}

/** Which of the paths the host has. What our last release put there and this one lacks is about to be removed. */
async function findOnHost({ job, say, signal }: StageRun, paths: readonly string[]): Promise<Set<string>> {
  const ours = manifestFromJson(job.previous ?? []);
  const asked = [...new Set(paths)].filter((path) => !ours.has(path) && pathProblem(path) === null);
  if (asked.length === 0) return new Set();
  const { target, profile } = job;
  const sizes = await withSession({ target, profile, say, signal }, (session) => session.sizes(asked));
  return new Set(asked.filter((_, index) => sizes[index] !== undefined));
}

function whyStopped({ job }: StageRun, missing: readonly MissingTarget[]): string {
  const [first] = missing;
  const what = `/${first?.path}, named by ${first?.namedBy[0]}${missing.length > 1 ? ` and ${missing.length - 1} more` : ""}`;
  const why = job.site.links === "fail" ? "check.links is fail" : "the live release has none such";
  const advice = `Mend them, or set sites.${job.site.name}.check.links to warn to publish all the same.`;
  return `Addresses of this release lead nowhere (${what}), and ${why}. Nothing was changed. ${advice}`;
}

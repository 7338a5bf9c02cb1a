/**
 * Makes a release live on a target. New content is staged beside the live site and checked; only then are the files
 * renamed into place in one burst, in the order of the plan. Cut off at any point, the next publish, of whatever
 * release, finds out from the host how far it got and goes on from there.
 */
import { describeError, PermanentError } from "../errors.ts";
import type { DeploymentStats } from "../model/deployment.ts";
import { type Manifest, measure, type Release } from "../model/release.ts";
import type { Move, Publisher, PublishSession } from "../publishers/publisher.ts";
import type { BlobStore } from "../releases/blob-store.ts";
import { packManifest, packPending } from "../releases/host-manifest.ts";
import { TOOL_FOLDER } from "../releases/path.ts";
import { allFolders, type Plan, type PutStep, planPublish, type RemoveStep, type Step } from "../releases/plan.ts";
import { adoptForeign, findOurs, MANIFEST_PATH, type Ours, PENDING_PATH } from "./publish-ownership.ts";
import { movesFor, STAGE_FOLDER, stage, type UploadProgress, uploadOf, uploadVerified } from "./publish-stage.ts";

export type PublishOptions = {
  readonly publisher: Publisher;
  readonly blobs: BlobStore;
  readonly release: Release;
  /** What our own store believes is on the host; asked only when the host's own record is missing or damaged. */
  readonly previous?: Manifest | null;
  /** Whether files that others put under names of this release may be replaced. */
  readonly adopt: boolean;
  /** Gets lines for the transcript. */
  say(line: string): void;
  readonly onProgress?: (progress: UploadProgress) => void;
  /** Cancels the publish as long as the live site is untouched. Once the burst has begun, it is finished. */
  readonly signal?: AbortSignal;
};

/** Keeps the records and the stage from being served by Apache 2.4 and 2.2 (mod_authz_core, mod_authz_host). */
const DENY_ACCESS = Buffer.from(`<IfModule mod_authz_core.c>
  Require all denied
</IfModule>
<IfModule !mod_authz_core.c>
  Order deny,allow
  Deny from all
</IfModule>
`);
const DENY_PATH = `${TOOL_FOLDER}/.htaccess`;

const STAGED_PENDING = `${STAGE_FOLDER}/pending.json.gz`;
const STAGED_MANIFEST = `${STAGE_FOLDER}/manifest.json.gz`;

/**
 * Publishes and answers with what changed on the host. Throws PermanentError when files of others are in the way (then
 * nothing was changed) or the host refuses for good, OperatorError when a setting is wrong, the signal's reason when
 * cancelled, and anything else when another try may help.
 */
export async function publishRelease(options: PublishOptions): Promise<DeploymentStats> {
  const { publisher, signal, say } = options;
  signal?.throwIfAborted();
  const session = await publisher.open(say);
  const cancel = () => void session.close();
  signal?.addEventListener("abort", cancel);
  let committing = false;
  try {
    signal?.throwIfAborted();
    return await publishOver(session, options, () => {
      signal?.throwIfAborted();
      committing = true;
      signal?.removeEventListener("abort", cancel);
    });
  } catch (error) {
    if (!committing) signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
    await session.close();
  }
}

async function publishOver(session: PublishSession, options: PublishOptions, beginCommit: () => void) {
  const { release, blobs, say, onProgress } = options;
  const ours = await findOurs(session, release, options.previous ?? null, say);
  const adopted = await adoptForeign(session, ours.files, release.files, options.adopt, say);
  const onHost = new Map([...ours.files, ...adopted]);
  const plan = planPublish({ onHost, release: release.files, folders: ours.folders });
  if (ours.releaseId === release.id) {
    say("Nothing to do: the host has this release already.");
    return statsOf(plan, release, 0, 0);
  }
  const puts = plan.steps.filter((step): step is PutStep => step.do === "put");
  say(summary(plan, puts));

  const leftovers = await prepareToolFolder(session, ours, say);
  const moves = movesFor(puts);
  const uploadedBytes = await stage(puts, moves, { session, blobs, leftovers, say, onProgress });

  const begin = plan.steps.findIndex(({ do: kind }) => kind !== "makeFolder");
  const [early, burst] = begin === -1 ? [plan.steps, []] : [plan.steps.slice(0, begin), plan.steps.slice(begin)];
  const made = await session.makeFolders(early.map(({ path }) => path));
  // Folders of the burst take the place of a file of ours, so they are ours too.
  const later = burst.filter(({ do: kind }) => kind === "makeFolder").map(({ path }) => path);
  await stageRecords(session, ours, release, new Set([...ours.folders, ...made, ...later]), say);

  beginCommit();
  await session.rename([{ from: STAGED_PENDING, to: PENDING_PATH, replaces: !ours.recorded }]);
  const left = await commit(session, burst, moves);
  await session.rename([{ from: STAGED_MANIFEST, to: MANIFEST_PATH, replaces: true }]);

  const staged = [...leftovers.keys()].map((name) => `${STAGE_FOLDER}/${name}`);
  await session.remove([PENDING_PATH, ...staged]);
  await session.removeEmptyFolders([STAGE_FOLDER]);
  for (const path of left) say(`Left ${path} alone: somebody else has changed it since Slipway put it there.`);
  return statsOf(plan, release, uploadedBytes, left.length);
}

/** Makes Slipway's folder and the stage. Answers with what an earlier publish left in the stage. */
async function prepareToolFolder(session: PublishSession, ours: Ours, say: (line: string) => void) {
  const made = await session.makeFolders([TOOL_FOLDER, STAGE_FOLDER]);
  if (!ours.recorded && (await session.sizes([DENY_PATH]))[0] !== DENY_ACCESS.length) {
    await uploadVerified(session, [uploadOf(DENY_PATH, DENY_ACCESS)], () => {}, say).catch((error: unknown) => {
      // Some hosts forbid the name (Pure-FTPd with -x). The site itself can do without.
      if (!(error instanceof PermanentError)) throw error;
      say(`The folder ${TOOL_FOLDER} may be readable over the web: ${describeError(error)}`);
    });
  }
  return made.includes(STAGE_FOLDER) ? new Map<string, number>() : session.list(STAGE_FOLDER);
}

/** Brings both records to the stage, so that each takes effect with a rename, whole or not at all. */
async function stageRecords(
  session: PublishSession,
  ours: Ours,
  release: Release,
  folders: ReadonlySet<string>,
  say: (line: string) => void,
): Promise<void> {
  const needed = allFolders(release.files.keys());
  const record = { releaseId: release.id, files: release.files };
  const manifest = packManifest({ ...record, folders: new Set([...folders].filter((path) => needed.has(path))) });
  const pending = packPending({ ...record, folders, before: ours.recorded ? new Map() : ours.files });
  const uploads = [uploadOf(STAGED_PENDING, pending), uploadOf(STAGED_MANIFEST, manifest)];
  await uploadVerified(session, uploads, () => {}, say);
}

/** Walks the steps, each run of equal ones in one go. Answers with the paths that were left alone. */
async function commit(session: PublishSession, steps: readonly Step[], moves: readonly Move[]): Promise<string[]> {
  const left: string[] = [];
  let moved = 0;
  for (let at = 0; at < steps.length; ) {
    const kind = steps[at]?.do;
    const end = steps.findIndex((step, index) => index > at && step.do !== kind);
    const run = steps.slice(at, end === -1 ? steps.length : end);
    at += run.length;
    const paths = run.map(({ path }) => path);
    if (kind === "makeFolder") await session.makeFolders(paths);
    if (kind === "removeFolder") await session.removeEmptyFolders(paths);
    if (kind === "remove") left.push(...(await removeOurs(session, run as readonly RemoveStep[])));
    if (kind === "put") {
      await session.rename(moves.slice(moved, moved + run.length));
      moved += run.length;
    }
  }
  return left;
}

/** Removes files that still have the size we gave them. Answers with the others that exist. */
async function removeOurs(session: PublishSession, steps: readonly RemoveStep[]): Promise<string[]> {
  const sizes = await session.sizes(steps.map(({ path }) => path));
  const isOurs = (step: RemoveStep, index: number) => step.inTheWay || sizes[index] === step.entry.size;
  await session.remove(steps.filter(isOurs).map(({ path }) => path));
  return steps.filter((step, index) => !isOurs(step, index) && sizes[index] !== undefined).map(({ path }) => path);
}

function statsOf(plan: Plan, release: Release, uploadedBytes: number, left: number): DeploymentStats {
  const { added, changed, removed, unchanged } = plan;
  return { added, changed, removed: removed - left, unchanged, uploadedBytes, ...measure(release.files) };
}

function summary(plan: Plan, puts: readonly PutStep[]): string {
  const bytes = puts.reduce((total, { entry }) => total + entry.size, 0);
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `${puts.length} files to upload (${size}), ${plan.removed} to remove, ${plan.unchanged} unchanged.`;
}

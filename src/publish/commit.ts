/** The commit of one publish, from the first upload to the last removal, by renames or, where there are none, in place. */
import type { DeploymentStats } from "../model/deployment.ts";
import { measure, type Release } from "../model/release.ts";
import { MissingFileError, type Move, NoRenameError, type PublishSession } from "../publishers/publisher.ts";
import { packJournal, packManifest } from "../releases/host-manifest.ts";
import { allFolders, type Plan, type PutStep, type RemoveStep } from "../releases/plan.ts";
import type { Retained } from "../releases/retained.ts";
import { type Lock, LockLostError } from "./lock.ts";
import type { PublishOptions, PublishResult } from "./options.ts";
import type { Ours } from "./ours.ts";
import { sweep } from "./own-folders.ts";
import type { Place } from "./place.ts";
import { stageFiles, stageNames } from "./stage-files.ts";
import { createOverwritingPutter, createRenamingPutter, type Phases, walkSteps } from "./steps.ts";
import { type DigestedUpload, uploadOf, uploadVerified } from "./upload-verified.ts";

/** Everything that one publish needs to know. */
export type Publish = {
  readonly session: PublishSession;
  readonly options: PublishOptions;
  readonly place: Place;
  readonly lock: Lock;
  readonly plan: Plan;
  readonly puts: readonly PutStep[];
  readonly phases: Phases;
  readonly ours: Ours;
  readonly retained: Retained;
  /** Whether the host keeps the manifest before, and the one before that. */
  readonly earlier: readonly boolean[];
  /** Whether the marker of the release that the host's manifest names is there. */
  readonly hasMarker: boolean;
  /** Folders that this publish made just now, and all that Slipway made. */
  readonly made: readonly string[];
  readonly folders: ReadonlySet<string>;
  /** Name → size of what an earlier publish left in the stage. */
  readonly leftovers: ReadonlyMap<string, number>;
  readonly progress: { hasBegun: boolean };
  /** Makes the publish uncancellable; throws when it was cancelled already. */
  protect(): void;
};

/** What a commit did. */
type End = { readonly left: readonly string[]; readonly uploadedBytes: number; readonly changeoverMs: number | null };

export async function commitWhicheverWay(publish: Publish): Promise<PublishResult> {
  const { session, options, ours, progress } = publish;
  if (!ours.overwrites && session.profile().replaces !== "overwrite") {
    try {
      return finish(publish, await commitByRenames(publish));
    } catch (error) {
      if (error instanceof MissingFileError) await requireStage(publish);
      if (!(error instanceof NoRenameError) || progress.hasBegun) throw error;
    }
  }
  options.say("This host lets no file be renamed, so this target cannot be atomic: files are overwritten one by one.");
  return finish(publish, await commitByOverwriting(publish));
}

/** What was staged a moment ago is gone: most likely because somebody took the host over. */
async function requireStage({ session, lock }: Publish): Promise<void> {
  const [owner] = await session.sizes([lock.ownerPath]);
  if (owner === undefined) throw new LockLostError("Another publish took this host over in the middle of this one.");
}

async function commitByRenames(publish: Publish): Promise<End> {
  const { session, options, place, lock, puts, phases, ours, leftovers } = publish;
  const staged = stageNames(puts, lock.stage);
  const { journal, manifest } = recordsFor(publish, false);
  options.onPhase?.("upload");
  const uploadedBytes = await stageFiles(staged, {
    ...{ session, lock, leftovers, contents: options.contents, say: options.say, onProgress: options.onProgress },
    records: [
      lock.ownerFile(publish.made),
      uploadOf(`${lock.stage}/journal`, journal),
      uploadOf(`${lock.stage}/manifest`, manifest),
      ...(isRelabelled(publish) ? [] : [uploadOf(`${lock.stage}/live`, Buffer.alloc(0))]),
    ],
    onUploaded: () => options.onPhase?.("verify"),
  });

  options.onPhase?.("commit");
  publish.protect();
  await session.rename([{ from: `${lock.stage}/journal`, to: place.journal, replaces: ours.wasCutOff }]);
  publish.progress.hasBegun = true;
  const putter = createRenamingPutter(staged);
  await walkSteps(session, phases.burst, putter.put);
  await session.rename(recordMoves(publish));
  const removals = phases.removals.filter((step): step is RemoveStep => step.do === "remove");
  const paths = removals.map(({ path }) => path);
  const sizes = await requireStillOurs(publish, manifest.length, paths);

  options.onPhase?.("clean");
  const left = await cleanUp(publish, removals, sizes);
  return { left, uploadedBytes, changeoverMs: putter.changeoverMs() };
}

/** Where not even a rename is possible: pages last, and the site is a mixture while it runs. */
async function commitByOverwriting(publish: Publish): Promise<End> {
  const { session, options, place, lock, puts, phases, made } = publish;
  const { say } = options;
  const { journal, manifest } = recordsFor(publish, true);
  options.onPhase?.("upload");
  publish.protect();
  const write = (files: readonly DigestedUpload[]) => uploadVerified(session, files, { say });
  await write([lock.ownerFile(made), uploadOf(place.journal, journal)]);
  publish.progress.hasBegun = true;
  const put = createOverwritingPutter(puts, options);
  await walkSteps(session, phases.burst, put);
  await write([uploadOf(place.manifest, manifest), uploadOf(place.marker(options.release.id), Buffer.alloc(0))]);
  options.onPhase?.("clean");
  const removals = phases.removals.filter((step): step is RemoveStep => step.do === "remove");
  const left = await cleanUp(publish, removals, await session.sizes(removals.map(({ path }) => path)));
  return { left, uploadedBytes: puts.reduce((sum, { entry }) => sum + entry.size, 0), changeoverMs: null };
}

function recordsFor({ options, lock, ours, folders, retained, place }: Publish, overwrites: boolean) {
  const { release } = options;
  const record = { releaseId: release.id, files: release.files, atMs: Date.now(), retained, overwrites };
  // Folders that only the files before needed are removed at the very end; the next publish sees to what is left.
  const needed = allFolders([...release.files.keys(), ...retained.keys(), ...ours.files.keys()]);
  const stage = lock.stage.slice(place.folder.length + 1);
  // During the burst the host's own manifest says what was ours, unless that had to be worked out. It has been replaced
  // when the removals begin, so what is to be removed is said here.
  const gone = [...ours.files].filter(([path]) => !release.files.has(path));
  const before = ours.recorded ? new Map(gone) : ours.files;
  return {
    manifest: packManifest({ ...record, folders: new Set([...folders].filter((path) => needed.has(path))) }),
    journal: packJournal({ ...record, folders, stage, before }),
  };
}

/** Whether the marker of the release before becomes that of the new one. */
function isRelabelled({ ours, options, hasMarker }: Publish): boolean {
  return ours.recorded && hasMarker && ours.releaseId !== options.release.id;
}

/** The manifest goes live, those before it move down, and the marker says which release it is. */
function recordMoves(publish: Publish): Move[] {
  const { options, place, lock, earlier, ours } = publish;
  const [newer, older] = place.earlier;
  const hasManifest = ours.releaseId !== null;
  const marker = isRelabelled(publish) ? place.marker(ours.releaseId ?? "") : `${lock.stage}/live`;
  const [hasNewer = false, hasOlder = false] = earlier;
  return [
    ...(hasManifest && hasNewer ? [{ from: newer, to: older, replaces: hasOlder }] : []),
    ...(hasManifest ? [{ from: place.manifest, to: newer, replaces: false }] : []),
    { from: `${lock.stage}/manifest`, to: place.manifest, replaces: !hasManifest },
    { from: marker, to: place.marker(options.release.id), replaces: ours.releaseId === options.release.id },
  ];
}

/**
 * Had somebody taken the host over, our renames would have failed and their records would stand here. Answers with the
 * sizes of `others`, which cost no round trip here.
 */
async function requireStillOurs(
  { session, place, options, lock }: Publish,
  manifestBytes: number,
  others: readonly string[],
): Promise<Array<number | undefined>> {
  const paths = [place.manifest, place.marker(options.release.id), lock.ownerPath];
  const [manifest, marker, owner, ...sizes] = await session.sizes([...paths, ...others]);
  if (manifest === manifestBytes && marker !== undefined && owner !== undefined) return sizes;
  throw new LockLostError("Another publish took this host over in the middle of this one; what it published is live.");
}

/**
 * Removes what the release no longer has, if it still has the size that Slipway gave it, and what only publishes
 * needed. Answers with the paths that were left alone.
 */
async function cleanUp(
  publish: Publish,
  removals: readonly RemoveStep[],
  sizes: ReadonlyArray<number | undefined>,
): Promise<string[]> {
  const { session, place, lock, ours, options, leftovers, phases } = publish;
  if (!ours.recorded) await sweep(session, place, lock.stage, place.marker(options.release.id));
  const isOurs = (step: RemoveStep, index: number) => step.inTheWay || sizes[index] === step.entry.size;
  const gone = removals.filter(isOurs).map(({ path }) => path);
  const staged = [...leftovers.keys()].map((name) => `${lock.stage}/${name}`);
  // In this order: as long as the journal is there, the next publish looks at everything.
  await session.remove([...new Set([...gone, ...staged, lock.alive.path, place.journal, lock.ownerPath])]);
  const folders = phases.removals.filter(({ do: kind }) => kind === "removeFolder").map(({ path }) => path);
  await session.removeEmptyFolders([...folders, lock.stage, place.lock]);
  return removals.filter((step, index) => !isOurs(step, index) && sizes[index] !== undefined).map(({ path }) => path);
}

function finish({ session, options, plan }: Publish, { left, uploadedBytes, changeoverMs }: End): PublishResult {
  for (const path of left) {
    options.say(`Left ${path} alone: somebody else has changed it since Slipway put it there.`);
  }
  const counts = { ...plan, removed: plan.removed - left.length };
  return { stats: statsOf(counts, options.release, uploadedBytes), changeoverMs, profile: session.profile() };
}

type Counts = Pick<Plan, "added" | "changed" | "removed" | "unchanged">;

export function statsOf(
  { added, changed, removed, unchanged }: Counts,
  release: Release,
  uploadedBytes: number,
): DeploymentStats {
  return { added, changed, removed, unchanged, uploadedBytes, ...measure(release.files) };
}

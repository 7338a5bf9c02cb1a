/** Replaces the files of a live folder: staged beside it, then renamed into place in one burst. */
import { bytesText, filesText } from "../model/quantities.ts";
import type { Release } from "../model/release.ts";
import { HostFullError, type PublishSession } from "../publishers/publisher.ts";
import { countPuts, type PutStep } from "../releases/plan.ts";
import { commitWhicheverWay, type Publish, statsOf } from "./commit.ts";
import { giveBack } from "./give-back.ts";
import { planFor, requireConsent } from "./intent.ts";
import { acquireLock, type Lock, LockLostError, lockOptions } from "./lock.ts";
import { type Look, lookAtHost, withoutKept } from "./look-at-host.ts";
import type { PublishOptions, PublishResult } from "./options.ts";
import { findOurs, NO_RECORDS } from "./ours.ts";
import { clearFolder } from "./own-folders.ts";
import { checkHidden, makePlace, type Place } from "./place.ts";
import { phasesOf } from "./steps.ts";
import { uploadOf } from "./upload-verified.ts";
import { withSession } from "./with-session.ts";

/** What has to be given back when a publish fails. */
type Held = {
  lock?: Lock;
  /** The host is full, so that what was staged had to go. */
  isFull?: boolean;
  /** Folders that were made for a commit which did not begin. */
  made?: readonly string[];
};

export async function publishInPlace(options: PublishOptions): Promise<PublishResult> {
  const { release, previous } = withoutKept(options);
  const wanted: PublishOptions = { ...options, release, previous };
  const held: Held = {};
  try {
    const { result, isWhole } = await withSession(options, async (session, protect) => {
      options.onPhase?.("compare");
      const look = await lookAtHost(session, options, release);
      if (look.isLive) return { result: nothingToDo(session, wanted), isWhole: true };
      session.prepareUpload?.(countPuts(previous ?? release.files, release.files));
      const place = look.place ?? (await firstPlace(session, wanted, look));
      const lock = await acquireLock(session, place, { ...lockOptions(options), mayHaveLeftStage: look.hasLeftStage });
      held.lock = lock;
      try {
        const done = await publishLocked(session, wanted, { place, lock, seen: look, held, protect });
        return { result: done, isWhole: !lock.tookOver || (await isWholeOnHost(session, release)) };
      } catch (error) {
        held.isFull = error instanceof HostFullError;
        // The room may be needed by the site itself. Without a connection nothing can be done about it.
        if (held.isFull) await clearFolder(session, lock.stage).catch(() => {});
        throw error;
      }
    });
    if (isWhole) return result;
    // The one whose lock was taken over was not dead, and some of its last renames arrived after ours.
    options.say("Another publish was still writing; putting this release in place once more.");
    return await publishInPlace({ ...options, rules: { ...options.rules, thorough: true } });
  } catch (error) {
    if (held.lock !== undefined && !(error instanceof LockLostError)) {
      await giveBack(options, held.lock, { keepStage: held.isFull !== true, ...(held.made && { made: held.made }) });
    }
    throw error;
  }
}

/** Makes Slipway's folder on a host that has none, unless somebody has to agree to this publish first. */
async function firstPlace(session: PublishSession, options: PublishOptions, look: Look): Promise<Place> {
  const quiet = { ...options, say: () => {} };
  const ours = await findOurs(session, look.places[0], NO_RECORDS, { ...quiet, check: "sample" });
  requireConsent(quiet, await planFor(session, quiet, options.release, ours));
  return makePlace(session, look.places, options.say);
}

async function isWholeOnHost(session: PublishSession, { files }: Release): Promise<boolean> {
  const sizes = await session.sizes([...files.keys()]);
  return [...files.values()].every(({ size }, index) => size === sizes[index]);
}

function nothingToDo(session: PublishSession, { release, say }: PublishOptions): PublishResult {
  say("Nothing to do: the host has this release already.");
  const counts = { added: 0, changed: 0, removed: 0, unchanged: release.files.size };
  return { stats: statsOf(counts, release, 0), changeoverMs: null, profile: session.profile() };
}

type Locked = {
  readonly place: Place;
  readonly lock: Lock;
  /** What was seen before the lock was ours. */
  readonly seen: Look;
  readonly held: Held;
  protect(): void;
};

/** The publish itself, by the one who holds the lock. */
async function publishLocked(
  session: PublishSession,
  options: PublishOptions,
  { place, lock, seen, held, protect }: Locked,
): Promise<PublishResult> {
  const { release, say, rules } = options;
  // Somebody else may have finished while we waited for the lock.
  const look = lock.hasWaited || seen.place === null ? await lookAtHost(session, options, release) : seen;
  const check = rules.thorough ? "contents" : lock.tookOver ? "sizes" : "sample";
  const ours = await findOurs(session, place, look.sizes, { ...options, check });
  const folders = new Set([...ours.folders, ...lock.inheritedFolders]);
  const asked = [place.journal, place.marker(ours.releaseId ?? release.id)];
  const intent = await planFor(session, options, release, { ...ours, folders }, asked);
  const [journalNow, marker] = intent.others;
  if (journalNow !== look.sizes.journal) throw new Error("Another publish was cut off on this host just now.");
  requireConsent(options, intent);
  const { plan, retained } = intent;
  const hasLeftovers = ours.journal === null ? lock.hasLeftovers : await takeStage(session, place, lock, ours.journal);
  if (plan.steps.length === 0 && ours.releaseId === release.id && !ours.wasCutOff) {
    if (!look.isLive) await session.upload([uploadOf(place.marker(release.id), Buffer.alloc(0))], () => {});
    await lock.release(session, true);
    return nothingToDo(session, options);
  }

  const puts = plan.steps.filter((step): step is PutStep => step.do === "put");
  session.prepareUpload?.(puts.length);
  const phases = phasesOf(plan.steps);
  const leftovers = hasLeftovers ? (await session.list(lock.stage))?.files : undefined;
  const missing = phases.folders.filter((folder) => !intent.folders.has(folder));
  const made = missing.length === 0 ? [] : await session.makeFolders(missing);
  const publish: Publish = {
    ...{ session, options, place, lock, plan, puts, phases, ours, retained, earlier: look.earlier, made, protect },
    hasMarker: marker !== undefined,
    // Folders of the burst take the place of a file of ours, so they are ours too.
    folders: new Set([...folders, ...made, ...phases.burst.filter(isMakeFolder).map(({ path }) => path)]),
    leftovers: leftovers ?? new Map(),
    progress: { hasBegun: false },
  };
  say(summary(publish));
  try {
    const result = await commitWhicheverWay(publish);
    if (!ours.recorded && options.siteUrl !== null) await checkHidden(place, options.siteUrl, say);
    return result;
  } catch (error) {
    if (!publish.progress.hasBegun) held.made = made;
    throw error;
  }
}

const isMakeFolder = ({ do: kind }: { readonly do: string }) => kind === "makeFolder";

/** The stage of a publish that was cut off in its commit has what is missing. Answers whether ours holds anything. */
async function takeStage(session: PublishSession, place: Place, lock: Lock, journal: { stage: string }) {
  if (!lock.hasLeftovers) return lock.adoptStage(journal.stage);
  await clearFolder(session, `${place.folder}/${journal.stage}`);
  return true;
}

function summary({ plan, puts }: Publish): string {
  const bytes = puts.reduce((total, { entry }) => total + entry.size, 0);
  return `${filesText(puts.length)} to upload (${bytesText(bytes)}), ${plan.removed} to remove, ${plan.unchanged} unchanged.`;
}

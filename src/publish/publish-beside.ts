/**
 * Publishes a whole folder beside the live one and then exchanges the two: in one write over FTP, or by a symbolic link
 * that is switched atomically. The folder that is not live holds the release before, so only the difference travels.
 * For folders that hold nothing but the site: what others put there would change places with it.
 */
import { OperatorError, PermanentError } from "../errors.ts";
import type { DirectoryTarget, FtpTarget, PublishSession, SftpTarget, Target } from "../publishers/publisher.ts";
import { type HostManifest, MAX_RECORD_BYTES, unpackManifest } from "../releases/host-manifest.ts";
import { TOOL_FOLDER } from "../releases/path.ts";
import { giveBack } from "./give-back.ts";
import { acquireLock, type Lock, lockOptions } from "./lock.ts";
import { folderName } from "./look-at-host.ts";
import { NeedsConsentError, type PublishOptions, type PublishResult } from "./options.ts";
import { type Place, placeAt } from "./place.ts";
import { publishInPlace } from "./publish-in-place.ts";
import { withSession } from "./with-session.ts";

/** While one connection waits for the publish on others, it says every so often that it lives, in milliseconds. */
const ALIVE_EVERY_MS = 60_000;

/** Names in the parent of the live folder, as the session there wants them. */
type Names = { readonly live: string; readonly place: Place };

export async function publishBeside(options: PublishOptions): Promise<PublishResult> {
  const { target, rules } = options;
  const name = folderName(target);
  if (name === "") {
    throw new OperatorError(
      `${target.key}.publish`,
      `strategy ${rules.strategy} exchanges the folder as a whole, so the address has to name one below the folder where the account lands`,
    );
  }
  if (rules.keep.length > 0) {
    throw new OperatorError(
      `${target.key}.keep`,
      `needs strategy rename: ${rules.strategy} exchanges the whole folder`,
    );
  }
  const above = { ...options, target: inFolder(target, parentOf(target.folder)) };
  const names = { live: name, place: placeAt(`${TOOL_FOLDER}/${name}`) };
  let held: Lock | undefined;
  try {
    return await withSession(above, async (session, protect) => {
      await session.makeFolders([TOOL_FOLDER, names.place.folder]);
      held = await acquireLock(session, names.place, { ...lockOptions(options), mayHaveLeftStage: false });
      const result = await publishLocked(session, options, names, held, protect);
      await held.release(session, true).catch(() => {});
      return result;
    });
  } catch (error) {
    if (held !== undefined) await giveBack(above, held, { keepStage: true });
    throw error;
  }
}

/** The publish itself, by the one who holds the lock. */
async function publishLocked(
  session: PublishSession,
  options: PublishOptions,
  names: Names,
  lock: Lock,
  protect: () => void,
): Promise<PublishResult> {
  const stopSigns = await startSignsOfLife(session, lock);
  try {
    const way = options.rules.strategy === "swap" ? bySwap(names) : byLink(names);
    const next = await way.prepare(session, options);
    if (await isLive(session, names, options)) return await publishInto(options, names.live);
    const result = await publishInto(options, next);
    options.onPhase?.("commit");
    protect();
    const beganMs = performance.now();
    await way.exchange(session, next);
    const changeoverMs = performance.now() - beganMs;
    options.say(`The new folder took the place of the old one within ${Math.ceil(changeoverMs)} ms.`);
    return { ...result, changeoverMs };
  } finally {
    stopSigns();
  }
}

/** How one folder takes the place of another. */
type Way = {
  /** Tidies up after a publish that was cut off, and answers with the folder to publish into, which exists. */
  prepare(session: PublishSession, options: PublishOptions): Promise<string>;
  exchange(session: PublishSession, next: string): Promise<void>;
};

function bySwap({ live, place }: Names): Way {
  const next = `${place.folder}/next`;
  const old = `${place.folder}/old`;
  return {
    async prepare(session, options) {
      if ((await session.list(old)) !== undefined) {
        // Cut off between the two renames, or before the last one.
        if ((await session.list(live)) === undefined) {
          if (!(await session.moveFolder(next, live))) await session.moveFolder(old, live);
        }
        await session.moveFolder(old, next);
      }
      await requireNothingForeign(session, live, options);
      await session.makeFolders([next]);
      return next;
    },
    async exchange(session) {
      if ((await session.list(live)) === undefined) {
        await session.moveFolder(next, live);
        return;
      }
      await session.swapFolders(live, next, old);
      await session.moveFolder(old, next);
    },
  };
}

function byLink({ live, place }: Names): Way {
  const folders = [`${place.folder}/a`, `${place.folder}/b`] as const;
  return {
    async prepare(session) {
      if (session.readLink === undefined || session.pointLink === undefined) {
        throw new PermanentError("This protocol has no symbolic links. Use strategy rename or swap.");
      }
      const leadsTo = await session.readLink(live);
      if (leadsTo === undefined && (await session.list(live)) !== undefined) {
        throw new PermanentError(
          `${live} is a folder, and strategy symlink needs a link there. Move it away (its content is published again), or use strategy swap.`,
        );
      }
      const next = leadsTo === folders[0] ? folders[1] : folders[0];
      await session.makeFolders([next]);
      return next;
    },
    async exchange(session, next) {
      await session.pointLink?.(live, next);
    },
  };
}

/** Publishes into one of the two folders. Slipway's own folder lies inside, so that it moves along. */
function publishInto(options: PublishOptions, path: string): Promise<PublishResult> {
  const folder = `${parentOf(options.target.folder)}/${path}`.replace("//", "/");
  return publishInPlace({
    ...options,
    target: inFolder(options.target, folder),
    rules: { ...options.rules, strategy: "rename" },
    placeInside: true,
    previous: null,
  });
}

async function isLive(session: PublishSession, { live }: Names, { release, rules }: PublishOptions): Promise<boolean> {
  const inside = placeAt(`${live}/${TOOL_FOLDER}`);
  const [marker, journal] = await session.sizes([inside.marker(release.id), inside.journal]);
  return marker !== undefined && journal === undefined && !rules.thorough;
}

/** Files of others would vanish from the site with the exchange. Slipway's manifest there says which names are its own. */
async function requireNothingForeign(session: PublishSession, live: string, options: PublishOptions): Promise<void> {
  const listing = await session.list(live);
  if (listing === undefined || options.rules.adopt) return;
  const bytes = await session.readFile(placeAt(`${live}/${TOOL_FOLDER}`).manifest, MAX_RECORD_BYTES);
  const read = bytes === undefined ? "damaged" : unpackManifest(bytes);
  const ours = typeof read === "object" ? topNames(read) : new Set<string>();
  const foreign = [...listing.files.keys(), ...listing.folders].filter(
    (name) => !ours.has(name) && name !== TOOL_FOLDER,
  );
  if (foreign.length > 0) throw new NeedsConsentError("adopt", foreign);
}

function topNames({ files, retained }: HostManifest): Set<string> {
  return new Set([...files.keys(), ...retained.keys()].map((path) => path.split("/")[0] ?? ""));
}

async function startSignsOfLife(session: PublishSession, lock: Lock): Promise<() => void> {
  await session.upload([lock.ownerFile([]), lock.alive], () => {});
  const timer = setInterval(() => void session.upload([lock.alive], () => {}).catch(() => {}), ALIVE_EVERY_MS);
  return () => clearInterval(timer);
}

function parentOf(folder: string): string {
  return `/${folder.split("/").filter(Boolean).slice(0, -1).join("/")}`;
}

function inFolder(target: Target, folder: string): Target {
  return { ...target, folder } satisfies FtpTarget | SftpTarget | DirectoryTarget;
}

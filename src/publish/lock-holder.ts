/** Who holds a host's lock, as the file in it says, and whether that owner is dead. */
import { createHash } from "node:crypto";
import type { PublishSession } from "../publishers/publisher.ts";
import { pathProblem } from "../releases/path.ts";
import type { Place } from "./place.ts";
import { uploadOf } from "./upload-verified.ts";

/** An owner that has not said who it is after this long died right after it made the folder. */
const NAMELESS_MS = 30_000;
const MAX_OWNER_BYTES = 4 * 1024 * 1024;

/**
 * What the file is called that says who owns the lock: its stage, then the owner's mark. The mark is known as soon as the
 * file is there, and an owner that dies while it is sent leaves an empty one.
 */
const OWNER_FILE = /^(?<stage>[a-z0-9]+)(?:-(?<mark>[0-9a-f]{16}))?\.json$/;

export function ownerFileName(id: string, ownerId: string | null): string {
  return ownerId === null ? `${id}.json` : `${id}-${markOf(ownerId)}.json`;
}

function markOf(ownerId: string): string {
  return createHash("sha256").update(ownerId).digest("hex").slice(0, 16);
}

export type Holder = {
  readonly file: string | null;
  readonly label: string;
  readonly ownerId: string | null;
  readonly madeFolders: readonly string[];
};

/** Who holds the lock; null when nobody does any more. */
export async function readHolder(session: PublishSession, place: Place): Promise<Holder | null> {
  const listing = await session.list(place.lock);
  if (listing === undefined) return null;
  const [file] = listing.files.keys();
  if (file === undefined) return { file: null, label: "one that has just begun", ownerId: null, madeFolders: [] };
  const bytes = await session.readFile(`${place.lock}/${file}`, MAX_OWNER_BYTES);
  return { file, ...readOwner(bytes) };
}

/** Written by whoever can write to the host, so nothing in it is believed before it is checked. */
function readOwner(bytes: Buffer | undefined): Omit<Holder, "file"> {
  try {
    const { owner, ownerId, madeFolders } = JSON.parse(String(bytes)) as Record<string, unknown>;
    const folders = Array.isArray(madeFolders) ? (madeFolders as unknown[]) : [];
    return {
      label: String(owner)
        .replace(/\p{Cc}/gu, "")
        .slice(0, 200),
      ownerId: typeof ownerId === "string" ? ownerId : null,
      madeFolders: folders.filter((path): path is string => typeof path === "string" && pathProblem(path) === null),
    };
  } catch {
    return { label: "an unknown one", ownerId: null, madeFolders: [] };
  }
}

/** Answers whether a holder is dead: silent for a lease by the host's clock, and its stage does not grow either. */
export function createDeathWatch(
  session: PublishSession,
  place: Place,
  options: { readonly ownerId: string | null; readonly leaseMs: number },
  id: string,
) {
  const clock = `${place.folder}/clock-${id}`;
  let seen = { key: "", atMs: 0 };

  async function silentForMs(file: string): Promise<number | undefined> {
    const stage = place.stage(stageIn(file));
    await session.upload([uploadOf(clock, Buffer.from("now"))], () => {});
    const now = await session.modifiedAtMs(clock);
    await session.remove([clock]);
    const signs = [await session.modifiedAtMs(`${place.lock}/${file}`), await session.modifiedAtMs(`${stage}/alive`)];
    const known = signs.filter((sign) => sign !== undefined);
    return now === undefined || known.length === 0 ? undefined : now - Math.max(...known);
  }

  return async (holder: Holder): Promise<boolean> => {
    if (isOurs(holder, options.ownerId)) return true;
    const stage = holder.file === null ? undefined : await session.list(place.stage(stageIn(holder.file)));
    const key = JSON.stringify([holder.file, [...(stage?.files ?? [])]]);
    const nowMs = performance.now();
    if (seen.key !== key) {
      seen = { key, atMs: nowMs };
      return false;
    }
    const stillForMs = nowMs - seen.atMs;
    if (holder.file === null) return stillForMs >= Math.min(NAMELESS_MS, options.leaseMs);
    return ((await silentForMs(holder.file)) ?? stillForMs) >= options.leaseMs;
  };
}

/** The mark counts only where the file itself says nothing. */
function isOurs({ file, ownerId }: Holder, ours: string | null): boolean {
  if (ours === null) return false;
  return ownerId === null ? markIn(file ?? "") === markOf(ours) : ownerId === ours;
}

function stageIn(ownerFile: string): string {
  return OWNER_FILE.exec(ownerFile)?.groups?.stage ?? ownerFile;
}

function markIn(ownerFile: string): string | undefined {
  return OWNER_FILE.exec(ownerFile)?.groups?.mark;
}

/** Cache entries on disk: files that were moved out of a workspace, to be moved into a later one. */
import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { z } from "zod";
import { type Fingerprint, fingerprintSchema, type Places } from "./fingerprint.ts";
import { isPlainFolder, isThere } from "./walk-tree.ts";

/** Relative to the workspace, in normal form. */
const unit = z.string().refine((path) => posix.normalize(path) === path && /^(source|home)\/(?!\.\.\/)/.test(path));

const entrySchema = z.object({
  kind: z.enum(["dependencies", "frameworks"]),
  key: z.string(),
  units: z.array(unit),
  bytes: z.number(),
  /** When a deployment last used it, in milliseconds since 1970. */
  usedMs: z.number(),
  /** Of its units, where that could be had; see `listing.ts`. */
  listing: z.string().nullable().default(null),
});
export type Entry = z.output<typeof entrySchema> & { readonly folder: string };
export type EntryFacts = z.output<typeof entrySchema>;

/** An entry exists from the moment in which this file gets its name until it is removed; all else is a leftover. */
const FACTS = "entry.json";
const FINGERPRINT = "fingerprint.json";

/** All entries in the folder, the newest first. One that cannot be read does not count. */
export async function listEntries(entriesFolder: string): Promise<Entry[]> {
  const found = await Promise.all(
    (await namesIn(entriesFolder)).map(async (name) => {
      const folder = join(entriesFolder, name);
      const facts = entrySchema.safeParse(await readJson(join(folder, FACTS)));
      return facts.success ? [{ ...facts.data, folder }] : [];
    }),
  );
  return found.flat().sort((a, b) => b.usedMs - a.usedMs);
}

/** Moves the units out of the workspace. Throws what renaming throws; then there is no entry, and units may be gone. */
export async function createEntry(
  entriesFolder: string,
  root: string,
  facts: EntryFacts,
  fingerprint: Fingerprint | null,
): Promise<Entry> {
  const folder = join(entriesFolder, randomUUID());
  await mkdir(join(folder, "files"), { recursive: true, mode: 0o700 });
  if (fingerprint) await writeFile(join(folder, FINGERPRINT), JSON.stringify(fingerprint), { mode: 0o600 });
  for (const [index, path] of facts.units.entries()) await rename(join(root, path), fileOf(folder, index));
  const draft = join(folder, `${FACTS}.new`);
  await writeDurably(draft, JSON.stringify(facts));
  await rename(draft, join(folder, FACTS));
  return { ...facts, folder };
}

/**
 * Moves the units into the workspace. The entry is none any more, whatever happens. Throws when a place is taken or a
 * rename fails; then nothing of it is in the workspace.
 */
export async function takeEntry({ folder, units }: Entry, root: string): Promise<void> {
  await unlink(join(folder, FACTS));
  const moved: string[] = [];
  try {
    for (const [index, path] of units.entries()) {
      await preparePlace(root, path);
      await rename(fileOf(folder, index), join(root, path));
      moved.push(path);
    }
  } catch (error) {
    await removeUnits(root, moved);
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
}

/** What was noted of the units when they were kept; null when that cannot be read. */
export async function readFingerprint({ folder }: Entry): Promise<Fingerprint | null> {
  const fingerprint = fingerprintSchema.safeParse(await readJson(join(folder, FINGERPRINT)));
  return fingerprint.success ? fingerprint.data : null;
}

export function placesIn({ folder, units }: Entry): Places {
  return new Map(units.map((path, index) => [path, fileOf(folder, index)]));
}

/** Makes the folders above a unit, as the install that made the unit did. */
async function preparePlace(root: string, path: string): Promise<void> {
  if (isThere(join(root, path))) throw new Error(`${path} is there already`);
  let above = "";
  for (const segment of dirname(path).split("/")) {
    above = posix.join(above, segment);
    if (!isThere(join(root, above))) await mkdir(join(root, above));
    if (!isPlainFolder(root, above)) throw new Error(`${above} is no folder`);
  }
}

export async function removeUnits(root: string, units: readonly string[]): Promise<void> {
  for (const path of units) await rm(join(root, path), { recursive: true, force: true });
}

/** Ends the entry first, so that what is left of it by a crash is known as a leftover. */
export async function removeEntry({ folder }: { folder: string }): Promise<void> {
  await rm(join(folder, FACTS), { force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Removes what crashes left. Nobody else may work on the folder meanwhile. */
export async function sweepEntries(entriesFolder: string): Promise<void> {
  const valid = new Set((await listEntries(entriesFolder)).map(({ folder }) => basename(folder)));
  for (const name of await namesIn(entriesFolder)) {
    if (!valid.has(name)) await rm(join(entriesFolder, name), { recursive: true, force: true });
  }
}

function fileOf(folder: string, index: number): string {
  return join(folder, "files", String(index));
}

/** The names in a folder; none where there is no folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
}

/** Null where there is no such file, or one that a crash cut off. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file: FileHandle = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Which versions of a package there are, as the registry said before. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeError, PermanentError } from "../errors.ts";
import type { NpmRegistry, PublishedVersion } from "./npm-registry.ts";

/** So old may a list be from which a version can be chosen. */
export const DAY_MS = 24 * 3_600_000;

const fileSchema = z.object({
  askedMs: z.number(),
  versions: z.array(z.object({ version: z.string(), engines: z.string().nullable() })),
});

export type KnownVersionsDeps = {
  /** Folder of the lists. */
  readonly folder: string;
  readonly registry: NpmRegistry;
  say(line: string): void;
};

/**
 * The versions of a package, asked for within the last `maxAgeMs`. An older list serves where the registry is not
 * reached, unless `maxAgeMs` is 0. Throws PermanentError when there is no such package, and what `registry.versions`
 * throws when nothing that serves is known.
 */
export async function knownVersions(
  deps: KnownVersionsDeps,
  name: string,
  maxAgeMs: number,
): Promise<readonly PublishedVersion[]> {
  const path = join(deps.folder, `${name.replace("/", "+")}.json`);
  const known = await read(path);
  if (known && Math.abs(Date.now() - known.askedMs) < maxAgeMs) return known.versions;
  try {
    const versions = await deps.registry.versions(name);
    await write(deps.folder, path, JSON.stringify({ askedMs: Date.now(), versions }));
    return versions;
  } catch (error) {
    if (!known || maxAgeMs === 0 || error instanceof PermanentError) throw error;
    deps.say(
      `${describeError(error)}; going by the versions of ${name} known since ${new Date(known.askedMs).toISOString()}`,
    );
    return known.versions;
  }
}

async function read(path: string) {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}

async function write(folder: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

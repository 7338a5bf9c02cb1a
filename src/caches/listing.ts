/** Says by one number whether anything in large folders has changed: what find(1) lists, in half the time of our own walk and beside it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Places } from "./fingerprint.ts";

/** Of what lies in the folders: all that a fingerprint knows of a file, the times of folders too, and where links lead. */
const PRINT = ["-mindepth", "1", "-printf", "%P %y %m %U %G %s %i %T@ %C@ %l\\0"];

/** For 500,000 files on a slow disk. */
const MAX_MS = 60_000;

/**
 * The digest of all that is in the units, without the contents of files (see `fingerprint.ts` for why that is enough). It
 * stays the same when they are moved as a whole. Null where a unit is no folder, where there is no find that can tell
 * (busybox's cannot), or where it could not read everything.
 */
export async function digestListing(units: Places): Promise<string | null> {
  if (units.size === 0) return null;
  const hash = createHash("sha256");
  for (const [unit, place] of units) {
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (!stats?.isDirectory()) return null;
    hash.update(`${unit} ${stats.mode} ${stats.uid} ${stats.gid}\0`);
  }
  const find = spawn("find", ["-P", ...units.values(), ...PRINT], {
    cwd: "/",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    timeout: MAX_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<boolean>((resolve) => {
    find.once("error", () => resolve(false));
    find.once("close", (code) => resolve(code === 0));
  });
  await pipeline(find.stdout, hash).catch(() => {});
  return (await ended) ? hash.digest("hex") : null;
}

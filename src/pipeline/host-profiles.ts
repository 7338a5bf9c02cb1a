/** Remembers, beside the store, what publishes learned about their hosts: one small file for each target. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type HostProfile, readProfile } from "../publishers/host-profile.ts";

/** Where the profile of a target is: named by a digest of the target's label, which may hold any character. */
function profilePath(dataDir: string, label: string): string {
  return join(dataDir, "hosts", `${createHash("sha256").update(label).digest("hex").slice(0, 32)}.json`);
}

/** What is known of a target; null where nothing is, or the file makes no sense: it only saves time. */
export async function readHostProfile(dataDir: string, label: string): Promise<HostProfile | null> {
  const text = await readFile(profilePath(dataDir, label), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return readProfile(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Remembers what is known of a target, whole or not at all. */
export async function writeHostProfile(dataDir: string, label: string, profile: HostProfile): Promise<void> {
  const path = profilePath(dataDir, label);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}`;
  try {
    // With the label, for whoever wonders which host a file is about.
    await writeFile(temporary, `${JSON.stringify({ target: label, ...profile }, null, 2)}\n`, { mode: 0o600 });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

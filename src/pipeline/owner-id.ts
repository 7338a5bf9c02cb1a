/** The name under which this Slipway locks hosts. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Names all publishes of a site by the Slipway of this data folder: the store sees to it that they never run at the
 * same time. Made of a random id in the folder, since neither a host's name nor a path is its alone (containers).
 */
export async function ownerIdFor(dataDir: string, site: string): Promise<string> {
  const path = join(dataDir, "hosts", "owner");
  await mkdir(join(dataDir, "hosts"), { recursive: true, mode: 0o700 });
  await writeFile(path, randomUUID(), { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const own = await readFile(path, "utf8");
  return createHash("sha256").update(`${own}/${site}`).digest("hex").slice(0, 32);
}

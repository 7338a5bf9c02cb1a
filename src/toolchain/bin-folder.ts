/** A folder with the programs of one set of tools, for PATH. Made once for each set, and never changed. */
import { createHash } from "node:crypto";
import { chmod, mkdtemp, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeShared } from "./shared-folder.ts";

/** A program, by its name: a script for /bin/sh, or a link. */
export type Program = { readonly script: string } | { readonly link: string };

/** The folder that has exactly these programs. */
export async function binFolder(folder: string, programs: Readonly<Record<string, Program>>): Promise<string> {
  const sorted = Object.entries(programs).sort(([a], [b]) => (a < b ? -1 : 1));
  const id = createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
  const bins = join(folder, "bin");
  const path = join(bins, id);
  const isThere = () =>
    stat(path).then(
      () => true,
      () => false,
    );
  if (await isThere()) return path;
  await makeShared(bins);
  const temporary = await mkdtemp(join(folder, "new-"));
  try {
    for (const [name, program] of sorted) {
      if ("link" in program) await symlink(program.link, join(temporary, name));
      else await writeExecutable(join(temporary, name), program.script);
    }
    await chmod(temporary, 0o755);
    await rename(temporary, path).catch(async (error: unknown) => {
      if (!(await isThere())) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return path;
}

async function writeExecutable(path: string, script: string): Promise<void> {
  await writeFile(path, script);
  // Apart from the umask: the build may run as another user.
  await chmod(path, 0o755);
}

/** A script that becomes this program, with the arguments that it gets. */
export function scriptFor(...words: readonly string[]): Program {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return { script: `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n` };
}

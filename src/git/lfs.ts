/** Replaces pointers of Git LFS in a checkout by the files that they stand for. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, lstat, readFile, rename, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OperatorError, PermanentError } from "../errors.ts";
import { bytesText, filesText } from "../model/quantities.ts";
import { CommandError } from "../process/run-command.ts";
import type { BareMirror } from "./bare-mirror.ts";
import type { GitSetting } from "./git-environment.ts";
import { type LfsPointer, MAX_POINTER_BYTES, parsePointer } from "./lfs-pointer.ts";
import { lfsUrlFor } from "./lfs-url.ts";
import { type CheckoutBudget, type TreeEntry, takeBytes } from "./list-tree.ts";
import { isRealFolder } from "./real-folder.ts";
import { unheard } from "./run-git.ts";
import { readConfigFile } from "./submodules.ts";

export type LfsCheckout = {
  readonly mirror: BareMirror;
  readonly commit: string;
  readonly entries: readonly TreeEntry[];
  /** The files are here as git laid them out, and in this index. */
  readonly folder: string;
  readonly index: string;
  readonly budget: CheckoutBudget;
  /** Names the setting that the operator has to look at. */
  readonly site: string;
};

type Pointer = LfsPointer & { readonly path: string };

/** The name that the repository has in the settings of one command. */
const REMOTE = "slipway";
const MAX_ATTRIBUTES_BYTES = 10 * 1024 * 1024;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Replaces the pointers of all files whose attributes say `filter=lfs`. What the mirror's store lacks is downloaded by
 * git-lfs and kept there. The filter itself is not used: a pointer whose file cannot be had would be published as it is.
 *
 * Throws OperatorError when git-lfs is needed and not installed, PermanentError when the repository names a place that
 * its files may not come from, and a plain Error when they could not be downloaded.
 */
export async function replacePointers(checkout: LfsCheckout): Promise<void> {
  const { mirror, entries, folder, budget } = checkout;
  if (!(await mentionsLfs(folder, entries))) return;
  const pointers = await findPointers(checkout);
  for (const { bytes } of pointers) takeBytes(budget, bytes);
  const missing = await withoutObject(mirror, pointers);
  if (missing.length > 0) await download(checkout, missing);
  for (const pointer of pointers) await replace(checkout, pointer);
}

/** Whether any attributes name the filter: a cheap look before each file is asked about. */
async function mentionsLfs(folder: string, entries: readonly TreeEntry[]): Promise<boolean> {
  for (const { path, kind, bytes } of entries) {
    if (basename(path) !== ".gitattributes" || kind !== "file" || bytes > MAX_ATTRIBUTES_BYTES) continue;
    if ((await readFile(join(folder, path), "utf8")).includes("filter=lfs")) return true;
  }
  return false;
}

async function findPointers({ mirror, entries, folder, index }: LfsCheckout): Promise<Pointer[]> {
  const small = entries.filter(({ kind, bytes }) => kind === "file" && bytes > 0 && bytes < MAX_POINTER_BYTES);
  const input = small.map(({ path }) => `${path}\0`).join("");
  const output = await mirror.git.read(["check-attr", "--cached", "-z", "--stdin", "filter"], MAX_OUTPUT_BYTES, {
    input,
    env: { GIT_INDEX_FILE: index },
  });
  if (output === null) throw new PermanentError("The repository has more files than git can be asked about");
  const answers = output.toString().split("\0");
  const pointers: Pointer[] = [];
  // "PATH\0filter\0VALUE\0" for each path (git-check-attr(1), "OUTPUT").
  for (let at = 0; at + 2 < answers.length; at += 3) {
    const [path = "", , value] = answers.slice(at, at + 3);
    if (value !== "lfs") continue;
    const pointer = parsePointer(await readFile(join(folder, path), "utf8"));
    if (pointer) pointers.push({ ...pointer, path });
  }
  return pointers;
}

async function download(checkout: LfsCheckout, missing: readonly Pointer[]): Promise<void> {
  const { mirror, entries, commit, site } = checkout;
  const { git, url } = mirror;
  const names = nameSome(missing);
  if ((await git.exitCode(["lfs", "version"], unheard)) !== 0) {
    throw new OperatorError(
      `sites.${site}.git`,
      `${names}: in the repository these are pointers of Git LFS, and git-lfs is not installed on this server. Install it (apt-get install git-lfs, or git-lfs.com), or take the files out of LFS`,
    );
  }
  const place = lfsUrlFor(url, await readConfigFile(git, entries, ".lfsconfig"));
  if ("problem" in place) throw new PermanentError(`.lfsconfig of the repository ${place.problem}`);
  const bytes = missing.reduce((sum, pointer) => sum + pointer.bytes, 0);
  mirror.say(`Fetching ${filesText(missing.length)} (${bytesText(bytes)}) from Git LFS`);
  const settings: GitSetting[] = [
    [`remote.${REMOTE}.url`, url],
    ...(place.url === null ? [] : [["lfs.url", place.url] as const]),
  ];
  let failure: CommandError | null = null;
  await mirror.locked(async () => {
    await git.run(["lfs", "fetch", REMOTE, commit], { url, settings }).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      failure = error;
    });
  });
  // git-lfs fetches whatever looks like a pointer, and fails for what nobody asked for too.
  const still = await withoutObject(mirror, missing);
  if (still.length > 0) throw new Error(`could not fetch ${nameSome(still)} from Git LFS`, { cause: failure });
}

async function withoutObject({ git }: BareMirror, pointers: readonly Pointer[]): Promise<Pointer[]> {
  const isThere = await Promise.all(
    pointers.map(
      async (pointer) => (await stat(objectPath(git.folder, pointer)).catch(() => null))?.size === pointer.bytes,
    ),
  );
  return pointers.filter((_, index) => !isThere[index]);
}

/** Where git-lfs keeps a file (git-lfs, docs/spec.md, "Intro"). */
function objectPath(folder: string, { oid }: LfsPointer): string {
  return join(folder, "lfs", "objects", oid.slice(0, 2), oid.slice(2, 4), oid);
}

/** Puts the file in the pointer's place: a copy, so that a build cannot change what is kept. */
async function replace({ mirror, folder }: LfsCheckout, pointer: Pointer): Promise<void> {
  const target = join(folder, pointer.path);
  const found = await lstat(target);
  if (!found.isFile() || !(await isRealFolder(folder, dirname(pointer.path)))) {
    throw new PermanentError(`${pointer.path} is a file of Git LFS, and a link stands in its way`);
  }
  const object = objectPath(mirror.git.folder, pointer);
  const copy = join(dirname(target), `.slipway-${randomUUID()}`);
  await copyFile(object, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await chmod(copy, found.mode & 0o777);
  await rename(copy, target);
  // Says that it was used; see `tidy`.
  await utimes(object, new Date(), new Date());
}

function nameSome(pointers: readonly Pointer[]): string {
  const names = pointers.slice(0, 3).map(({ path }) => path);
  const rest = pointers.length - names.length;
  return rest > 0 ? `${names.join(", ")} and ${rest} more` : names.join(", ");
}

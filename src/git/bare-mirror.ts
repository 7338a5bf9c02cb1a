/** What is kept on disk of one repository: a bare git repository that outlives deployments, and mends itself. */
import { createHash } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CommandError } from "../process/run-command.ts";
import { withRepositoryLock } from "./repository-lock.ts";
import { createGit, type Git, type GitDeps, KEY, SCRATCH, unheard } from "./run-git.ts";

export type BareMirror = {
  readonly git: Git;
  /** The repository that is mirrored. */
  readonly url: string;
  /** Where our refs are: those of one site, since the sites of a repository share the mirror. */
  readonly refs: string;
  /** Adds a line to the transcript. */
  say(text: string): void;
  /** Does work that changes the mirror, one process at a time; the mirror is made, or mended, first. */
  locked<T>(work: () => Promise<T>): Promise<T>;
};

/** Stands in a mirror that git has made to the end, so that it need not be asked again. */
const MADE = "slipway-made";
/** Stands in a mirror that has turned out to be damaged, until somebody may replace it. */
const DAMAGED = "slipway-damaged";
/** Every fetch adds a pack, and each makes finding an object slower. */
const MAX_PACKS = 50;
/** Older scratch files and cut-off downloads belong to nobody any more; git itself ends after 15 minutes. */
const SCRATCH_MS = 60 * 60_000;
/** Files of Git LFS that no deployment used for so long are dropped. */
const LFS_UNUSED_MS = 30 * 24 * 60 * 60_000;

/** The mirror in `folder`, which need not exist yet. The lock is a file beside it, shared with its neighbours. */
export function createBareMirror(deps: GitDeps, options: { folder: string; url: string; refs: string }): BareMirror {
  const { folder, url, refs } = options;
  const git = createGit(deps, folder);
  return {
    git,
    url,
    refs,
    say: (text) => deps.say(text),
    async locked(work) {
      await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
      const onWait = () => deps.say(`Waiting for another deployment that fetches ${url}`);
      const { signal } = deps;
      return withRepositoryLock(join(dirname(folder), "lock.db"), { signal, onWait }, async () => {
        await prepare(git);
        return work();
      });
    },
  };
}

/** A folder name for a repository. Both spellings of a repository on a web host are one; a path on disk is what it is. */
export function folderNameOf(url: string): string {
  const { protocol, href } = new URL(url);
  const name = protocol === "https:" ? href.replace(/\/+$/, "").replace(/\.git$/, "") : href;
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

/**
 * Makes the mirror fit for a fetch: replaces a damaged one, and removes what a fetch that was cut off left behind. Call it
 * under the lock.
 */
export async function prepare(git: Git): Promise<void> {
  const { folder } = git;
  if (await exists(join(folder, DAMAGED))) {
    // Renamed first: whoever still reads in it sees files missing, never half of a new mirror.
    const old = `${folder}.damaged`;
    await rm(old, { recursive: true, force: true });
    await rename(folder, old);
    await rm(old, { recursive: true, force: true });
  }
  await mkdir(join(folder, "refs"), { recursive: true });
  await sweep(folder);
  if (await exists(join(folder, MADE))) return;
  await git.run(["init", "--quiet", "--bare", "--template="]);
  await writeFile(join(folder, MADE), "");
}

/**
 * Git's own locks are only taken under ours, so all that are found belong to a git that is no more; but for those of
 * scratch files, such as the index of a commit that somebody lays out just now.
 */
async function sweep(folder: string): Promise<void> {
  const isScratch = (path: string) => path.startsWith(join(folder, SCRATCH));
  const top = (await readdir(folder)).map((name) => join(folder, name));
  const refs = (await readdir(join(folder, "refs"), { recursive: true })).map((name) => join(folder, "refs", name));
  const packs = (await namesIn(join(folder, "objects", "pack"))).map((name) => join(folder, "objects", "pack", name));
  const stale = [
    ...[...top.filter((path) => !isScratch(path)), ...refs].filter((path) => path.endsWith(".lock")),
    ...packs.filter((path) => /\/tmp_[^/]*$/.test(path)),
    ...(await olderThan(top.filter(isScratch), SCRATCH_MS)),
    // Whoever talks to the host does so under our lock, so a key that is found belongs to nobody any more.
    ...top.filter((path) => isScratch(path) && path.endsWith(KEY)),
  ];
  await Promise.all(stale.map((path) => rm(path, { force: true })));
}

/**
 * Writes all objects that sites still need into one pack, when many packs have piled up. Objects are copied as they are
 * packed (no window), which costs no more than reading and writing them. Call it under the lock.
 */
export async function tidy(git: Git): Promise<void> {
  const packs = (await namesIn(join(git.folder, "objects", "pack"))).filter((name) => name.endsWith(".pack"));
  if (packs.length <= MAX_PACKS) return;
  await git.run(["repack", "-a", "-d", "--quiet", "--window=0"]);
  const store = join(git.folder, "lfs", "objects");
  const files = (await readdir(store, { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) =>
    entry.isFile(),
  );
  const unused = await olderThan(
    files.map((entry) => join(entry.parentPath, entry.name)),
    LFS_UNUSED_MS,
  );
  await Promise.all(unused.map((path) => rm(path, { force: true })));
}

/**
 * Looks whether the mirror lacks what its refs need, after a git that failed for no known reason, and marks it to be
 * replaced if so. With `withContent` the content of all objects is checked as well, which reads the whole mirror.
 */
export async function isDamaged(git: Git, withContent: boolean): Promise<boolean> {
  // Walks as git does before it trusts a fetch (connected.c): all that refs reach has to be there.
  if ((await git.exitCode(["rev-list", "--objects", "--all", "--quiet"], unheard)) !== 0) return mark();
  if (!withContent) return false;
  const folder = join(git.folder, "objects", "pack");
  const packs = (await namesIn(folder)).filter((name) => name.endsWith(".idx")).map((name) => join(folder, name));
  if (packs.length === 0) return false;
  return (await git.exitCode(["verify-pack", ...packs], unheard)) === 0 ? false : mark();

  async function mark(): Promise<true> {
    await writeFile(join(git.folder, DAMAGED), "");
    return true;
  }
}

/** Whether git ran and said no: it was neither cancelled, nor killed, nor too slow. */
export function saidNo(error: unknown): error is CommandError {
  return error instanceof CommandError && error.why === "exit";
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function olderThan(paths: readonly string[], ms: number): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => ({ path, at: (await stat(path).catch(() => null))?.mtimeMs ?? Number.MAX_VALUE })),
  );
  return found.filter(({ at }) => at < Date.now() - ms).map(({ path }) => path);
}

/** Writes the files of a commit into a clean folder, with its submodules and large files. Nothing of them is run. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeError, OperatorError, PermanentError } from "../errors.ts";
import { type BareMirror, createBareMirror, folderNameOf, isDamaged, saidNo } from "./bare-mirror.ts";
import { fetchCommit } from "./fetch.ts";
import { replacePointers } from "./lfs.ts";
import { CHECKOUT_BUDGET, type CheckoutBudget, listTree, type TreeEntry } from "./list-tree.ts";
import { isRealFolder } from "./real-folder.ts";
import { type GitDeps, SCRATCH } from "./run-git.ts";
import { resolveSubmoduleUrl } from "./submodule-url.ts";
import { findSubmodules, type Submodule } from "./submodules.ts";

export type LayOut = {
  readonly mirror: BareMirror;
  /** What the mirrors of submodules are made with. */
  readonly deps: GitDeps;
  readonly site: string;
  readonly commit: string;
  /** Gets the files; what is in it is removed. */
  readonly folder: string;
  readonly submodules: boolean;
  readonly lfs: boolean;
};

type Level = { readonly depth: number; readonly budget: CheckoutBudget };

/** Submodules of submodules of submodules: what is deeper is a mistake, or an attack. */
const MAX_DEPTH = 4;

/**
 * Lays out a commit that the mirror has. Files keep git's modes and links, and are as old as the checkout: tools that
 * compare times (make, `tsc -b`) would take an output from a cache for newer than a source with the time of its commit.
 *
 * Throws PermanentError for what a repository may not ask for, a plain Error when something could not be fetched or the
 * mirror is damaged (the next fetch replaces it), and otherwise what `replacePointers` throws.
 */
export async function layOut(task: LayOut): Promise<void> {
  await layOutLevel(task, { depth: 0, budget: { ...CHECKOUT_BUDGET } });
}

async function layOutLevel(task: LayOut, level: Level): Promise<void> {
  const { mirror, commit, folder, site } = task;
  const { git } = mirror;
  // An index of its own, so that every file counts as missing and is written.
  const index = join(git.folder, `${SCRATCH}${randomUUID()}.index`);
  try {
    const entries = await writeFiles(task, index, level.budget);
    if (task.lfs) await replacePointers({ mirror, commit, entries, folder, index, site, budget: level.budget });
    for (const submodule of task.submodules ? await findSubmodules(git, entries) : []) {
      await layOutSubmodule(task, level, submodule);
    }
  } finally {
    await rm(index, { force: true });
  }
}

async function writeFiles(
  { mirror, commit, folder }: LayOut,
  index: string,
  budget: CheckoutBudget,
): Promise<TreeEntry[]> {
  const { git } = mirror;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const entries = await listTree(git, commit, budget);
    const env = { GIT_INDEX_FILE: index };
    await git.run([`--work-tree=${folder}`, "read-tree", "--reset", "-u", commit], { env });
    return entries;
  } catch (error) {
    if (!saidNo(error)) throw error;
    if (await isDamaged(git, true)) {
      throw new Error(`what is kept of ${mirror.url} is damaged, and is fetched again next time`, { cause: error });
    }
    throw new PermanentError(`The files of ${commit.slice(0, 12)} could not be written: git ${error.message}`, {
      cause: error,
    });
  }
}

async function layOutSubmodule(task: LayOut, { depth, budget }: Level, submodule: Submodule): Promise<void> {
  const { mirror, deps, folder } = task;
  const { path, commit } = submodule;
  const name = `submodule ${JSON.stringify(path)}`;
  if (submodule.url === null) {
    deps.say(`The ${name} has no address in .gitmodules, so its folder stays empty`);
    return;
  }
  const resolved = resolveSubmoduleUrl(mirror.url, submodule.url);
  if ("problem" in resolved) {
    throw new PermanentError(`The ${name} cannot be used: ${JSON.stringify(submodule.url)} ${resolved.problem}`);
  }
  if (depth === MAX_DEPTH) throw new PermanentError(`The ${name} is nested more than ${MAX_DEPTH} submodules deep`);
  if (--budget.submodules < 0) {
    throw new PermanentError(`The repository has more than ${CHECKOUT_BUDGET.submodules} submodules`);
  }
  if (!(await isRealFolder(folder, path))) throw new PermanentError(`The folder of the ${name} is none`);

  const { url } = resolved;
  const own = createBareMirror(deps, {
    folder: join(dirname(mirror.git.folder), `${folderNameOf(url)}.git`),
    url,
    refs: `${mirror.refs}/${createHash("sha256").update(path).digest("hex").slice(0, 16)}`,
  });
  try {
    await fetchCommit(own, { commit, ref: "commit", searchIn: "HEAD" });
  } catch (error) {
    throw deps.signal.aborted ? error : named(error, name, adviceOn(url, task.site));
  }
  try {
    await layOutLevel({ ...task, mirror: own, commit, folder: join(folder, path) }, { depth: depth + 1, budget });
  } catch (error) {
    throw deps.signal.aborted ? error : named(error, name, "");
  }
}

/** What to do when a submodule cannot be fetched. A server that hides a repository says the same as one that lacks it. */
function adviceOn(url: string, site: string): string {
  return url.startsWith("https:")
    ? `. If it is private: a GitHub App's token reads the site's own repository alone. Make the submodule public, or set sites.${site}.git to an ssh:// address with a key that reads both`
    : "";
}

/** The same failure, in the same class, saying which submodule it was. */
function named(error: unknown, name: string, advice: string): unknown {
  if (error instanceof OperatorError) return error;
  const message = `${name}: ${describeError(error)}`;
  if (error instanceof PermanentError) return new PermanentError(message, { cause: error });
  return new Error(`${message}${advice}`, { cause: error });
}

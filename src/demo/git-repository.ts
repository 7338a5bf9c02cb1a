/**
 * The demo's git repository: a bare one that Slipway clones from, and a working clone in which people commit. It never
 * looks at this machine's git configuration, and never asks anybody anything.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

export type Person = { readonly name: string; readonly email: string };

const ADA: Person = { name: "Ada Byron", email: "ada@example.com" };
export const GRACE: Person = { name: "Grace Murray", email: "grace@example.com" };

type CommitOptions = {
  readonly message: string;
  readonly author?: Person;
  /** Path → new content; null removes the file. None is an empty commit. */
  readonly changes?: Readonly<Record<string, string | null>>;
};

export type DemoRepository = {
  /** The bare repository, "file:///…". */
  readonly url: string;
  readonly bareFolder: string;
  /** The working clone. */
  readonly folder: string;
  readonly branch: string;
  /** Commits on top of the working clone's branch. Answers with the commit. */
  commit(options: CommitOptions): Promise<string>;
  /** Pushes the branch. `force` allows the branch to go back. Answers with where it was before and where it is now. */
  push(options?: { readonly force?: boolean }): Promise<{ readonly before: string; readonly after: string }>;
  /** Moves the working clone's branch to a commit, for a push with `force`. */
  reset(commit: string): Promise<void>;
  /** The commit that the bare repository's branch is at. */
  head(): Promise<string>;
};

/** What a branch was "before" its first push, as GitHub says it. */
const NO_COMMIT = "0".repeat(40);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What is built or installed in a site's folder is not part of its source. */
const LEFT_OUT = new Set(["node_modules", "dist", ".angular", ".git"]);

/**
 * Creates `folder`/site.git (bare) and `folder`/site (its clone) with the files of the site folder `from` as first
 * commit, already pushed.
 */
export async function createDemoRepository(options: {
  readonly folder: string;
  readonly from: string;
  readonly branch?: string;
}): Promise<DemoRepository> {
  const { branch = "main" } = options;
  await mkdir(options.folder, { recursive: true });
  const root = await realpath(options.folder);
  const bareFolder = join(root, "site.git");
  const folder = join(root, "site");
  await runGit(root, ["init", "--quiet", "--bare", `--initial-branch=${branch}`, bareFolder]);
  // Asked for by its commit, a shallow clone gets it even when the branch has moved on, as from GitHub.
  await runGit(bareFolder, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
  await runGit(root, ["init", "--quiet", `--initial-branch=${branch}`, folder]);
  await runGit(folder, ["remote", "add", "origin", bareFolder]);
  await cp(options.from, folder, {
    recursive: true,
    filter: (source) =>
      !relative(options.from, source)
        .split(sep)
        .some((name) => LEFT_OUT.has(name)),
  });

  const repository: DemoRepository = {
    url: pathToFileURL(bareFolder).href,
    bareFolder,
    folder,
    branch,
    async commit({ message, author = ADA, changes = {} }) {
      for (const [path, content] of Object.entries(changes)) await change(folder, path, content);
      await runGit(folder, ["add", "--all"]);
      await runGit(folder, ["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", message], author);
      return runGit(folder, ["rev-parse", "HEAD"]);
    },
    async push({ force = false } = {}) {
      const before = await tip(bareFolder, branch);
      // With an upstream, so that people who commit here by hand can just say "git push".
      const options = ["--quiet", "--set-upstream", ...(force ? ["--force"] : [])];
      await runGit(folder, ["push", ...options, "origin", `HEAD:refs/heads/${branch}`]);
      return { before: before ?? NO_COMMIT, after: await repository.head() };
    },
    async reset(commit) {
      await runGit(folder, ["reset", "--quiet", "--hard", commit]);
    },
    async head() {
      const commit = await tip(bareFolder, branch);
      if (commit === null) throw new Error(`nothing was pushed to ${branch} yet`);
      return commit;
    },
  };
  await repository.commit({ message: "The site as it is" });
  await repository.push();
  return repository;
}

/**
 * Runs git in `folder` as `person`, with no configuration but the repository's own. Answers with its output, trimmed.
 * Throws what execFile throws.
 */
export async function runGit(folder: string, args: readonly string[], person: Person = ADA): Promise<string> {
  const { stdout } = await run("git", args, {
    cwd: folder,
    maxBuffer: MAX_OUTPUT_BYTES,
    env: {
      PATH: process.env.PATH,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TERMINAL_PROMPT: "0",
      GIT_AUTHOR_NAME: person.name,
      GIT_AUTHOR_EMAIL: person.email,
      GIT_COMMITTER_NAME: person.name,
      GIT_COMMITTER_EMAIL: person.email,
    },
  });
  return stdout.trim();
}

async function tip(folder: string, branch: string): Promise<string | null> {
  const found = await runGit(folder, ["for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`]);
  return found || null;
}

async function change(folder: string, path: string, content: string | null): Promise<void> {
  const file = resolve(folder, path);
  if (!file.startsWith(folder + sep)) throw new Error(`${path} is outside the repository`);
  if (content === null) return rm(file, { force: true });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

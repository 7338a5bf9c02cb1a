/** Fetches the head of a branch and lays its files out in a clean folder. Nothing of the repository is run. */
import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { OperatorError, PermanentError } from "../errors.ts";
import { CommandError, type ProcessControl, runCommand } from "../process/run-command.ts";
import { gitEnvironment } from "./git-environment.ts";
import { branchProblem, repositoryProblem } from "./git-name.ts";

export type CheckoutOptions = ProcessControl & {
  readonly site: string;
  readonly url: string;
  readonly token: string | null;
  readonly branch: string;
  readonly dataDir: string;
  /** Gets the files; made anew. */
  readonly folder: string;
  /** The worker's own environment. */
  readonly env: NodeJS.ProcessEnv;
  say(text: string): void;
};

type Head = {
  readonly commit: string;
  readonly author: string;
  /** First line of the commit message. */
  readonly title: string;
};

export type Checkout = {
  readonly head: Head;
  /** Lays the files of this commit out in `folder`. */
  layOut(): Promise<void>;
};

/** Our one ref in a mirror: branches have names that a file system may not like. */
const HEAD_REF = "refs/slipway/head";
/** Large repositories over slow lines; a connection that hangs ends sooner (see `gitEnvironment`). */
const GIT_TIMEOUT_MS = 15 * 60_000;
/** Every fetch adds a pack. From so many on, starting afresh is cheaper than what piled up. */
const MAX_PACKS = 50;

/**
 * Fetches the branch into a bare mirror that is kept from one deployment to the next. The mirror belongs to one site,
 * and a site has one deployment at a time, so nobody else writes to it.
 *
 * Throws OperatorError when the URL or the branch cannot be used, PermanentError when the repository has no such branch;
 * everything else (network, host, access) is a plain Error and may be tried again.
 */
export async function fetchHead(options: CheckoutOptions): Promise<Checkout> {
  const { site, url, branch, token, say } = options;
  const wrongUrl = repositoryProblem(url);
  if (wrongUrl !== null) throw new OperatorError(`sites.${site}.git`, wrongUrl);
  const wrongBranch = branchProblem(branch);
  if (wrongBranch !== null) throw new OperatorError(`sites.${site}.branch`, wrongBranch);
  if (token !== null && !url.startsWith("https://")) throw new PermanentError("a token is only sent over https");

  const id = createHash("sha256").update(url).digest("hex").slice(0, 32);
  const mirror = resolve(options.dataDir, "git", site, `${id}.git`);
  const git = createGit(options, mirror);
  const marker = join(mirror, "slipway-fetching");

  if (await isWorn(mirror, marker)) await rm(mirror, { recursive: true, force: true });
  await mkdir(mirror, { recursive: true });
  await git(["init", "--quiet", "--bare", "--template="]);
  say(`Fetching ${branch} from ${url}`);
  await writeFile(marker, "");
  const fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"];
  await git([...fetch, "--", url, `+refs/heads/${branch}:${HEAD_REF}`]).catch(async (error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    if (error.why === "exit") {
      await rm(marker, { force: true });
      if (await isMissing(git, url, branch)) throw new PermanentError(`${url} has no branch called "${branch}"`);
    }
    throw new Error(`could not fetch ${branch} from ${url}: git ${error.message}`, { cause: error });
  });
  await rm(marker, { force: true });

  const head = await readHead(git);
  return {
    head,
    async layOut() {
      await rm(options.folder, { recursive: true, force: true });
      await mkdir(options.folder, { recursive: true });
      const index = `${options.folder}.index`;
      // An index of its own, so that every file counts as missing and is written.
      await git([`--work-tree=${options.folder}`, "read-tree", "--reset", "-u", head.commit], {
        GIT_INDEX_FILE: index,
      });
      await rm(index, { force: true });
    },
  };
}

type Git = (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<string[]>;

/** Runs git over the mirror. Answers with the lines of its output; what it says otherwise goes to the transcript. */
function createGit(options: CheckoutOptions, mirror: string): Git {
  const base = gitEnvironment(options.env, options);
  const { signal, gone, onGroup } = options;
  const secrets = options.token === null ? [] : [options.token, `x-access-token:${options.token}`];
  return async (args, env = {}) => {
    const lines: string[] = [];
    await runCommand({
      command: { file: "git", args: [`--git-dir=${mirror}`, ...args] },
      cwd: mirror,
      env: { ...base, ...env },
      timeoutMs: GIT_TIMEOUT_MS,
      idleTimeoutMs: null,
      secrets,
      signal,
      gone,
      onGroup,
      onOutput: (text, from) => (from === "stdout" ? lines.push(...text.split("\n")) : options.say(text)),
    });
    return lines;
  };
}

/** Whether the mirror should be thrown away: a fetch into it was cut off, or many packs have piled up. */
async function isWorn(mirror: string, marker: string): Promise<boolean> {
  if ((await stat(marker).catch(() => null)) !== null) return true;
  const packs = await readdir(join(mirror, "objects", "pack")).catch(() => []);
  return packs.filter((name) => name.endsWith(".pack")).length > MAX_PACKS;
}

/** Whether the repository answers and has no such branch: then `git ls-remote --exit-code` exits with 2. */
async function isMissing(git: Git, url: string, branch: string): Promise<boolean> {
  try {
    await git(["ls-remote", "--exit-code", "--quiet", "--", url, `refs/heads/${branch}`]);
    return false;
  } catch (error) {
    if (error instanceof CommandError) return error.exitCode === 2;
    throw error;
  }
}

async function readHead(git: Git): Promise<Head> {
  const [commit = "", author = "", title = ""] = await git(["log", "-1", "--format=%H%n%an%n%s", HEAD_REF, "--"]);
  if (!/^[0-9a-f]{40,64}$/.test(commit)) throw new Error("git named no commit");
  return { commit, author, title };
}

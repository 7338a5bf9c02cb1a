/** Brings the head of a branch, or one commit, into a mirror: shallow and by name where the server allows that. */
import { PermanentError } from "../errors.ts";
import { CommandError } from "../process/run-command.ts";
import { type BareMirror, isDamaged, prepare, saidNo, tidy } from "./bare-mirror.ts";
import { isCommitName } from "./git-name.ts";
import { watchReceiving } from "./receiving.ts";
import { unheard } from "./run-git.ts";

/** The repository does not have the commit, or no longer. */
export class CommitGoneError extends PermanentError {
  override readonly name = "CommitGoneError";
}

export type WantedCommit = {
  readonly commit: string;
  /** The ref of this site that keeps it, without the site's prefix. */
  readonly ref: string;
  /** Where to look for it on a server that gives out branches only: "refs/heads/main", "HEAD"; null looks nowhere. */
  readonly searchIn: string | null;
};

type Transfer = { readonly source: string; readonly ref: string; readonly depth: readonly string[] };
type Failure = { readonly error: CommandError; readonly receivedBytes: number; readonly lines: readonly string[] };

/** Ways to look for a commit in the history of a branch, the cheapest first; the last is for servers that know no depth. */
const DEEPER = [["--depth=200"], ["--depth=2147483647"], []];

/**
 * What upload-pack answers when asked for an object that it does not have (upload-pack.c). Reading it only spares the
 * search through a branch that would find the same.
 */
const NOT_THERE = /\bnot our ref\b/;

/**
 * Fetches the branch into the ref `head` of this site. Throws PermanentError when the repository has no such branch;
 * everything else (network, host, access) is a plain Error and may be tried again.
 */
export async function fetchBranch(mirror: BareMirror, branch: string): Promise<void> {
  const { url, refs, say } = mirror;
  const source = `refs/heads/${branch}`;
  const ref = `${refs}/head`;
  say(`Fetching ${branch} from ${url}`);
  await mirror.locked(async () => {
    // What was the head until now is what the next push is compared with; it stays.
    await mirror.git.exitCode(["update-ref", `${refs}/previous`, ref], unheard);
    let failure = await transferShallow(mirror, source, ref);
    if (failure !== null && saidNo(failure.error)) {
      const answer = await ask(mirror, source);
      if (answer === "missing") throw new PermanentError(`${url} has no branch called "${branch}"`);
      // The server is there and sent nothing: it may be one that refuses to leave history out.
      if (answer === "there" && failure.receivedBytes === 0)
        failure = await transfer(mirror, { source, ref, depth: [] });
    }
    if (failure !== null) throw couldNotFetch(mirror, branch, failure);
    await tidy(mirror.git);
  });
}

/**
 * Fetches one commit into a ref of this site, over the network only when no site has it yet.
 *
 * Throws CommitGoneError when the repository does not have it, PermanentError when `commit` is no full name of a
 * commit; everything else is a plain Error.
 */
export async function fetchCommit(mirror: BareMirror, wanted: WantedCommit): Promise<void> {
  const { git, refs, url, say } = mirror;
  const { commit } = wanted;
  if (!isCommitName(commit)) {
    throw new PermanentError(`"${commit.slice(0, 100)}" is no full name of a commit, which has 40 or 64 hex digits`);
  }
  await mirror.locked(async () => {
    if (!(await isPinned(mirror, commit))) {
      say(`Fetching commit ${commit.slice(0, 12)} from ${url}`);
      const failure = await transferShallow(mirror, commit, `${refs}/${wanted.ref}`);
      if (failure !== null) await afterRefusal(mirror, wanted, failure);
    }
    const type = await git.read(["cat-file", "-t", commit], 100);
    if (type?.toString().trim() !== "commit") throw new CommitGoneError(`${url} has no commit ${commit}`);
    await git.run(["update-ref", `${refs}/${wanted.ref}`, commit]);
    await tidy(git);
  });
}

/**
 * Whether a ref of any site is this commit. A ref is written after all that its commit needs has arrived; an object alone
 * may come from a fetch that was cut off.
 */
async function isPinned({ git }: BareMirror, commit: string): Promise<boolean> {
  const args = ["for-each-ref", "--count=1", `--points-at=${commit}`, "refs/slipway"];
  const pinned = await git.read(args, 1000, unheard).catch((error: unknown) => {
    // It does not know the object at all.
    if (saidNo(error)) return null;
    throw error;
  });
  return pinned !== null && pinned.length > 0;
}

/** Finds out why a commit was not handed out by its name, and looks for it in the branch. Throws when it is not found. */
async function afterRefusal(mirror: BareMirror, wanted: WantedCommit, failure: Failure): Promise<void> {
  const { commit, searchIn } = wanted;
  const gone = new CommitGoneError(
    `${mirror.url} no longer has the commit ${commit}. Was it replaced by a forced push? Deploy another commit`,
  );
  if (!saidNo(failure.error) || (await ask(mirror, searchIn ?? "HEAD")) === "silent") {
    mirror.say(failure.lines.join("\n"));
    throw couldNotFetch(mirror, `commit ${commit}`, failure);
  }
  if (searchIn === null || failure.lines.some((line) => NOT_THERE.test(line))) throw gone;
  mirror.say(`The server gives out no single commits, so it is looked for in ${searchIn}`);
  if (!(await findInHistory(mirror, searchIn, commit))) throw gone;
}

async function findInHistory(mirror: BareMirror, source: string, commit: string): Promise<boolean> {
  const { git } = mirror;
  const ref = `${mirror.refs}/search`;
  let failure: Failure | null = null;
  try {
    for (const depth of DEEPER) {
      failure = await transfer(mirror, { source, ref, depth });
      // What the history between here and the ref reaches has arrived as a whole.
      if (failure === null && (await git.exitCode(["merge-base", "--is-ancestor", commit, ref], unheard)) === 0) {
        return true;
      }
    }
  } finally {
    // It would keep the whole history from being dropped.
    await git.exitCode(["update-ref", "-d", ref], unheard);
  }
  if (failure !== null && (await ask(mirror, source)) !== "missing") throw couldNotFetch(mirror, source, failure);
  return false;
}

/** Fetches without history. A mirror that turns out to be damaged is made anew, and the fetch repeated. */
async function transferShallow(mirror: BareMirror, source: string, ref: string): Promise<Failure | null> {
  const wish = { source, ref, depth: ["--depth=1"] };
  const failure = await transfer(mirror, wish);
  if (failure === null || !saidNo(failure.error) || !(await isDamaged(mirror.git, false))) return failure;
  mirror.say("What is kept of the repository is damaged; fetching all of it again");
  await prepare(mirror.git);
  return transfer(mirror, wish);
}

/** One fetch. Answers with how it failed, or null; throws only when it was cancelled. */
async function transfer(mirror: BareMirror, { source, ref, depth }: Transfer): Promise<Failure | null> {
  const { git, url, say } = mirror;
  const lines: string[] = [];
  const isCommit = isCommitName(source);
  // What is said about a commit is an answer to begin with; see `afterRefusal`.
  const hear = (text: string) => {
    lines.push(text);
    if (!isCommit) say(text);
  };
  const options = ["--quiet", ...depth, "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
  const receiving = watchReceiving(git.folder, say);
  try {
    await git.run(["fetch", ...options, "--", url, `+${source}:${ref}`], { url, hear });
    await receiving.stop();
    return null;
  } catch (error) {
    const receivedBytes = await receiving.stop();
    if (error instanceof CommandError) return { error, receivedBytes, lines };
    throw error;
  }
}

/** Whether the repository answers, and has a ref of that name. `git ls-remote --exit-code` exits with 2 when not. */
async function ask({ git, url }: BareMirror, source: string): Promise<"there" | "missing" | "silent"> {
  try {
    const code = await git.exitCode(["ls-remote", "--exit-code", "--quiet", "--", url, source], { url, ...unheard });
    return code === 0 ? "there" : code === 2 ? "missing" : "silent";
  } catch (error) {
    if (error instanceof CommandError) return "silent";
    throw error;
  }
}

function couldNotFetch({ url }: BareMirror, what: string, { error }: Failure): Error {
  return new Error(`could not fetch ${what} from ${url}: git ${error.message}`, { cause: error });
}

/** What the rest of Slipway asks of a git repository. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { OperatorError, PermanentError } from "../errors.ts";
import type { Environment } from "../process/environment.ts";
import type { ProcessControl } from "../process/run-command.ts";
import { createBareMirror, folderNameOf } from "./bare-mirror.ts";
import { CommitGoneError, fetchBranch, fetchCommit } from "./fetch.ts";
import { branchProblem, isCommitName, repositoryProblem } from "./git-name.ts";
import { layOut } from "./lay-out.ts";
import { diffPaths, type Head, readFileAt, readHead } from "./read-commit.ts";
import type { SshAccess } from "./ssh-environment.ts";

export type MirrorOptions = ProcessControl & {
  readonly site: string;
  readonly url: string;
  /** As in `GitAccess`. */
  readonly token: string | null;
  readonly user?: string | undefined;
  readonly ssh?: SshAccess | null | undefined;
  readonly dataDir: string;
  /** The worker's own environment. */
  readonly env: Environment;
  /** Adds a line to the transcript. */
  say(text: string): void;
};

/**
 * One repository, as one site sees it. All but the fetches need a commit that was fetched before; a commit that is no full
 * name of one is a PermanentError everywhere.
 */
export type Mirror = {
  /** Fetches the head of a branch. Throws PermanentError when there is no such branch, a plain Error when it was not reached. */
  fetchHead(branch: string): Promise<Head>;
  /**
   * Fetches one commit, unless it is kept already. `branch` is where to look for it on a server that gives out no single
   * commits. Throws CommitGoneError (a PermanentError) when the repository does not have it.
   */
  fetchCommit(commit: string, branch: string): Promise<Head>;
  /** Makes `folder` anew with all files of the commit, whatever part of them the site is. */
  layOut(commit: string, folder: string, options: { submodules: boolean; lfs: boolean }): Promise<void>;
  /**
   * Paths that differ between two commits, which need not share history; both are fetched where they are missing. Null
   * when nobody can say: `from` no longer exists, or very much has changed.
   */
  changedPaths(from: string, to: string): Promise<string[] | null>;
  /** A file's text; null when there is none, or a link in its place. Throws PermanentError when it is larger than `maxBytes`. */
  readFile(commit: string, path: string, maxBytes: number): Promise<string | null>;
  /** The whole message of a commit, cut after 20,000 characters. */
  messageOf(commit: string): Promise<string>;
};

/**
 * Opens the bare mirror of a repository, which is kept from one deployment to the next and shared by all sites of the
 * repository. Submodules have mirrors of their own beside it, for this repository alone: what its token may read must
 * not be handed to another repository that merely names the same submodule.
 *
 * Throws OperatorError when the URL cannot be used.
 */
export function openMirror(options: MirrorOptions): Mirror {
  const { site, url, token } = options;
  const wrongUrl = repositoryProblem(url);
  if (wrongUrl !== null) throw new OperatorError(`sites.${site}.git`, wrongUrl);
  if (token !== null && !url.startsWith("https://")) throw new PermanentError("a token is only sent over https");
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    throw new PermanentError("the token has a character that no token has");
  const { user, ssh = null } = options;
  if (user !== undefined && !/^[\x21-\x7e]+$/.test(user))
    throw new OperatorError(`sites.${site}.git`, "has a user name with a character that no name has");
  if (ssh !== null && !url.startsWith("ssh://")) throw new PermanentError("a key is only used over ssh");

  const { signal, gone, onGroup, env, say } = options;
  const deps = { signal, gone, onGroup, env, say, access: { url, token, user, ssh } };
  const folder = resolve(options.dataDir, "git", folderNameOf(url));
  const refs = `refs/slipway/${site}`;
  const mirror = createBareMirror(deps, { folder: join(folder, "repository.git"), url, refs });
  const { git } = mirror;

  function checkBranch(branch: string): void {
    const wrongBranch = branchProblem(branch);
    if (wrongBranch !== null) throw new OperatorError(`sites.${site}.branch`, wrongBranch);
  }

  return {
    async fetchHead(branch) {
      checkBranch(branch);
      // Until now each site had a mirror of its own there.
      await rm(resolve(options.dataDir, "git", site), { recursive: true, force: true });
      await fetchBranch(mirror, branch);
      return readHead(git, `${refs}/head`);
    },
    async fetchCommit(commit, branch) {
      checkBranch(branch);
      await fetchCommit(mirror, { commit, ref: "commit", searchIn: `refs/heads/${branch}` });
      return readHead(git, commit);
    },
    layOut: async (commit, into, { submodules, lfs }) =>
      layOut({ mirror, deps, site, commit: checked(commit), folder: into, submodules, lfs }),
    async changedPaths(from, to) {
      if (!isCommitName(from)) return null;
      try {
        await fetchCommit(mirror, { commit: from, ref: "base", searchIn: null });
      } catch (error) {
        if (error instanceof CommitGoneError) return null;
        throw error;
      }
      return diffPaths(git, from, checked(to));
    },
    readFile: async (commit, path, maxBytes) => readFileAt(git, checked(commit), path, maxBytes),
    messageOf: async (commit) => (await readHead(git, checked(commit))).message,
  };
}

/** A commit that may stand in git's arguments. */
function checked(commit: string): string {
  if (isCommitName(commit)) return commit;
  throw new PermanentError(`"${commit.slice(0, 100)}" is no full name of a commit, which has 40 or 64 hex digits`);
}

/** Whether somebody on GitHub may write to a repository: asked of GitHub, remembered for a while, never guessed. */
import { z } from "zod";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { askedToWaitMs } from "../model/asked-to-wait.ts";
import type { OctokitLike } from "./github-client.ts";

/** Who may write where; the installation is the one through which the repository is reached. */
type WriteQuestion = {
  readonly installationId: number;
  /** "owner/name" */
  readonly repoName: string;
  /** GitHub's name of the account. */
  readonly login: string;
};

export type Permissions = {
  /** Null where GitHub could not be asked, or did not answer in time. Never throws. */
  canWrite(question: WriteQuestion): Promise<boolean | null>;
  /** What is known without asking; null where nothing is, or it is too old. */
  known(question: WriteQuestion): boolean | null;
};

export type PermissionsDeps = {
  /** The Octokit that acts as the installation. */
  readonly octokitFor: (installationId: number) => Promise<OctokitLike>;
  readonly log: Pick<Log, "warn">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Needs the permission metadata: read: docs.github.com/en/rest/collaborators, "Get repository permissions for a user". */
const ROUTE = "GET /repos/{owner}/{repo}/collaborators/{username}/permission";
/** With the token that may have to be had first; whoever waits for it was promised an answer within seconds. */
const ANSWER_MS = 1500;
/** After this an answer counts no more, whether or not GitHub can be asked again. */
const KNOWN_MS = 10 * 60_000;
const MAX_KNOWN = 5000;

/**
 * Letters, digits and hyphens, at most 39; names of managed accounts end with an underscore and a short code
 * (docs.github.com/en/admin, "Username considerations"). An App's "name[bot]" is nobody who may ask for anything.
 */
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/;
const REPOSITORY = /^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/;

/** `permission` is one of admin, write, read and none; `role_name` also maintain, triage, or an organisation's own role. */
const answered = z.looseObject({ permission: z.string(), role_name: z.string().nullish() });
const WRITING = ["admin", "maintain", "write"];

export function createPermissions({ octokitFor, log, now }: PermissionsDeps): Permissions {
  const answers = new Map<string, { readonly canWrite: boolean; readonly atMs: number }>();
  const asking = new Map<string, Promise<boolean | null>>();
  /** Installation → until when GitHub wants to be left alone, in milliseconds since 1970. */
  const quiet = new Map<number, number>();

  function remember(key: string, canWrite: boolean): void {
    // What was asked last stands last, so the first one is the oldest.
    answers.delete(key);
    answers.set(key, { canWrite, atMs: now() });
    const [oldest] = answers.keys();
    if (answers.size > MAX_KNOWN && oldest !== undefined) answers.delete(oldest);
  }

  function known(question: WriteQuestion): boolean | null {
    if (!LOGIN.test(question.login)) return false;
    const answer = answers.get(keyOf(question));
    return answer !== undefined && now() - answer.atMs < KNOWN_MS ? answer.canWrite : null;
  }

  async function ask(question: WriteQuestion): Promise<boolean | null> {
    const { installationId, repoName, login } = question;
    try {
      const limit = AbortSignal.timeout(ANSWER_MS);
      const ended = new Promise<never>((_, reject) => {
        limit.addEventListener("abort", () => reject(limit.reason), { once: true });
      });
      const canWrite = await Promise.race([read(question, limit), ended]);
      remember(keyOf(question), canWrite);
      return canWrite;
    } catch (error) {
      log.warn({ installationId, repoName, login, error: describeError(error) }, "GitHub did not say who may write");
      return null;
    }
  }

  async function read({ installationId, repoName, login }: WriteQuestion, limit: AbortSignal): Promise<boolean> {
    const [owner = "", repo = ""] = repoName.split("/");
    const octokit = await octokitFor(installationId);
    let wasAsked = false;
    const request = {
      retries: 0,
      async fetch(url: string, init: RequestInit): Promise<Response> {
        wasAsked = true;
        const response = await fetch(url, { ...init, signal: limit });
        const waitMs = askedToWaitMs(response.status, response.headers, now());
        if (waitMs !== null) quiet.set(installationId, now() + waitMs);
        return response;
      },
    };
    try {
      const { data } = await octokit.request(ROUTE, { owner, repo, username: login, request });
      const { permission, role_name } = answered.parse(data);
      return WRITING.includes(permission) || WRITING.includes(role_name ?? "");
    } catch (error) {
      // No such account, or a repository that the App does not see. A token that is not given says 404, too.
      if (wasAsked && (error as { status?: unknown } | null)?.status === 404) return false;
      throw error;
    }
  }

  return {
    known,
    async canWrite(question) {
      const answer = known(question);
      if (answer !== null) return answer;
      if (!REPOSITORY.test(question.repoName) || (quiet.get(question.installationId) ?? 0) > now()) return null;
      const key = keyOf(question);
      const underWay = asking.get(key) ?? ask(question).finally(() => asking.delete(key));
      asking.set(key, underWay);
      return underWay;
    },
  };
}

/** GitHub does not tell capital letters from small ones in names. */
function keyOf({ installationId, repoName, login }: WriteQuestion): string {
  return `${installationId} ${repoName} ${login}`.toLowerCase();
}

/**
 * GitHub's API as far as artifacts need it, read only, with one installation's token. Nothing but the token's own host
 * is ever shown the token: a download leads to a store of somebody else's.
 */
import type { z } from "zod";
import { describeError, PermanentError, RetryLaterError } from "../errors.ts";
import { askedToWaitMs } from "../model/asked-to-wait.ts";
import { neverReached } from "../model/unreached.ts";
import { readAtMost } from "../process/read-at-most.ts";

/** How the repository is reached. */
export type GithubAccess = {
  /** "https://api.github.com" */
  readonly apiUrl: string;
  /** Of the App's installation; may read the repository's Actions. */
  readonly token: string;
  /** "owner/name" */
  readonly repoName: string;
};

/** Limit of one answer of the API, from the request to the last byte. */
const ANSWER_MS = 30_000;
/** Far above 100 runs or artifacts with all that GitHub says of each, about 20 KB a run. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** A renamed repository takes one redirect, a download another. */
const MAX_REDIRECTS = 5;

/**
 * Asks for JSON. `path` begins after the repository: "/actions/runs". Null where there is no such thing (404).
 * Throws PermanentError when GitHub says no for good, RetryLaterError when it asks to wait or was not reached, a plain
 * Error for everything else, and the signal's reason.
 */
export async function getJson<T>(
  access: GithubAccess,
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  return classified(signal, `GitHub's answer to ${path}`, async () => {
    const answer = await open(access, path, limit);
    const { response, isApi } = answer;
    if (isApi && response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    await requireOk(answer, path);
    const read = schema.safeParse(parseJson(await readText(response)));
    if (!read.success) throw new Error(`GitHub's answer to ${path} is not what it documents`);
    return read.data;
  });
}

/** Opens a download, wherever it leads to. The answer is one that succeeded. Throws as `getJson`; 404 is permanent. */
export async function openDownload(access: GithubAccess, path: string, signal: AbortSignal): Promise<Response> {
  return classified(signal, `the download of ${path}`, async () => {
    const answer = await open(access, path, signal);
    await requireOk(answer, path);
    return answer.response;
  });
}

/** Runs the work; what the network did to it becomes one of the errors above. */
export async function classified<T>(signal: AbortSignal, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof PermanentError || error instanceof RetryLaterError) throw error;
    const message = `${what} did not come: ${describeError(rootOf(error))}`;
    throw neverReached(error)
      ? new RetryLaterError(null, message, { cause: error })
      : new Error(message, { cause: error });
  }
}

/** fetch says "fetch failed", and only its cause says why. */
function rootOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}

type Answer = {
  readonly response: Response;
  /** Whether GitHub's API itself answered, and not the store that it sent us to. */
  readonly isApi: boolean;
};

/** Follows redirects by hand, since each hop decides anew who is shown the token. */
async function open(access: GithubAccess, path: string, signal: AbortSignal): Promise<Answer> {
  const api = new URL(access.apiUrl);
  let url = new URL(`${access.apiUrl}/repos/${access.repoName}${path}`);
  let isApi = true;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await fetch(url.href, { headers: headersFor(access, isApi), redirect: "manual", signal });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return { response, isApi };
    await response.body?.cancel();
    url = requireAllowed(URL.parse(location, url.href), api);
    // A renamed repository moves for good (301, 307, 308); 302 is the way to a download, which carries its own
    // permission in its address: docs.github.com/rest/actions/artifacts, "Download an artifact".
    isApi = isApi && response.status !== 302 && url.origin === api.origin;
  }
  throw new Error("GitHub redirects in circles");
}

function headersFor({ token }: GithubAccess, isApi: boolean): Record<string, string> {
  // A store that compressed once more would make the length and the digest wrong.
  const common = { "user-agent": "slipway", "accept-encoding": "identity" };
  if (!isApi) return common;
  return {
    ...common,
    authorization: `Bearer ${token}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  };
}

/** Only https; where the API itself has none (a test, a server of one's own), http to that same host as well. */
function requireAllowed(url: URL | null, api: URL): URL {
  if (url?.protocol === "https:") return url;
  if (url?.protocol === "http:" && api.protocol === "http:" && url.hostname === api.hostname) return url;
  throw new PermanentError(
    `GitHub redirects to ${url ? `${url.protocol}//${url.host}` : "no address"}, which is not https`,
  );
}

/** Throws for every answer but a good one. What the other side wrote is not quoted: it may be a page. */
async function requireOk({ response, isApi }: Answer, path: string): Promise<void> {
  const { status, headers } = response;
  if (response.ok) return;
  await response.body?.cancel();
  const problem = `${isApi ? "GitHub's answer" : "the answer of GitHub's store"} to ${path} is ${status}`;
  const waitMs = askedToWaitMs(status, headers, Date.now());
  if (waitMs !== null) {
    throw new RetryLaterError(waitMs, `${problem}: it asks to wait ${Math.ceil(waitMs / 1000)} s`);
  }
  if (status === 404) throw new PermanentError(`${problem}: there is no such thing any more`);
  if (status === 410) throw new PermanentError(`${problem}: it has expired. Run the workflow again`);
  if (isApi && status === 401) throw new PermanentError(`${problem}: it does not accept the App's token`);
  if (isApi && status === 403) {
    throw new PermanentError(
      `${problem}: give the App the permission actions: read, and accept it in the installation`,
    );
  }
  // Also the store's 403: its link is good for a minute only, and another try gets a new one.
  throw new Error(problem);
}

async function readText(response: Response): Promise<string> {
  const body = await readAtMost(response.body, MAX_ANSWER_BYTES);
  if (body === null) throw new PermanentError("GitHub's answer is too long");
  return body.toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Looks at the live site, as a visitor would, until it shows the release that was just published. */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PermanentError } from "../errors.ts";
import type { FileEntry, Manifest, Release } from "../model/release.ts";

export type ConfirmOptions = {
  /** Where visitors see the site. */
  readonly url: string;
  readonly release: Release;
  /** What was live before: files that differ from it are looked at first. Null looks at any. */
  readonly previous: Manifest | null;
  /** How long the release may take to show. */
  readonly waitMs: number;
  readonly fetchTimeoutMs?: number;
  say(line: string): void;
  readonly signal?: AbortSignal;
};

/** Enough to tell one release from another, few enough not to bother a small host. */
const MAX_FILES = 5;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;
const FETCH_TIMEOUT_MS = 10_000;

/**
 * Resolves when the entry page and some changed files are what the release says they are. Throws PermanentError with
 * what was seen instead once `waitMs` are over.
 */
export async function confirmLive(options: ConfirmOptions): Promise<void> {
  const { release, waitMs, say, signal } = options;
  const deadlineMs = performance.now() + waitMs;
  let open = chooseFiles(release.files, options.previous);
  const count = open.length;
  for (let attempt = 1, pauseMs = FIRST_PAUSE_MS; ; attempt++, pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    let problem = "";
    const wrong: typeof open = [];
    for (const file of open) {
      const seen = await look(options, file, attempt);
      if (seen === null) continue;
      wrong.push(file);
      problem ||= seen;
    }
    if (wrong.length === 0) break;
    open = wrong;
    if (performance.now() + pauseMs > deadlineMs) throw new PermanentError(problem);
    say(`${problem}; looking again`);
    await delay(pauseMs, undefined, { signal });
  }
  say(`${options.url} shows release ${shortId(release)} (${count} ${count === 1 ? "file" : "files"} looked at)`);
}

/** What is wrong with one file on the live site, or null. */
async function look(options: ConfirmOptions, file: { path: string; entry: FileEntry }, attempt: number) {
  const address = addressOf(options.url, file.path);
  const shown = address.href;
  address.searchParams.set("slipway", `${shortId(options.release)}-${attempt}`);
  const timeout = AbortSignal.timeout(options.fetchTimeoutMs ?? FETCH_TIMEOUT_MS);
  try {
    const response = await fetch(address, {
      headers: { "accept-encoding": "identity", "cache-control": "no-cache", "user-agent": "Slipway" },
      signal: options.signal ? AbortSignal.any([timeout, options.signal]) : timeout,
    });
    if (!response.ok) {
      await response.body?.cancel();
      return `${shown} answers ${response.status}`;
    }
    if (await hasContent(response, file.entry)) return null;
    return `${shown} shows other content than release ${shortId(options.release)}`;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (timeout.aborted) return `${shown} does not answer in time`;
    return `${shown} cannot be reached (${networkCode(error)})`;
  }
}

async function hasContent(response: Response, entry: FileEntry): Promise<boolean> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the transfer: whatever comes, it is not our file.
    if (size > entry.size) return false;
    hash.update(chunk);
  }
  return size === entry.size && hash.digest("hex") === entry.sha256;
}

/** The URL under which a web server shows a file: pages called index.html by their folder. */
function addressOf(base: string, path: string): URL {
  const url = new URL(base);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = "";
  url.hash = "";
  const shown = path.replace(/(^|\/)index\.html$/, "$1");
  return new URL(url.pathname + shown.split("/").map(encodeURIComponent).join("/"), url);
}

/** The entry page first, then changed files, pages before others. */
function chooseFiles(files: Manifest, previous: Manifest | null) {
  const all = [...files].filter(([path]) => isServedAsItIs(path)).map(([path, entry]) => ({ path, entry }));
  const entryPage = all.find(({ path }) => path === "index.html") ?? all.find(({ path }) => /\.html?$/i.test(path));
  const changed = all.filter(({ path, entry }) => previous?.get(path)?.sha256 !== entry.sha256);
  const pagesFirst = changed.sort((a, b) => Number(/\.html?$/i.test(b.path)) - Number(/\.html?$/i.test(a.path)));
  const chosen = new Set([...(entryPage ? [entryPage] : []), ...pagesFirst]);
  return [...chosen].slice(0, MAX_FILES);
}

/** Servers run some files and keep others to themselves; those say nothing about the release. */
function isServedAsItIs(path: string): boolean {
  if (path.split("/").some((segment) => /^[._]/.test(segment) && segment !== ".well-known")) return false;
  return !/\.(php\d?|phtml|phar|cgi|pl|py|rb|asp|aspx|jsp|shtml|config|ini|inc)$/i.test(path);
}

function networkCode(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return cause instanceof Error ? cause.message : "no connection";
}

function shortId(release: Release): string {
  return release.id.slice(0, 7);
}

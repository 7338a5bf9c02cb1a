/** One look at one file of the live site: what is shown, and which release that is. */
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { bytesText } from "../model/quantities.ts";
import type { FileEntry, Manifest } from "../model/release.ts";
import { readAtMost } from "../process/read-at-most.ts";
import type { Contents } from "../publish/options.ts";
import { likenessOf } from "./page-likeness.ts";

/**
 * seen: the release, byte for byte. altered: the release, changed on its way by the host. old: what was live before.
 * other: neither. broken: the server fails, or keeps back files of a site that it shows otherwise. unreachable: the
 * site could not be looked at.
 */
export type SightKind = "seen" | "altered" | "old" | "other" | "broken" | "unreachable";

/** `detail` is a sentence for people, without a full stop. */
export type Sight = { readonly kind: SightKind; readonly detail: string };

/** "missing": the server denies that there is such a file, or to show it. What that means, others decide (`worstOf`). */
export type LookedAt = { readonly kind: SightKind | "missing"; readonly detail: string };

export type LookDeps = {
  /** Where visitors see the site. */
  readonly url: string;
  /** Where both releases are read from, to compare pages word by word. */
  readonly contents: Contents;
  readonly fetchTimeoutMs?: number;
  readonly signal?: AbortSignal;
};

export type FileToLookAt = {
  readonly path: string;
  readonly entry: FileEntry;
  /** What was live under this name before; null when nothing was, or the same. */
  readonly before: FileEntry | null;
};

/** Enough to tell one release from another, few enough not to bother a small host. */
const MAX_FILES = 8;

const FETCH_TIMEOUT_MS = 10_000;

/** Larger files are not fetched: a page tells more, and in less time. */
const MAX_BYTES = 2 * 1024 * 1024;

const PAGE = /\.html?$/i;
/** What hosts minify and put things into; anything else they can only replace. */
const TEXT = /\.(html?|css|m?js|svg|xml|json|txt|webmanifest)$/i;

/** The entry page first, then changed files, pages before others. */
export function chooseFiles(files: Manifest, previous: Manifest | null): FileToLookAt[] {
  const all = [...files]
    .filter(([path]) => isServedAsItIs(path))
    .map(([path, entry]): FileToLookAt => {
      const before = previous?.get(path) ?? null;
      return { path, entry, before: before?.sha256 === entry.sha256 ? null : before };
    });
  const entryPage = all.find(({ path }) => path === "index.html") ?? all.find(({ path }) => PAGE.test(path));
  const isChanged = ({ path, entry }: FileToLookAt) => previous?.get(path)?.sha256 !== entry.sha256;
  const changed = all.filter((file) => isChanged(file) && file.entry.size <= MAX_BYTES);
  const pagesFirst = changed.sort((a, b) => Number(PAGE.test(b.path)) - Number(PAGE.test(a.path)));
  const chosen = new Set([...(entryPage ? [entryPage] : []), ...pagesFirst]);
  return [...chosen].slice(0, MAX_FILES);
}

/** Looks at one file; `tag` makes the address one that no cache has an answer for. */
export async function lookAt(deps: LookDeps, file: FileToLookAt, tag: string): Promise<LookedAt> {
  const address = addressOf(deps.url, file.path);
  const shown = address.href;
  address.searchParams.set("slipway", tag);
  const timeout = AbortSignal.timeout(deps.fetchTimeoutMs ?? FETCH_TIMEOUT_MS);
  try {
    const response = await fetch(address, {
      headers: { "accept-encoding": "identity", "cache-control": "no-cache", "user-agent": "Slipway" },
      signal: deps.signal ? AbortSignal.any([timeout, deps.signal]) : timeout,
    });
    if (response.ok) return await compare(deps, file, shown, response);
    await response.body?.cancel();
    return { kind: kindOfStatus(response.status), detail: `${shown} answers ${response.status}` };
  } catch (error) {
    deps.signal?.throwIfAborted();
    const detail = timeout.aborted ? "does not answer in time" : `cannot be reached (${networkCode(error)})`;
    return { kind: "unreachable", detail: `${shown} ${detail}` };
  }
}

/**
 * 502 and 504 (RFC 9110, 15.6.3 and 15.6.5) and 520 to 530 (developers.cloudflare.com, "Cloudflare 5xx errors") come
 * from what stands in front of the host and did not reach it; any other 5xx is the server's own failure, after a
 * damaged .htaccess, say. 403, 404 and 410 are about this one file.
 */
function kindOfStatus(status: number): LookedAt["kind"] {
  if ([403, 404, 410].includes(status)) return "missing";
  const isGateway = status === 502 || status === 504 || (status >= 520 && status <= 530);
  return status >= 500 && !isGateway ? "broken" : "unreachable";
}

async function compare(deps: LookDeps, file: FileToLookAt, shown: string, response: Response): Promise<LookedAt> {
  const { path, entry, before } = file;
  const isText = TEXT.test(path);
  const longest = Math.max(entry.size, before?.size ?? 0);
  const body = await readBody(response, isText ? longest + MAX_BYTES : longest);
  if (body?.sha256 === entry.sha256) return { kind: "seen", detail: `${shown} is as published` };
  const other = `${shown} shows other content than was published`;
  if (body === null) return { kind: "other", detail: other };
  const old: LookedAt = { kind: "old", detail: `${shown} still shows what was live before` };
  if (body.sha256 === before?.sha256) return old;
  if (!isText) return { kind: "other", detail: other };
  switch (await likeness(deps.contents, body.bytes, entry, before)) {
    case "old":
      return old;
    case "neither":
      return { kind: "other", detail: other };
    default: {
      const difference = body.bytes.length - entry.size;
      const by =
        difference === 0
          ? "of the same size"
          : `${bytesText(Math.abs(difference))} ${difference > 0 ? "more" : "less"}`;
      const detail = `${shown} is the new one, but the host changes it on its way (${by} than was published)`;
      return { kind: "altered", detail };
    }
  }
}

async function likeness(contents: Contents, shown: Buffer, entry: FileEntry, before: FileEntry | null) {
  // The earlier release may be gone from the store; then the new page alone has to be recognised.
  const read = (one: FileEntry) => text(contents.open(one.sha256));
  const old = before ? await read(before).catch(() => null) : null;
  return likenessOf(shown.toString("utf8"), await read(entry), old);
}

/** The body, or null when it is longer than `maxBytes`: whatever comes, it is not our file. */
async function readBody(response: Response, maxBytes: number): Promise<{ bytes: Buffer; sha256: string } | null> {
  const bytes = await readAtMost(response.body, maxBytes);
  return bytes && { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** From the worst on. */
const BY_WEIGHT: readonly SightKind[] = ["broken", "unreachable", "old", "other", "altered", "seen"];

/**
 * What several looks say together: the worst of them. A file that the server denies means that the site is broken when
 * the server shows others of the release. Beside a page of the release before it is as old as that page; and when all
 * are denied, nobody knows that `confirm.url` leads to this site at all.
 */
export function worstOf(looks: readonly LookedAt[]): Sight {
  const kinds = new Set(looks.map(({ kind }) => kind));
  const denied = kinds.has("seen") || kinds.has("altered") ? "broken" : kinds.has("old") ? "old" : "unreachable";
  const sights = looks.map(({ kind, detail }): Sight => ({ kind: kind === "missing" ? denied : kind, detail }));
  const kind = BY_WEIGHT.find((one) => sights.some((sight) => sight.kind === one)) ?? "seen";
  return sights.find((sight) => sight.kind === kind) ?? { kind: "seen", detail: "there was nothing to look at" };
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

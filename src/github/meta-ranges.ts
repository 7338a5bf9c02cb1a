/**
 * The addresses that GitHub sends webhooks from, as it publishes them (GET /meta, key `hooks`):
 * https://docs.github.com/rest/meta/meta#get-github-meta-information. Kept in a file, so that a start without GitHub has them.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { isRange, type Ranges, readRanges } from "../model/address.ts";
import { readAtMost } from "../process/read-at-most.ts";

export type MetaRangesOptions = {
  /** "https://api.github.com", or that of a GitHub Enterprise Server. */
  readonly apiUrl: string;
  /** Where they are kept. */
  readonly file: string;
  readonly log: Log;
  readonly random: () => number;
  /** How often they are asked for, and how long after a failure; for tests. */
  readonly everyMs?: number;
  readonly afterFailureMs?: number;
};

export type MetaRanges = {
  /** Null until they are known. */
  hooks(): Ranges | null;
  /** Resolves once the first answer, or what is kept, is there; or once both failed. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
};

/** GitHub changes them now and then, and announces nothing; it recommends to look regularly. */
const EVERY_MS = 6 * 3_600_000;
const AFTER_FAILURE_MS = 10 * 60_000;
/** Earlier or later by up to a tenth, so that not all who started together ask together. */
const JITTER = 0.1;
const ANSWER_MS = 20_000;
/** The whole answer is some 200 KB. */
const MAX_BYTES = 8 * 1024 * 1024;

// An empty list would lock GitHub out, and is no list.
const hooks = z.array(z.string().max(60).refine(isRange)).min(1).max(1000);
const meta = z.object({ hooks });
const kept = z.object({ apiUrl: z.string(), etag: z.string().max(300).nullable(), hooks });
type Kept = z.output<typeof kept>;

/** Starts to keep them up to date. */
export function startMetaRanges(options: MetaRangesOptions): MetaRanges {
  const { everyMs = EVERY_MS, afterFailureMs = AFTER_FAILURE_MS, log } = options;
  const stopping = new AbortController();
  let known: Kept | null = null;
  let ranges: Ranges | null = null;
  let timer: NodeJS.Timeout | undefined;

  function use(now: Kept): void {
    known = now;
    ranges = readRanges(now.hooks);
  }

  async function look(): Promise<void> {
    let waitMs = everyMs;
    try {
      const fresh = await ask(options.apiUrl, known, stopping.signal);
      if (fresh) {
        use(fresh);
        await keep(options.file, fresh);
      }
    } catch (error) {
      if (stopping.signal.aborted) return;
      waitMs = afterFailureMs;
      const so = ranges
        ? "those known before stand"
        : "until they are known, sources that allow `github` check signatures alone";
      log.warn({ error: describeError(error) }, `GitHub's addresses could not be asked for; ${so}`);
    }
    if (stopping.signal.aborted) return;
    const again = () => {
      looking = look();
    };
    timer = setTimeout(again, waitMs * (1 - JITTER + 2 * JITTER * options.random()));
    timer.unref();
  }

  let looking: Promise<void> = readKept(options.file).then((found) => {
    // Those of another server are none of this one's.
    if (found?.apiUrl === options.apiUrl) use(found);
    return look();
  });

  return {
    hooks: () => ranges,
    ready: looking,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await looking;
    },
  };
}

/** What GitHub says; null where it is what is known already. Throws when it says nothing usable. */
async function ask(apiUrl: string, known: Kept | null, stopping: AbortSignal): Promise<Kept | null> {
  const response = await fetch(`${apiUrl}/meta`, {
    headers: {
      accept: "application/vnd.github+json",
      "user-agent": "slipway",
      ...(known?.etag && { "if-none-match": known.etag }),
    },
    redirect: "error",
    signal: AbortSignal.any([stopping, AbortSignal.timeout(ANSWER_MS)]),
  });
  if (response.status === 304) return null;
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`GitHub answered ${response.status}`);
  }
  const body = await readAtMost(response.body, MAX_BYTES);
  if (body === null) throw new Error("GitHub's answer is too long");
  const read = meta.safeParse(JSON.parse(body.toString("utf8")));
  if (!read.success) throw new Error("GitHub's answer holds no ranges of addresses under `hooks`");
  return { apiUrl, etag: response.headers.get("etag"), hooks: read.data.hooks };
}

/** Written beside it and renamed, so that a crash leaves the old ones or the new ones. */
async function keep(file: string, ranges: Kept): Promise<void> {
  const beside = `${file}.new`;
  await writeFile(beside, JSON.stringify(ranges));
  await rename(beside, file);
}

async function readKept(file: string): Promise<Kept | null> {
  try {
    return kept.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    // None was written yet, or it is not ours to read: GitHub is asked.
    return null;
  }
}

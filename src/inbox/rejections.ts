/**
 * What was refused, and why: counted, remembered in a small ring, explained off the road of the answer, and logged once a
 * minute. Everything here is bounded, since whoever floods decides how much of it comes.
 */
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { shownAddress } from "../model/address.ts";
import { count } from "../model/quantities.ts";
import type { Finding, Rejection, RejectionReport } from "../model/rejection.ts";
import { oneLine } from "../notify/wording/plain.ts";

export type Refused = {
  /** As the path names it; it need not be configured. */
  readonly source: string;
  /** As `clientAddress` names it. */
  readonly client: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** How much of the body was read. */
  readonly bytes: number;
  /** Finds out why, in its own time; asked at most once a second for each source. */
  readonly explain?: () => Promise<readonly Finding[]>;
};

export type Rejections = {
  /** Costs little, waits for nothing and never throws. */
  add(refused: Refused): void;
  /** What was refused of a source, also of one that is not configured. */
  report(source: string): RejectionReport;
  /** Says what is left to say. */
  stop(): void;
};

export type RejectionsOptions = {
  readonly log: Log;
  readonly now: () => number;
  /** The sources that there are; all others share what is kept. */
  readonly sources: readonly string[];
  /** How often each kind of refusal is logged; for tests. */
  readonly everyMs?: number;
};

const MAX_KEPT = 50;
/** Of a flood so many a second are remembered, so that it does not push all else out of the ring. */
const MAX_A_SECOND = 5;
const EXPLAIN_EVERY_MS = 1000;
const MAX_EXPLAINING = 4;
/** To find out why takes some dozens of digests of the body. */
const MAX_EXPLAINED_BYTES = 256 * 1024;
const MAX_HEADERS = 60;
const MAX_FINDINGS = 10;
/** Names that people give are shorter, or have no digits in them. */
const MIN_SECRET = 16;
const MINUTE_MS = 60_000;

const TOO_LARGE: Finding = {
  code: "body-too-large-to-explain",
  sentence: "The body is too large to try out what was signed; send a small one to see why.",
};

type Kept = {
  readonly counts: Map<number, number>;
  /** The newest last. */
  readonly ring: Array<{ -readonly [key in keyof Rejection]: Rejection[key] }>;
  secondMs: number;
  inSecond: number;
  explainedMs: number;
};

/** What is said of one kind of refusal: at once, then of all that came in a minute. */
type Telling = { more: number; timer: NodeJS.Timeout; sentence: string };

/** The name under which sources that are not configured are counted. */
const OTHERS = "";

export function createRejections({ log, now, sources, everyMs = MINUTE_MS }: RejectionsOptions): Rejections {
  const sinceMs = now();
  const known = new Set(sources);
  const kept = new Map<string, Kept>();
  const tellings = new Map<string, Telling>();
  let explaining = 0;

  function keptOf(source: string): Kept {
    const name = known.has(source) ? source : OTHERS;
    let found = kept.get(name);
    if (!found) {
      found = { counts: new Map(), ring: [], secondMs: 0, inSecond: 0, explainedMs: 0 };
      kept.set(name, found);
    }
    return found;
  }

  function add(refused: Refused): void {
    const { source, status } = refused;
    const nowMs = now();
    const of = keptOf(source);
    of.counts.set(status, (of.counts.get(status) ?? 0) + 1);
    const telling = tellings.get(keyOf(source, status));
    if (telling) telling.more++;
    if (nowMs - of.secondMs >= 1000) Object.assign(of, { secondMs: nowMs, inSecond: 0 });
    // What nobody has heard of is remembered in any case.
    if (++of.inSecond > MAX_A_SECOND && telling) return;
    const rejection: Kept["ring"][number] = toRejection(refused, nameOf(source), nowMs);
    of.ring.push(rejection);
    if (of.ring.length > MAX_KEPT) of.ring.shift();
    const { explain } = refused;
    if (!explain) return void (telling ?? begin(refused, ""));
    if (refused.bytes > MAX_EXPLAINED_BYTES) rejection.findings = [TOO_LARGE];
    else if (nowMs - of.explainedMs >= EXPLAIN_EVERY_MS && explaining < MAX_EXPLAINING) {
      of.explainedMs = nowMs;
      explaining++;
      // After the answer: to explain keeps the processor for some milliseconds.
      setImmediate(() => void findOut(rejection, refused, explain));
      if (!telling) hold(refused);
      return;
    }
    if (!telling) begin(refused, rejection.findings?.[0]?.sentence ?? "");
  }

  async function findOut(rejection: Kept["ring"][number], refused: Refused, explain: NonNullable<Refused["explain"]>) {
    try {
      const findings = await explain();
      rejection.findings = findings.slice(0, MAX_FINDINGS).map(cleanFinding);
    } catch (error) {
      log.warn(
        { source: rejection.source, error: describeError(error) },
        "why a request was refused could not be found out",
      );
    } finally {
      explaining--;
    }
    const sentence = rejection.findings?.[0]?.sentence ?? "";
    const telling = tellings.get(keyOf(refused.source, refused.status));
    if (telling?.sentence === WAITS) {
      telling.sentence = sentence;
      say(refused, 1, sentence);
    } else if (telling && sentence) telling.sentence = sentence;
  }

  const nameOf = (source: string) => (known.has(source) ? source : shownName(source));
  const keyOf = (source: string, status: number) => `${known.has(source) ? source : OTHERS} ${status}`;

  /** Says it, and counts the others of that kind from now on. */
  function begin(refused: Refused, sentence: string): void {
    hold(refused, sentence);
    say(refused, 1, sentence);
  }

  function hold(refused: Refused, sentence = WAITS): void {
    const key = keyOf(refused.source, refused.status);
    const timer = setTimeout(() => conclude(key, refused), everyMs);
    timer.unref();
    tellings.set(key, { more: 0, timer, sentence });
  }

  /** The end of a minute: what came in it is said in one line, and another minute begins, unless nothing came. */
  function conclude(key: string, refused: Refused): void {
    const telling = tellings.get(key);
    tellings.delete(key);
    if (!telling || telling.more === 0) return;
    const sentence = telling.sentence === WAITS ? "" : telling.sentence;
    say(refused, telling.more, sentence);
    hold(refused, sentence);
  }

  function say({ source, status }: Refused, times: number, sentence: string): void {
    const name = known.has(source) ? source : "a source that is not configured";
    const what = times === 1 ? "a request was refused" : `refused ${count(times)} times in the last minute`;
    log.warn(
      { source: nameOf(source), status, times },
      `${name}: ${what} with ${status}${sentence ? `: ${sentence}` : ""}`,
    );
  }

  return {
    add,
    report(source) {
      const of = kept.get(known.has(source) ? source : OTHERS);
      const last = (of?.ring ?? []).filter((it) => it.source === source).toReversed();
      if (known.has(source)) return { sinceMs, counts: Object.fromEntries(of?.counts ?? []), last };
      const counts: Record<string, number> = {};
      for (const { status } of last) counts[status] = (counts[status] ?? 0) + 1;
      return { sinceMs, counts, last };
    },
    stop() {
      for (const { timer } of tellings.values()) clearTimeout(timer);
      tellings.clear();
    },
  };
}

/** Said as soon as it is known why. */
const WAITS = "(waits)";

function toRejection({ client, status, headers, bytes }: Refused, source: string, atMs: number): Rejection {
  const type = headers["content-type"];
  return {
    atMs,
    source,
    client: shownAddress(client),
    status,
    headers: Object.keys(headers)
      .slice(0, MAX_HEADERS)
      .map((name) => oneLine(name, 60)),
    contentType: oneLine(String(type ?? ""), 100),
    bytes,
    findings: null,
  };
}

/** What is no name of a source, or looks made by chance, may be a secret that somebody put into the wrong place of the path. */
function shownName(source: string): string {
  const isLikeSecret = source.length >= MIN_SECRET && /\d/.test(source);
  return /^[a-z0-9][a-z0-9-]{0,39}$/.test(source) && !isLikeSecret ? source : "?";
}

const cleanFinding = ({ code, sentence }: Finding): Finding => ({
  code: oneLine(code, 60),
  sentence: oneLine(sentence, 400),
});

/**
 * Has an Alertmanager silence an alert, through its API v2: once for each wish, looked up before it is repeated.
 * https://github.com/prometheus/alertmanager, api/v2/openapi.yaml
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { SilenceSettings } from "../config/silence-settings.ts";
import { AmbiguousError, describeError, PermanentError, RetryLaterError } from "../errors.ts";
import { type AlertReport, MAX_LABELS } from "../model/alert.ts";
import type { ReplyTo } from "../model/answer.ts";
import { neverReached, rootCause } from "../model/unreached.ts";
import { readAtMost } from "../process/read-at-most.ts";
import type { Secret } from "../secrets/secret.ts";
import type { SecretReference } from "../secrets/secret-reference.ts";
import { LOOK_AGAIN_MS, twice } from "./looking.ts";
import type { Perform } from "./perform.ts";
import { oneLine } from "./wording/plain.ts";

/** An alert that is to be silenced. */
export type SilenceWish = {
  readonly alert: number;
  readonly source: string;
  readonly labels: AlertReport["labels"];
  readonly fromMs: number;
  readonly untilMs: number;
  /** Who asked, and how they can be answered; as in `OperateEffect`. */
  readonly by: string;
  readonly to: ReplyTo | null;
  /** As in `AuditEntry`. */
  readonly site: string | null;
  readonly where: string;
  readonly rule: string;
  readonly what: string;
  /** Identifies the request. */
  readonly cause: string;
};

export type SilenceDeps = {
  /** `silence` of a source in slipway.yaml; undefined where there is none any more. */
  readonly settingsOf: (source: string) => SilenceSettings | undefined;
  /** The value of a secret; `key` is the key of slipway.yaml that refers to it. */
  readonly secretOf: (reference: SecretReference, key: string) => Promise<Secret>;
  /** What is done once it is silenced, and once that failed for good. */
  readonly silenced: (wish: SilenceWish) => Promise<unknown>;
  readonly refused: (wish: SilenceWish, reason: string) => Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** As `LOOK_AGAIN_MS`, which is the default. */
  readonly lookAgainMs?: number;
};

const REQUEST_MS = 10_000;
/** After this long whoever asked is told that it did not come about: they can be answered for 30 minutes. */
const GIVE_UP_MS = 15 * 60_000;
/** Nobody has so many silences. */
const MAX_ANSWER_BYTES = 16 * 1024 ** 2;

/** Performs the wishes. Whoever asked is told of a failure before the wish is given up. */
export function createSilencePerformer(deps: SilenceDeps): Perform {
  const { now = Date.now } = deps;
  return async (row) => {
    const wish = row.desired as SilenceWish;
    try {
      await silence(deps, wish, row.inDoubt);
    } catch (error) {
      if (!(error instanceof PermanentError) && now() <= wish.fromMs + GIVE_UP_MS) throw error;
      const reason = describeError(error);
      await deps.refused(wish, reason);
      // Whoever waits does not wait for the operator: with a setting mended they ask again.
      throw new PermanentError(reason, { cause: error });
    }
    await deps.silenced(wish);
    return { kind: "sent", remote: null };
  };
}

async function silence(deps: SilenceDeps, wish: SilenceWish, inDoubt: boolean): Promise<void> {
  const key = `sources.${wish.source}.silence`;
  const settings = deps.settingsOf(wish.source);
  if (!settings) throw new PermanentError(`${key} is not set any more`);
  const silences = `${settings.url.replace(/\/+$/, "")}/api/v2/silences`;
  const headers = await headersFor(deps, settings, key);
  const matchers = matchersOf(wish);
  if (inDoubt) {
    const find = async () => ((await isThere({ silences, headers, key }, wish)) ? true : null);
    if (await twice(deps.lookAgainMs ?? LOOK_AGAIN_MS, find)) return;
  }
  const body = JSON.stringify({
    matchers,
    startsAt: new Date(wish.fromMs).toISOString(),
    endsAt: new Date(wish.untilMs).toISOString(),
    createdBy: oneLine(wish.by, 200),
    comment: `Asked for in Slack, through Slipway (${markOf(wish)})`,
  });
  await ask({ silences, headers, key }, "POST", body);
}

type Api = { readonly silences: string; readonly headers: Record<string, string>; readonly key: string };

/** Says which wish a silence is of. */
function markOf({ alert, cause }: SilenceWish): string {
  return `alert ${alert}, request ${createHash("sha256").update(cause).digest("hex").slice(0, 16)}`;
}

/** Exactly this alert. Throws PermanentError where its labels do not say which that is. */
function matchersOf({ labels }: SilenceWish): object[] {
  const all = Object.entries(labels);
  if (all.every(([, value]) => value === "")) throw new PermanentError("the alert has no labels to silence it by");
  const isFull = ([name, value]: readonly [string, string]) =>
    [...name].length >= MAX_LABELS.name || [...value].length >= MAX_LABELS.value;
  // `cleanReport` may have cut them; then they name another alert.
  const isCut = all.length >= MAX_LABELS.count || all.some(isFull);
  if (isCut) throw new PermanentError("the alert's labels are too many or too long; silence it in Alertmanager itself");
  return all.map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }));
}

async function headersFor(
  { secretOf }: SilenceDeps,
  { token, basic }: SilenceSettings,
  key: string,
): Promise<Record<string, string>> {
  const json = { "content-type": "application/json", accept: "application/json" };
  if (token) return { ...json, authorization: `Bearer ${(await secretOf(token, `${key}.token`)).reveal()}` };
  if (!basic) return json;
  const user = Buffer.from((await secretOf(basic, `${key}.basic`)).reveal()).toString("base64");
  return { ...json, authorization: `Basic ${user}` };
}

const listed = z.array(z.looseObject({ comment: z.string(), status: z.looseObject({ state: z.string() }) }));

/** Whether an earlier attempt has made the silence. */
async function isThere(api: Api, wish: SilenceWish): Promise<boolean> {
  const answer = listed.safeParse(parse(await ask(api, "GET")));
  if (!answer.success) throw new PermanentError(`${api.key}.url: what answers there is no Alertmanager of API v2`);
  const mark = `(${markOf(wish)})`;
  return answer.data.some(({ comment, status }) => comment.endsWith(mark) && status.state !== "expired");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks, and answers with the body. Throws PermanentError, RetryLaterError, AmbiguousError. */
async function ask({ silences, headers, key }: Api, method: "GET" | "POST", body?: string): Promise<string> {
  let status: number;
  let answer: string;
  let retryAfter: number;
  try {
    const signal = AbortSignal.timeout(REQUEST_MS);
    // Whatever a redirect leads to, nobody named it; and it would be given the token.
    const response = await fetch(silences, { method, headers, redirect: "manual", signal, ...(body && { body }) });
    status = response.status;
    retryAfter = Number(response.headers.get("retry-after"));
    const said = await readAtMost(response.body, MAX_ANSWER_BYTES);
    if (said === null) throw new PermanentError("Alertmanager answers with more than 16 MB");
    answer = said.toString("utf8");
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    const why = describeError(rootCause(error));
    // A header that cannot be sent is no failure of the network: what the secret holds must not be told.
    if (error instanceof TypeError && error.cause === undefined) {
      throw new PermanentError(
        `${key}: the request cannot be sent; look for line breaks and other signs in the secret`,
      );
    }
    if (neverReached(error)) throw new RetryLaterError(null, `Alertmanager cannot be reached: ${why}`);
    throw new AmbiguousError(`Alertmanager was asked and did not answer: ${why}`);
  }
  if (status === 200) return answer;
  const told = `Alertmanager answers HTTP ${status}`;
  if (status === 401 || status === 403) throw new PermanentError(`${told}; ${key} needs another token or basic`);
  if (status === 429 || (status === 503 && retryAfter > 0)) {
    throw new RetryLaterError(retryAfter > 0 ? retryAfter * 1000 : null, told);
  }
  if (status >= 500 || status === 408) throw new AmbiguousError(told);
  if (status === 400) throw new PermanentError(`${told}: ${oneLine(answer, 200)}`);
  throw new PermanentError(`${told}; look whether ${key}.url is its address, without /api`);
}

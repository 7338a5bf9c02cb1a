/** Sends events to endpoints: one signed request an attempt, whose answer is a status and nothing more. */
import type { OutgoingSettings } from "../../config/outgoing-settings.ts";
import { AmbiguousError, describeError, OperatorError, PermanentError, RetryLaterError } from "../../errors.ts";
import { endpointId } from "../../model/outgoing.ts";
import { neverReached, rootCause } from "../../model/unreached.ts";
import { slipwayVersion } from "../../process/version.ts";
import type { Secret } from "../../secrets/secret.ts";
import { isAccepted } from "../../secrets/secret-list.ts";
import type { OutboxRow } from "../../store/outbox.ts";
import type { OutWish } from "../../store/webhooks-out.ts";
import type { Perform, Performed } from "../perform.ts";
import type { Outgoing } from "./announce-out.ts";
import { signedHeaders, signingKey } from "./sign-webhook.ts";

export type SendDeps = {
  readonly outgoing: Outgoing;
  /** The secret that is meant; `setting` is its key in slipway.yaml. Throws OperatorError. */
  readonly resolve: (
    reference: OutgoingSettings["secrets"][number]["use"],
    setting: string,
  ) => Promise<Secret> | Secret;
  /** Whether an earlier event of the same subject goes first. */
  readonly isBehind: (row: OutboxRow) => Promise<boolean>;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /** Limit of one request, in milliseconds. Default: 15 s, the least that the specification recommends. */
  readonly requestMs?: number;
};

const REQUEST_MS = 15_000;
/** So long an event waits at a time for the one before it. */
const BEHIND_MS = 300;
/** So long an endpoint that failed is left alone; the next event for it is not sent in vain at once. */
const REST_MS = 5000;
/** No longer than this, whatever an endpoint asks for. */
const MAX_WAIT_MS = 86_400_000;
/** Whoever asks to wait for longer than that, all in all, has failed. */
const MAX_PATIENCE_MS = 7 * 86_400_000;

/** Performs the wishes of the kind "webhook.out". What an endpoint said of itself is forgotten with the process. */
export function createWebhookPerformer(deps: SendDeps): Record<"webhook.out", Perform> {
  const { outgoing, now } = deps;
  /** Endpoints that answered 410 Gone. */
  const gone = new Set<string>();
  /** When endpoints may be asked again. */
  const resting = new Map<string, number>();

  async function send(row: OutboxRow): Promise<Performed> {
    const { endpoint, host, messageId, event } = row.desired as OutWish;
    const index = outgoing.findIndex(({ url }) => endpointId(url) === endpoint);
    const settings = outgoing[index];
    if (!settings) throw new PermanentError(`${host} is not under webhooks in slipway.yaml any more`);
    if (gone.has(endpoint))
      throw new PermanentError(`${host} answered 410 Gone and is sent nothing until the next start`);
    const restMs = (resting.get(endpoint) ?? 0) - now();
    if (restMs > 0) return waits(restMs, `${host} is left alone for a while`);
    if (await deps.isBehind(row)) return waits(BEHIND_MS, "the event before it goes first");

    const body = JSON.stringify(event);
    const keys = await keysOf(deps, settings, `webhooks.${index}`);
    const headers = signedHeaders({ messageId, body, nowMs: now() }, keys);
    try {
      const answer = await post(settings.url, { body, headers, requestMs: deps.requestMs ?? REQUEST_MS });
      if (answer.status === 410) gone.add(endpoint);
      judge(answer, { host, row, nowMs: now() });
      resting.delete(endpoint);
      return { kind: "sent", remote: { status: answer.status } };
    } catch (error) {
      const asked = error instanceof RetryLaterError ? error.delayMs : null;
      resting.set(endpoint, now() + (asked ?? REST_MS));
      throw error;
    }
  }

  return { "webhook.out": send };
}

const waits = (forMs: number, reason: string): Performed => ({ kind: "waits", forMs, reason });

/** The keys of the secrets that are valid now. */
async function keysOf({ resolve, now }: SendDeps, { secrets }: OutgoingSettings, setting: string): Promise<Buffer[]> {
  const valid = secrets.filter(({ until }) => isAccepted({ untilMs: until }, now()));
  if (valid.length === 0) throw new OperatorError(`${setting}.secrets`, "have all ended; add one without an end");
  const key = `${setting}.secret`;
  return Promise.all(valid.map(async ({ use }) => signingKey(await resolve(use, key), key)));
}

type Answer = { readonly status: number; readonly retryAfter: string | null };

/** Throws RetryLaterError where the endpoint certainly got nothing, AmbiguousError where nobody can tell. */
async function post(
  url: string,
  { body, headers, requestMs }: { body: string; headers: Record<string, string>; requestMs: number },
): Promise<Answer> {
  const { host } = new URL(url);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "user-agent": `Slipway/${slipwayVersion()}` },
      body,
      // The specification: "3xx: Failure".
      redirect: "manual",
      signal: AbortSignal.timeout(requestMs),
    });
    // Whatever else it says is nobody's business, and may have no end.
    await response.body?.cancel().catch(() => {});
    return { status: response.status, retryAfter: response.headers.get("retry-after") };
  } catch (error) {
    const reason = `${host} was not reached: ${describeError(rootCause(error))}`;
    if (neverReached(error)) throw new RetryLaterError(null, reason);
    throw new AmbiguousError(`${host} did not answer: ${describeError(rootCause(error))}`);
  }
}

/** What an answer means; throws unless it is a success. */
function judge({ status, retryAfter }: Answer, at: { host: string; row: OutboxRow; nowMs: number }): void {
  if (status >= 200 && status < 300) return;
  const says = `${at.host} answered ${status}`;
  if (status === 410) throw new PermanentError(`${says} Gone and is sent nothing until the next start`);
  const isPatient = at.nowMs - at.row.createdAtMs < MAX_PATIENCE_MS;
  const asked = status === 429 || status === 503 ? waitOf(retryAfter, at.nowMs) : null;
  if (asked !== null && isPatient) throw new RetryLaterError(asked, `${says} and asks to wait`);
  throw new Error(says);
}

/** Seconds, or a date (RFC 9110, 10.2.3), in milliseconds from now; null where it says neither. */
function waitOf(retryAfter: string | null, nowMs: number): number | null {
  if (retryAfter === null) return null;
  const ms = /^\d{1,9}$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, REST_MS), MAX_WAIT_MS) : null;
}

/** Slack as a source: https://docs.slack.dev/authentication/verifying-requests-from-slack */
import { createSecretKey, hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { SenderError } from "../errors.ts";
import type { Secret } from "../secrets/secret.ts";
import { signerOf } from "./hmac.ts";
import { type Arrival, type Challenge, constantAnswer, type Head, type Source } from "./source.ts";

/** A click carries the message it was made on, 50 blocks at most: far below this. Slack names no limit of its own. */
const MAX_BYTES = 1024 * 1024;
/** Slack's own advice against replays; a clock may be wrong in both directions. In seconds. */
const MAX_CLOCK_SKEW = 5 * 60;
/** Interactions and commands come as a form, events as JSON. */
const TYPES = /^application\/(x-www-form-urlencoded|json)\s*(;|$)/i;
const NAME = /^[\w.:-]{1,100}$/;

/** Where its secrets stand, as they are shown to say which one is in use. */
const SECRETS = ["env:SLACK_SIGNING_SECRET", "env:SLACK_SIGNING_SECRET_PREVIOUS"];

/** Requests signed with any of `secrets` (the present one and, while rotating, the previous one). */
export function createSlackSource(secrets: readonly Secret[], now: () => number = Date.now) {
  const keys = secrets.map((secret) => createSecretKey(secret.reveal(), "utf8"));
  return {
    name: "slack",
    path: "/slack/events",
    maxBytes: MAX_BYTES,
    // Slack asks for 200 and nothing more: it may take a body for a message.
    answer: constantAnswer(""),
    readHeaders({ headers }: Pick<Head, "headers">) {
      if (TYPES.test(headers["content-type"] ?? "")) return null;
      throw new SenderError(415, "content type must be a form or application/json");
    },
    couldBeVerified: ({ headers }: Pick<Head, "headers">) =>
      /^v0=[0-9a-f]{64}$/i.test(String(headers["x-slack-signature"])),
    verify({ headers }: Pick<Head, "headers">, body: Buffer) {
      const time = one(headers, "x-slack-request-timestamp", /^\d{1,12}$/);
      const signature = one(headers, "x-slack-signature", /^v0=/).slice(3);
      const signed = Buffer.concat([Buffer.from(`v0:${time}:`), body]);
      const skew = Number(time) - now() / 1000;
      const fits = signerOf(keys, signed, signature);
      if (fits === null || Math.abs(skew) > MAX_CLOCK_SKEW) throw new SenderError(401, "unauthorized");
      return { matched: SECRETS[fits] ?? null, skewMs: Math.round(skew * 1000) };
    },
    readBody: (_head: unknown, body: Buffer) => readBody(body),
  } satisfies Source;
}

/** The header; "" where it is missing or of another form, which no signature fits. */
function one(headers: IncomingHttpHeaders, name: string, form: RegExp): string {
  const value = headers[name];
  return typeof value === "string" && form.test(value) ? value : "";
}

/**
 * An interaction is named by its `trigger_id`, an event by its `event_id`. Whatever names itself by neither is still
 * recorded, under the digest of its bytes: what to make of it is decided later.
 */
function readBody(body: Buffer): Arrival | Challenge {
  const fields = readFields(body);
  const { type, challenge } = fields;
  if (type === "url_verification" && typeof challenge === "string") return { answer: challenge };
  return nameArrival(fields, body);
}

/**
 * The id and event of what came by Socket Mode: a payload as JSON, without its envelope. It is named as the same would be
 * that came by HTTP, so that whatever comes both ways counts once. Nothing is signed there: whoever has the app's token
 * opened the connection to Slack.
 */
export function readSocketPayload(body: Buffer): Arrival {
  return nameArrival(readFields(body), body);
}

function nameArrival(fields: Record<string, unknown>, body: Buffer): Arrival {
  const event = [fields.type, fields.command && "command"].find(isName) ?? "unknown";
  const key = [fields.trigger_id, fields.event_id].find(isName) ?? hash("sha256", body, "hex");
  return { key, event };
}

const isName = (value: unknown): value is string => typeof value === "string" && NAME.test(value);

/** The fields of JSON, of the JSON in a form's `payload`, or of the form itself; none where it is none of these. */
function readFields(body: Buffer): Record<string, unknown> {
  const text = body.toString("utf8");
  const form = text.startsWith("{") ? null : new URLSearchParams(text);
  const json = form ? form.get("payload") : text;
  if (json === null) return Object.fromEntries(form ?? []);
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

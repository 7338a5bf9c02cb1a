/** Reads recorded Slack deliveries: bytes → JSON → schema → the Bolt app → our events. */
import type { App } from "@slack/bolt";
import { ZodError, type z } from "zod";
import { describeError, UnparseableError } from "../errors.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Event, SubmissionEvent } from "../model/event.ts";
import { listen, type Received } from "./app.ts";
import { clickOf, ROLLBACK_MODAL } from "./elements.ts";
import { readModal } from "./interactions.ts";
import {
  type AnyPayload,
  anyPayload,
  clickPayload,
  commandPayload,
  messagePayload,
  submissionPayload,
} from "./payloads.ts";
import { botUserOf, COMMANDS } from "./words.ts";

/** What a delivery means. Throws UnparseableError when its bytes are not what Slack documents. */
type Reader = (delivery: Pick<Delivery, "body" | "event" | "receivedAtMs">) => Promise<Event[]>;

/**
 * Creates the reader. `load` gives a Bolt app without listeners; it is called at the first payload that is for us, and
 * again where that failed. `apiUrl` is SLACK_API_URL: where answers may be sent besides Slack's own hosts.
 */
export function createSlackReader(load: () => Promise<App>, apiUrl = "https://slack.com/api/"): Reader {
  let app: Promise<App> | undefined;

  async function loadOnce(): Promise<App> {
    const loaded = await load();
    listen(loaded);
    return loaded;
  }

  return async (delivery) => {
    const payload = parsePayload(delivery.body);
    const meaning = meaningOf(payload, delivery.event);
    if ("ignored" in meaning) return [{ type: "ignored", reason: meaning.ignored }];
    requireShape(payload, meaning);
    app ??= loadOnce().catch((error) => {
      app = undefined;
      throw error;
    });
    const events: Event[] = [];
    const received: Received = {
      reading: { receivedAtMs: delivery.receivedAtMs, apiUrl },
      emit: (event) => events.push(event),
    };
    // Slack was answered when the delivery was recorded, so there is nobody left to acknowledge it to.
    await (await app).processEvent({ body: payload, ack: async () => {}, customProperties: { received } });
    // Bolt may drop a payload with no more than a line for its log.
    if (events.length === 0) throw new Error(`Bolt handed ${meaning.name} to nobody`);
    return events;
  };
}

/**
 * What a dialog of ours says that was sent, read without Bolt: for the answer that cannot wait until the delivery is
 * worked off. Null where the body is none, or not of the shape that Slack documents.
 */
export function readSubmission(body: Uint8Array, receivedAtMs: number): SubmissionEvent | null {
  try {
    const payload = parsePayload(body);
    const meaning = meaningOf(payload, "");
    return "schema" in meaning && meaning.schema === submissionPayload ? readModal(payload, { receivedAtMs }) : null;
  } catch (error) {
    if (error instanceof UnparseableError || error instanceof ZodError) return null;
    throw error;
  }
}

/** What a payload is, as far as it is for us, or why it is not. Of other payloads nothing is used: Bolt never sees them. */
type Meaning = { readonly schema: z.ZodType; readonly name: string } | { readonly ignored: string };

function meaningOf(payload: Record<string, unknown>, event: string): Meaning {
  const { data } = anyPayload.safeParse(payload);
  if (data) {
    if (COMMANDS.test(data.command ?? "")) return { schema: commandPayload, name: "a slash command" };
    if (data.type === "event_callback") return meaningOfEvent(data);
    if (data.type === "view_submission" && data.view?.callback_id === ROLLBACK_MODAL) {
      return { schema: submissionPayload, name: "a dialog of ours" };
    }
    const clicks = data.type === "block_actions" ? (data.actions ?? []).map((it) => clickOf(it.action_id ?? "")) : [];
    if (clicks.includes("open")) return { ignored: "opened an address" };
    if (clicks.some((it) => it !== null)) return { schema: clickPayload, name: "a click on a button of ours" };
  }
  return { ignored: `Slipway has no use for Slack's ${event}` };
}

function meaningOfEvent(payload: AnyPayload): Meaning {
  const { event } = payload;
  const { type, channel_type, channel } = event ?? {};
  const isDirect = type === "message" && (channel_type === "im" || channel?.startsWith("D"));
  // Slack reports a mention in a direct message as a message, and that is enough.
  const isMention = type === "app_mention" && !channel?.startsWith("D");
  if (!event || !(isMention || isDirect)) return { ignored: "Slipway has no use for Slack's event" };
  const botUser = botUserOf(payload);
  if (event.bot_id || (botUser !== null && event.user === botUser)) return { ignored: "an app wrote it" };
  if (event.subtype) return { ignored: "it is no message of a person" };
  if (event.edited) return { ignored: "it was edited: what it said at first counts" };
  return { schema: messagePayload, name: isMention ? "a mention" : "a direct message" };
}

/** Interactions are JSON in a form's `payload`, events and whatever Socket Mode brings JSON, commands a form of their own. */
function parsePayload(body: Uint8Array): Record<string, unknown> {
  const text = Buffer.from(body).toString("utf8");
  const form = text.startsWith("{") ? null : new URLSearchParams(text);
  const json = form ? form.get("payload") : text;
  if (json === null) return Object.fromEntries(form ?? []);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    // The parser's own message quotes what it read.
    throw new UnparseableError("the payload is no JSON", { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UnparseableError("the payload is no JSON object");
}

function requireShape(payload: Record<string, unknown>, { schema, name }: Exclude<Meaning, { ignored: string }>): void {
  const read = schema.safeParse(payload);
  if (read.success) return;
  const issues = read.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "payload"}: ${issue.message}`);
  throw new UnparseableError(`not the shape of ${name}: ${describeError(issues.join("; "))}`);
}

/** Reads recorded Slack deliveries: bytes → JSON → schema → the Bolt app → our events. */
import type { App } from "@slack/bolt";
import { describeError, UnparseableError } from "../errors.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Event } from "../model/event.ts";
import { type Emit, listen } from "./app.ts";
import { anyPayload, CONSENT_ACTION, consentClick } from "./payloads.ts";

/** What a delivery means. Throws UnparseableError when its bytes are not what Slack documents. */
type Reader = (delivery: Pick<Delivery, "body" | "event">) => Promise<Event[]>;

/** Creates the reader. `load` gives a Bolt app without listeners; it is called at the first click on a button of ours. */
export function createSlackReader(load: () => Promise<App>): Reader {
  let app: Promise<App> | undefined;

  async function loadOnce(): Promise<App> {
    const loaded = await load();
    listen(loaded);
    return loaded;
  }

  return async (delivery) => {
    const payload = parsePayload(delivery);
    if (!isOurs(payload)) return [{ type: "ignored", reason: `Slipway has no use for Slack's ${delivery.event}` }];
    requireShape(payload);
    app ??= loadOnce();
    const events: Event[] = [];
    const emit: Emit = (event) => events.push(event);
    // Slack was answered when the delivery was recorded, so there is nobody left to acknowledge it to.
    await (await app).processEvent({ body: payload, ack: async () => {}, customProperties: { emit } });
    // Bolt may drop a payload with no more than a line for its log.
    if (events.length === 0) throw new Error("Bolt handed a click to nobody");
    return events;
  };
}

/** Whether a button of ours was used. Of other payloads nothing is used, so Bolt never sees them. */
function isOurs(payload: Record<string, unknown>): boolean {
  const { data } = anyPayload.safeParse(payload);
  return data?.type === "block_actions" && (data.actions ?? []).some((it) => CONSENT_ACTION.test(it.action_id ?? ""));
}

/** Interactions are JSON in a form's `payload`, events JSON, commands a form of their own. */
function parsePayload({ body }: Pick<Delivery, "body">): Record<string, unknown> {
  const text = Buffer.from(body).toString("utf8");
  const form = text.startsWith("{") ? null : new URLSearchParams(text);
  const json = form ? form.get("payload") : text;
  if (json === null) return Object.fromEntries(form ?? []);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new UnparseableError(`the payload is no JSON: ${describeError(error).slice(0, 200)}`, { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UnparseableError("the payload is no JSON object");
}

function requireShape(payload: Record<string, unknown>): void {
  const read = consentClick.safeParse(payload);
  if (read.success) return;
  const issues = read.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "payload"}: ${issue.message}`);
  throw new UnparseableError(`not the shape of a click on a button of ours: ${issues.join("; ")}`);
}

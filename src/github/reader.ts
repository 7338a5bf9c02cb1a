/** Reads recorded GitHub deliveries: bytes → JSON → schema → the Probot app → our events. */
import type { Probot } from "probot";
import type { z } from "zod";
import { describeError, UnparseableError } from "../errors.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Event } from "../model/event.ts";
import type { Emit } from "./app.ts";
import { payloadSchema } from "./payloads.ts";

/** What a delivery means. Throws UnparseableError when its bytes are not what GitHub documents. */
export type Reader = (delivery: Delivery) => Promise<Event[]>;

/** Creates the reader. `load` gives Probot with our app in it, which emits to the function it is given. */
export function createGithubReader(load: (emit: Emit) => Promise<Pick<Probot, "receive">>): Reader {
  const collected = new Map<string, Event[]>();
  const emit: Emit = (id, event) => collected.get(id)?.push(event);
  let probot: Promise<Pick<Probot, "receive">> | undefined;

  return async (delivery) => {
    const { schema, isUsed } = payloadSchema(delivery.event);
    const payload = parsePayload(delivery, schema);
    if (!isUsed) return [{ type: "ignored", reason: `Slipway has no use for ${delivery.event}` }];
    probot ??= load(emit);
    const { receive } = await probot;
    const guid = delivery.key.slice(delivery.key.indexOf("/") + 1);
    // Two hooks report one push under one GUID, perhaps at the same moment: the row's number keeps them apart.
    const id = `${guid}#${delivery.id}`;
    const events: Event[] = [];
    collected.set(id, events);
    try {
      await receive({ id, name: delivery.event, payload } as Parameters<Probot["receive"]>[0]);
    } finally {
      collected.delete(id);
    }
    return events;
  };
}

function parsePayload(delivery: Delivery, schema: z.ZodType): unknown {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(delivery.body).toString("utf8"));
  } catch (error) {
    throw new UnparseableError(`the body is no JSON: ${describeError(error).slice(0, 200)}`, { cause: error });
  }
  const read = schema.safeParse(json);
  if (read.success) return json;
  const issues = read.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "payload"}: ${issue.message}`);
  throw new UnparseableError(`not the shape of a ${delivery.event} payload: ${issues.join("; ")}`);
}

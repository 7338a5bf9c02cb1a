/** What a poll found, as a delivery: it takes the road of whatever a sender reports. */
import type { Debounce } from "../../model/content.ts";
import type { Delivery } from "../../model/delivery.ts";
import type { ContentChangedEvent } from "../../model/event.ts";
import { parseJson } from "../../model/received.ts";
import type { ResolvedSource } from "../../presets/resolve-source.ts";

/** What the event of such a delivery is called. */
export const POLL_EVENT = "poll";

/**
 * The delivery of a change: `updated` is what the sender says now, `sinceMs` when it last said something else. Found
 * again after a crash it is the same delivery; a value that comes back later is another one.
 */
export function pollDelivery(source: string, updated: string, sinceMs: number) {
  const since = new Date(sinceMs).toISOString();
  const body = Buffer.from(JSON.stringify({ updated, since }));
  return { source, key: `${POLL_EVENT} ${updated} since ${since}`, event: POLL_EVENT, body };
}

/** Whether a delivery is one of ours. What a sender sent always has a request with it, however it calls its event. */
export function isPollDelivery({ event, key, request, body }: Delivery): boolean {
  const ours = event === POLL_EVENT && key.startsWith(`${POLL_EVENT} `) && (request ?? null) === null;
  return ours && typeof parseJson(Buffer.from(body)) === "object";
}

/** What it means: the sites of every route that rebuilds are built anew, since nobody can tell which event got lost. */
export function pollEvents(source: ResolvedSource, delivery: Pick<Delivery, "id">): ContentChangedEvent[] {
  return source.routes.flatMap(({ rebuild }, index) => {
    if (!rebuild) return [];
    const { sites, quiet, longest } = rebuild;
    const debounce: Partial<Debounce> = {
      ...(quiet !== undefined && { quietMs: quiet }),
      ...(longest !== undefined && { longestMs: longest }),
    };
    const cause = `${source.name} ${delivery.id}.${index}`;
    return [{ type: "content_changed", source: source.label, titles: [], by: null, sites, debounce, cause }];
  });
}

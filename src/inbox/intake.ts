/** Everything that arrives is verified, recorded, then answered. Nothing is worked on inside a request. */
import { hash } from "node:crypto";
import { describeError } from "../errors.ts";
import { type HttpAnswer, plainAnswer, type Route } from "../http/server.ts";
import type { Log } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import type { Source } from "../sources/source.ts";
import { recordDelivery } from "../store/deliveries.ts";
import type { Store } from "../store/store.ts";

export type Intake = {
  readonly routes: readonly Route[];
  /** About how many deliveries came in the last 50 ms. */
  recent(): number;
};

/** Creates the routes that take deliveries, one for each source. */
export function createIntake(deps: { store: Store; queue: Queue; log: Log; sources: readonly Source[] }): Intake {
  const { store, queue, log } = deps;
  const recent = createRecentCount();

  async function take(source: Source, request: Parameters<Route["handle"]>[0]): Promise<HttpAnswer> {
    const named = source.readHeaders(request.headers);
    const body = await request.body(source.maxBytes);
    source.verify(request.headers, body);
    const arrival = named ?? source.readBody?.(body);
    if (!arrival) throw new Error(`${source.name} names its deliveries neither in headers nor in bodies`);
    if ("answer" in arrival) return accepted(arrival.answer, "text/plain; charset=utf-8");
    const { key, event } = arrival;
    const digest = hash("sha256", body, "hex");
    const receivedAtMs = Date.now();
    const delivery = { source: source.name, key, event, digest, body, receivedAtMs };
    let verdict: string;
    try {
      ({ verdict } = await store.transact((tx) => recordDelivery(tx, delivery), { bytes: body.length }));
    } catch (error) {
      log.error(
        { key, error: describeError(error) },
        "a delivery could not be recorded; its sender was told to come again",
      );
      return { ...plainAnswer(503, "try again later"), headers: { "retry-after": "30" } };
    }
    if (verdict === "conflict") log.warn({ key, event }, "a known id came with other bytes; the first ones stand");
    if (verdict !== "duplicate" && verdict !== "conflict") queue.nudge("deliveries");
    return accepted(source.answer, source.answer ? "application/json" : "text/plain; charset=utf-8");
  }

  const routeFor = (source: Source): Route => ({
    method: "POST",
    path: source.path,
    handle(request) {
      recent.add();
      return take(source, request);
    },
  });

  return { routes: deps.sources.map(routeFor), recent: recent.now };
}

const accepted = (body: string, type: HttpAnswer["type"]): HttpAnswer => ({ status: 200, type, body });

/** Over how long arrivals are counted. */
const RECENT_MS = 50;

/** Counts arrivals, the older the less: after RECENT_MS one counts for a third. */
function createRecentCount() {
  let count = 0;
  let atMs = performance.now();
  function now(): number {
    const ms = performance.now();
    count *= Math.exp((atMs - ms) / RECENT_MS);
    atMs = ms;
    return count;
  }
  return {
    now,
    add() {
      count = now() + 1;
    },
  };
}

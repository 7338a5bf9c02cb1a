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
  /** How many deliveries are being taken this moment, and when the last one came (performance.now()). */
  load(): { readonly underWay: number; readonly lastMs: number };
};

const ACCEPTED: HttpAnswer = { status: 200, type: "application/json", body: '{"ok":true}' };

/** Creates the routes that take deliveries, one for each source. */
export function createIntake(deps: { store: Store; queue: Queue; log: Log; sources: readonly Source[] }): Intake {
  const { store, queue, log } = deps;
  let underWay = 0;
  let lastMs = 0;

  async function take(source: Source, request: Parameters<Route["handle"]>[0]): Promise<HttpAnswer> {
    const { key, event } = source.readHeaders(request.headers);
    const body = await request.body(source.maxBytes);
    source.verify(request.headers, body);
    const digest = hash("sha256", body, "hex");
    const receivedAtMs = Date.now();
    const delivery = { source: source.name, key, event, digest, body, receivedAtMs };
    let verdict: string;
    try {
      ({ verdict } = await store.transact((tx) => recordDelivery(tx, delivery), body.length));
    } catch (error) {
      log.error(
        { key, error: describeError(error) },
        "a delivery could not be recorded; its sender was told to come again",
      );
      return { ...plainAnswer(503, "try again later"), headers: { "retry-after": "30" } };
    }
    if (verdict === "suspected_replay")
      log.warn({ key, event }, "bytes seen before came under a new id: suspected replay");
    if (verdict === "conflict") log.warn({ key, event }, "a known id came with other bytes; the first ones stand");
    if (verdict !== "duplicate" && verdict !== "conflict") queue.nudge("deliveries");
    return ACCEPTED;
  }

  const routeFor = (source: Source): Route => ({
    method: "POST",
    path: source.path,
    async handle(request) {
      underWay++;
      lastMs = performance.now();
      try {
        return await take(source, request);
      } finally {
        underWay--;
      }
    },
  });

  return { routes: deps.sources.map(routeFor), load: () => ({ underWay, lastMs }) };
}

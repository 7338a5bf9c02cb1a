/** Everything that arrives is verified, recorded, then answered. Nothing is worked on inside a request. */
import { hash } from "node:crypto";
import { describeError } from "../errors.ts";
import { type HttpAnswer, plainAnswer, type Route } from "../http/server.ts";
import type { Log } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import type { Arrival, Source } from "../sources/source.ts";
import { recordDelivery } from "../store/deliveries.ts";
import type { Store } from "../store/store.ts";

export type Intake = {
  readonly routes: readonly Route[];
  /** About how many deliveries came in the last 50 ms. */
  recent(): number;
  /**
   * Takes what came another way than over HTTP, once its sender is known. Resolves after the commit with what the sender
   * is to be answered; throws where it could not be recorded, so that it comes again.
   */
  receive(arrived: Arrived): Promise<string>;
};

/** What arrived from a source, verified. */
type Arrived = Arrival & { readonly source: string; readonly body: Buffer };

/** Forms the answer to a delivery where it cannot wait for the inbox; `id` is its number. Never throws. */
export type AnswerAtOnce = (arrived: Arrived, delivery: { id: number; receivedAtMs: number }) => Promise<string>;

export type IntakeDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly log: Log;
  readonly sources: readonly Source[];
  readonly answerAtOnce?: AnswerAtOnce;
};

/** Creates the routes that take deliveries, one for each source. */
export function createIntake(deps: IntakeDeps): Intake {
  const { store, queue, log } = deps;
  const recent = createRecentCount();

  /** Records it and has it worked on. Answers with what is to be answered at once, "" mostly. */
  async function receive(arrived: Arrived): Promise<string> {
    const { source, key, event, body } = arrived;
    const receivedAtMs = Date.now();
    const delivery = { source, key, event, digest: hash("sha256", body, "hex"), body, receivedAtMs };
    const { verdict, id } = await store.transact((tx) => recordDelivery(tx, delivery), { bytes: body.length });
    if (verdict === "conflict") log.warn({ key, event }, "a known id came with other bytes; the first ones stand");
    const isWork = verdict !== "duplicate" && verdict !== "conflict";
    const answer = (isWork && (await deps.answerAtOnce?.(arrived, { id, receivedAtMs }))) || "";
    if (isWork) queue.nudge("deliveries");
    return answer;
  }

  async function take(source: Source, request: Parameters<Route["handle"]>[0]): Promise<HttpAnswer> {
    const named = source.readHeaders(request.headers);
    const body = await request.body(source.maxBytes);
    source.verify(request.headers, body);
    const arrival = named ?? source.readBody?.(body);
    if (!arrival) throw new Error(`${source.name} names its deliveries neither in headers nor in bodies`);
    if ("answer" in arrival) return accepted(arrival.answer, "text/plain; charset=utf-8");
    const { key, event } = arrival;
    try {
      const answer = (await receive({ source: source.name, key, event, body })) || source.answer;
      return accepted(answer, answer ? "application/json" : "text/plain; charset=utf-8");
    } catch (error) {
      log.error(
        { key, error: describeError(error) },
        "a delivery could not be recorded; its sender was told to come again",
      );
      return { ...plainAnswer(503, "try again later"), headers: { "retry-after": "30" } };
    }
  }

  const routeFor = (source: Source): Route => ({
    method: "POST",
    path: source.path,
    handle(request) {
      recent.add();
      return take(source, request);
    },
  });

  return {
    routes: deps.sources.map(routeFor),
    recent: recent.now,
    receive(arrived) {
      recent.add();
      return receive(arrived);
    },
  };
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

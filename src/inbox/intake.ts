/** Everything that arrives is verified, recorded, then answered. Nothing is worked on inside a request. */
import { hash } from "node:crypto";
import { describeError, SenderError } from "../errors.ts";
import { type HttpAnswer, type HttpRequest, plainAnswer, type Route } from "../http/server.ts";
import type { Log } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import type { Arrival, Proof, Source } from "../sources/source.ts";
import { recordDelivery } from "../store/record-delivery.ts";
import type { Store } from "../store/store.ts";
import type { Door } from "./door.ts";

export type Intake = {
  readonly routes: readonly Route[];
  /** About how many deliveries came in the last 50 ms. */
  recent(): number;
  /**
   * Takes what came another way than over HTTP, once its sender is known. Resolves after the commit; throws where it
   * could not be recorded, so that it comes again.
   */
  receive(arrived: Arrived): Promise<Taken>;
};

/** What arrived from a source, verified. */
type Arrived = Arrival & {
  readonly source: string;
  readonly body: Buffer;
  /** The reference of the secret that it was signed with. */
  readonly matched?: string | null;
};

/** The number of the delivery, and with what it is to be answered at once; "" mostly. */
type Taken = { readonly id: number; readonly answer: string };

/** Forms the answer to a delivery where it cannot wait for the inbox; `id` is its number. Never throws. */
export type AnswerAtOnce = (arrived: Arrived, delivery: { id: number; receivedAtMs: number }) => Promise<string>;

export type IntakeDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly log: Log;
  readonly sources: readonly Source[];
  readonly door: Door;
  readonly answerAtOnce?: AnswerAtOnce;
  /** Told of each verified delivery and which secret it was signed with. */
  readonly onProof?: (source: string, proof: Proof) => void;
};

/** Creates the routes that take deliveries, one for each source and method. */
export function createIntake(deps: IntakeDeps): Intake {
  const { store, queue, log, door } = deps;
  const recent = createRecentCount();

  /** Records it and has it worked on. */
  async function receive(arrived: Arrived): Promise<Taken> {
    const { source, key, event, body, keptBody, request, matched, bodyMayChange, windowMs } = arrived;
    const receivedAtMs = Date.now();
    // Where there are no bytes, what was asked for is all there is to tell deliveries apart by.
    const digest = hash("sha256", body.length > 0 ? body : (request?.query ?? ""), "hex");
    const kept = { request: request ?? null, matched: matched ?? null };
    const delivery = { source, key, event, digest, body: keptBody ?? body, receivedAtMs, ...kept };
    const identity = { ...(bodyMayChange && { bodyMayChange }), ...(windowMs !== undefined && { windowMs }) };
    const { verdict, id } = await store.transact((tx) => recordDelivery(tx, delivery, identity), {
      bytes: body.length,
    });
    if (verdict === "conflict") log.warn({ key, event }, "a known id came with other bytes; the first ones stand");
    const isWork = verdict === "new" || verdict === "revived";
    const answer = (isWork && (await deps.answerAtOnce?.(arrived, { id, receivedAtMs }))) || "";
    // A conflict does nothing, and is told.
    if (verdict !== "duplicate") queue.nudge("deliveries");
    return { id, answer };
  }

  /** What the body says of the delivery. What is verified and has no name is refused, and remembered as that. */
  async function arrivalOf(source: Source, request: HttpRequest, body: Buffer) {
    try {
      return await source.readBody?.(request, body);
    } catch (error) {
      if (error instanceof SenderError) door.turnedAway(source.name, request, error.status);
      throw error;
    }
  }

  async function take(source: Source, request: HttpRequest): Promise<HttpAnswer> {
    const entered = await door.enter(source, request);
    if ("answer" in entered) return entered.answer;
    const { named, body, proof } = entered;
    deps.onProof?.(source.name, proof);
    const arrival = named ?? (await arrivalOf(source, request, body));
    if (!arrival) throw new Error(`${source.name} names its deliveries neither in headers nor in bodies`);
    if ("answer" in arrival) {
      const { answer } = arrival;
      if (typeof answer === "string") return { status: 200, type: "text/plain; charset=utf-8", body: answer };
      if (answer.status >= 400) door.turnedAway(source.name, request, answer.status);
      return answer;
    }
    try {
      const taken = await receive({ ...arrival, source: source.name, body, matched: proof.matched });
      if (taken.answer) return { status: 200, type: "application/json", body: taken.answer };
      return source.answer(taken.id, request);
    } catch (error) {
      log.error(
        { key: arrival.key, error: describeError(error) },
        "a delivery could not be recorded; its sender was told to come again",
      );
      const answer = source.refuse?.(request, "unavailable");
      return answer ?? { ...plainAnswer(503, "try again later"), headers: { "retry-after": "30" } };
    }
  }

  const routesFor = (source: Source): Route[] =>
    (source.methods ?? ["POST"]).map((method) => ({
      method,
      path: source.path,
      // Only who knows the secret in its path is told anything of it.
      isFallback: source.knowsPath !== undefined,
      handle(request) {
        recent.add();
        return take(source, request);
      },
    }));

  const preflights = deps.sources.flatMap(({ path, preflight }): Route[] =>
    preflight ? [{ method: "OPTIONS", path, handle: async (request) => preflight(request) }] : [],
  );

  return {
    // The last ones take what no source takes.
    routes: [...deps.sources.flatMap(routesFor), ...preflights, ...knocks(deps.sources, door)],
    recent: recent.now,
    receive(arrived) {
      recent.add();
      return receive(arrived);
    },
  };
}

/** What is asked of sources that there are not, and of those that there are in another way than they take. */
function knocks(sources: readonly Source[], door: Door): Route[] {
  const known = new Map(sources.map((source) => [source.path.replace(/\/:token$/, ""), source]));
  const handle = async (request: HttpRequest): Promise<HttpAnswer> => {
    const name = request.params.source ?? "";
    const source = known.get(`/hooks/${name}`);
    const { methods = ["POST"] } = source ?? {};
    const isMethod = methods.some((it) => it === request.method);
    // Who does not know the secret in the path learns nothing of the source, either.
    if (source && !isMethod && source.knowsPath?.(request) !== false) {
      door.turnedAway(name, request, 405);
      return { ...plainAnswer(405, "method not allowed"), headers: { allow: methods.join(", ") } };
    }
    return door.knock(name, request);
  };
  return (["POST", "GET", "PUT"] as const).flatMap((method) =>
    ["/hooks/:source", "/hooks/:source/:token"].map((path) => ({ method, path, handle, isFallback: true })),
  );
}

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

/**
 * Works off the inbox: claims recorded deliveries, has them read into events, lets the handlers decide, and saves the
 * effects in the transaction that finishes the delivery. A burst that arrives goes first: dispatch waits for it.
 */
import type { Config } from "../config/schema.ts";
import { describeError, OperatorError, PermanentError, UnparseableError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Event } from "../model/event.ts";
import { type Telling, tellNotice } from "../notify/tell.ts";
import { createLoop, type Loop } from "../queue/loop.ts";
import type { Queue } from "../queue/queue.ts";
import { claimDeliveries, earlierTwin, finishDelivery, postponeDelivery } from "../store/deliveries.ts";
import type { Store } from "../store/store.ts";
import { isOwnMessage } from "../store/webhooks-out.ts";
import type { Tx, Work } from "../store/work.ts";
import { applyEffects } from "./apply-effects.ts";
import { accessNeeded, siteAskedAbout } from "./asked-facts.ts";
import { decide } from "./decide.ts";
import type { Intake } from "./intake.ts";
import { type Asker, isAsking, lookUpPerson, type NeededAccess, type PeopleDeps } from "./look-up-person.ts";

/** Reads a delivery of one source into events. Throws UnparseableError. */
export type Reader = (delivery: Delivery) => Promise<Event[]>;

export type DispatchDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly log: Log;
  readonly config: Config;
  readonly telling: Telling;
  readonly readers: ReadonlyMap<string, Reader>;
  /** The sources whose ids anybody can change who has a delivery: the same bytes under another id may be a replay. */
  readonly unsignedIds?: ReadonlySet<string>;
  /** Where to learn who somebody is. */
  readonly people: Omit<PeopleDeps, "config">;
  /** This process, as claims name it. */
  readonly boot: string;
  readonly recent: Intake["recent"];
};

/**
 * What a power cut undoes here is simply done again: nothing is told or deployed before a later commit, the claim of
 * the outbox or of the deployment, is on disk. So a delivery costs the intake one wait for the disk, its own.
 */
const LAZY = { isLazy: true } as const;
const BATCH = 256;
/** While a burst arrives, so little at a time that none of its deliveries waits long behind it. */
const BATCH_IN_A_BURST = 16;
const LEASE_MS = 60_000;
/** After this many tries a delivery is given up; with the backoff below that is about half an hour. */
const MAX_ATTEMPTS = 8;
/** So many deliveries in 50 ms are a burst: some 300 a second. */
const BURST = 15;
const LOOK_EVERY_MS = 20;
/** But a stream that never ends must not starve the backlog: after this long some of it is worked off all the same. */
const MAX_YIELD_MS = 1000;

/** Starts to work off the inbox; `stop` finishes the batch under way. */
export function startDispatch(deps: DispatchDeps): Loop {
  const { store, queue } = deps;

  async function round(): Promise<number | undefined> {
    const isBurst = await yieldToIntake(deps.recent);
    const nowMs = Date.now();
    const claim = { boot: deps.boot, nowMs, untilMs: nowMs + LEASE_MS, limit: isBurst ? BATCH_IN_A_BURST : BATCH };
    const batch = await store.transact((tx) => claimDeliveries(tx, claim), LAZY);
    // Side by side, so that they share commits. Should two pushes change places: the branch's head decides, not they.
    const ends = await Promise.all(batch.map((delivery) => workOff(deps, delivery)));
    if (ends.includes("done")) {
      queue.nudge("deployments");
      queue.nudge("outbox");
    }
    return batch.length === claim.limit ? 0 : undefined;
  }

  return createLoop({ name: "dispatch", log: deps.log, queue, topic: "deliveries", round });
}

/** Waits for the end of a burst, though not for ever; answers whether it still goes on. */
async function yieldToIntake(recent: Intake["recent"]): Promise<boolean> {
  const startMs = performance.now();
  while (recent() >= BURST) {
    if (performance.now() - startMs > MAX_YIELD_MS) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return false;
}

/** What became of a delivery, as far as it decides whether others are nudged. */
type End = "skipped" | "done";

async function workOff(deps: DispatchDeps, delivery: Delivery): Promise<End> {
  const { store, telling, config, log } = deps;
  try {
    if (delivery.verdict === "conflict" && delivery.releasedBy === null) return await endConflict(deps, delivery);
    const read = deps.readers.get(delivery.source);
    if (!read) throw new UnparseableError(`no source ${delivery.source} is configured`);
    const events = await read(delivery);
    const asked = await Promise.all(events.map(async (event) => ({ event, asker: await lookUp(deps, event) })));
    const moment = { nowMs: Date.now(), random: Math.random, cause: String(delivery.id) };
    const { outcome, replay } = await store.transact(function* (tx) {
      const ended = yield* endOwnMessage(tx, delivery, moment.nowMs);
      if (ended) return ended;
      const held = yield* holdReplay(tx, deps, delivery, { events, nowMs: moment.nowMs });
      if (held) return held;
      const sentences: string[] = [];
      for (const { event, asker } of asked) {
        const effects = yield* decide(tx, config, event, { asker, nowMs: moment.nowMs });
        sentences.push(...(yield* applyEffects(tx, { config, telling }, effects, moment)));
      }
      const end = { state: "done", outcome: sentences, nowMs: moment.nowMs } as const;
      return { outcome: sentences, replay: yield* finishDelivery(tx, delivery, end) };
    }, LAZY);
    warnOfReplay(log, replay);
    // What was held is worked off now.
    if (events.some((event) => event.type === "click" && event.click === "run")) deps.queue.nudge("deliveries");
    log.info({ delivery: delivery.key, event: delivery.event }, outcome.join("; "));
    return outcome.every((it) => it.startsWith("skipped")) ? "skipped" : "done";
  } catch (error) {
    await giveBack(deps, delivery, error);
    return "done";
  }
}

type Ended = { readonly outcome: readonly string[]; readonly replay: number | null };

/**
 * Ends a delivery that Slipway sent itself, to an address that leads back here: a rebuild that it causes would be told in
 * the same way, and cause the next one. Null for all others.
 */
function* endOwnMessage(tx: Tx, delivery: Delivery, nowMs: number): Work<Ended | null> {
  if (delivery.releasedBy !== null || !(yield* isOwnMessage(tx, delivery.key))) return null;
  const outcome = ["skipped: Slipway itself sent this (webhooks in slipway.yaml), and does not answer itself"];
  return { outcome, replay: yield* finishDelivery(tx, delivery, { state: "done", outcome, nowMs }) };
}

/**
 * Holds a delivery of bytes that were seen before under another id, where that id was not signed and doing the same
 * twice would be noticed. Null where it may go on.
 */
function* holdReplay(
  tx: Tx,
  { unsignedIds, telling }: DispatchDeps,
  delivery: Delivery,
  { events, nowMs }: { readonly events: readonly Event[]; readonly nowMs: number },
): Work<Ended | null> {
  if (!unsignedIds?.has(delivery.source) || delivery.releasedBy !== null || !events.some(isOnceOnly)) return null;
  const twin = yield* earlierTwin(tx, delivery);
  if (twin === undefined) return null;
  const reason = `the same bytes came before, as delivery ${twin}, and their id is not signed: this may be a replay`;
  const { id, source, event, key: deliveryKey } = delivery;
  yield* finishDelivery(tx, delivery, { state: "held", outcome: [reason], nowMs });
  const hasButtons = telling.hasButtons ?? false;
  const notice = { about: "held", id, hasButtons, source, event, deliveryKey, reason } as const;
  yield* tellNotice(tx, telling, notice, String(id), nowMs);
  return { outcome: [`held: ${reason}`], replay: id };
}

/** Rebuilds join, and alerts are known by their own times; a deployment or a note is made anew each time. */
function isOnceOnly({ type }: Event): boolean {
  return type === "git_push" || type === "deploy_asked" || type === "note";
}

/** Other bytes under a known id do nothing. The operator is told: one of the two is not what it says it is. */
async function endConflict({ store, telling, log }: DispatchDeps, delivery: Delivery): Promise<End> {
  const { id, source, event, key: deliveryKey } = delivery;
  const reason = "its id is known, with other bytes; the first ones stand, and these did nothing";
  const nowMs = Date.now();
  await store.transact(function* (tx): Work<void> {
    yield* finishDelivery(tx, delivery, { state: "done", outcome: [`skipped: ${reason}`], nowMs });
    const hasButtons = telling.hasButtons ?? false;
    const notice = { about: "conflict", id, hasButtons, source, event, deliveryKey, reason } as const;
    yield* tellNotice(tx, telling, notice, String(id), nowMs);
  });
  log.warn({ delivery: deliveryKey, event }, reason);
  return "done";
}

/** Whoever asks for something; null where the event is nobody's request. */
async function lookUp(deps: DispatchDeps, event: Event): Promise<Asker | null> {
  if (!isAsking(event)) return null;
  const access = await deps.store.transact(function* (tx): Work<NeededAccess> {
    const site = yield* siteAskedAbout(tx, deps.config, event);
    return yield* accessNeeded(tx, deps.config, event, site);
  }, LAZY);
  return lookUpPerson({ config: deps.config, ...deps.people }, event, access);
}

/** A delivery that could not be worked off: unparseable, to be tried again, or dead. */
async function giveBack(deps: DispatchDeps, delivery: Delivery, error: unknown): Promise<void> {
  const { store, log } = deps;
  const reason = describeError(error);
  const nowMs = Date.now();
  const isUnparseable = error instanceof UnparseableError;
  // What an operator can mend may be mended meanwhile.
  const isHopeless = error instanceof PermanentError && !(error instanceof OperatorError);
  if (!isHopeless && delivery.attempts < MAX_ATTEMPTS) {
    const waitMs = Math.min(1000 * 4 ** (delivery.attempts - 1), 600_000);
    log.warn(
      { delivery: delivery.key, error: reason, waitMs },
      "a delivery could not be worked off; it is tried again",
    );
    await store.transact((tx) => postponeDelivery(tx, delivery.id, nowMs + waitMs, reason));
    return;
  }
  const state = isUnparseable ? "unparseable" : "dead";
  log.error({ delivery: delivery.key, event: delivery.event, error: reason }, `a delivery is ${state}`);
  warnOfReplay(log, await store.transact((tx) => giveUp(tx, deps.telling, delivery, { state, reason, nowMs })));
}

function* giveUp(
  tx: Tx,
  telling: Telling,
  delivery: Delivery,
  { state, reason, nowMs }: { state: "unparseable" | "dead"; reason: string; nowMs: number },
): Work<number | null> {
  const replay = yield* finishDelivery(tx, delivery, { state, outcome: [reason], nowMs });
  const { source, event, key: deliveryKey } = delivery;
  yield* tellNotice(tx, telling, { about: state, source, event, deliveryKey, reason }, String(delivery.id), nowMs);
  return replay;
}

function warnOfReplay(log: Log, replay: number | null): void {
  if (replay !== null) log.warn({ delivery: replay }, "bytes seen before came under a new id: suspected replay");
}

/** To keep a site as it is, and to let it go on: pauses hold what nobody asked for by name, locks hold everything. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { type Hold, holdOf, whoAndWhy } from "../model/site.ts";
import { tellDeployment, tellNotice } from "../notify/tell.ts";
import { runningOf } from "../store/deployments.ts";
import { settleWaiting } from "../store/settle-waiting.ts";
import { findSite, type SiteState, setLocked, setPaused } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { asking, type OperationDeps, requireSite, words } from "./operation.ts";

/** What a pause, a lock or its end changed. */
export type HoldsChanged = {
  /** Those that were queued, held or superseded by it. */
  readonly changed: readonly Deployment[];
  /** The one that runs: nothing stops it but `cancel`. */
  readonly running: Deployment | null;
  /** What keeps the site from deploying all the same; null where nothing does. */
  readonly still: string | null;
};

const ofSite = { name: z.string().min(1).max(300), ...asking };
const starting = z.strictObject({ ...ofSite, reason: words(300).optional() });
const ending = z.strictObject(ofSite);

/** Holds pushes and changes of content; commands still work. Throws PermanentError where it is paused already. */
export function pause(deps: OperationDeps, input: unknown): Promise<HoldsChanged> {
  return start(deps, input, { kind: "paused", set: setPaused, about: "site_paused" });
}

/** Ends a pause. What was held deploys the head of the branch. Throws PermanentError where there is none. */
export function resume(deps: OperationDeps, input: unknown): Promise<HoldsChanged> {
  return end(deps, input, { kind: "paused", set: setPaused, about: "site_resumed" });
}

/** Holds everything, commands too, until it is unlocked. Throws PermanentError where somebody has locked it already. */
export function lock(deps: OperationDeps, input: unknown): Promise<HoldsChanged> {
  return start(deps, input, { kind: "locked", set: setLocked, about: "site_locked" });
}

/** Ends a lock, whoever made it. Throws PermanentError where there is none. */
export function unlock(deps: OperationDeps, input: unknown): Promise<HoldsChanged> {
  return end(deps, input, { kind: "locked", set: setLocked, about: "site_unlocked" });
}

type Kind = {
  readonly kind: "paused" | "locked";
  readonly set: typeof setPaused;
  readonly about: "site_paused" | "site_resumed" | "site_locked" | "site_unlocked";
};

function start(deps: OperationDeps, input: unknown, { kind, set, about }: Kind): Promise<HoldsChanged> {
  const { name, by, reason = "" } = starting.parse(input);
  requireSite(deps, name);
  const nowMs = Date.now();
  const hold: Hold = { by: by || SOMEBODY, reason: reason || null, atMs: nowMs };
  return change(deps, name, { about, reason: `by ${whoAndWhy(hold)}`, nowMs }, function* (tx, state) {
    const present = state?.[kind];
    if (present) throw new PermanentError(`${name} is ${kind} already, by ${whoAndWhy(present)}`);
    yield* set(tx, name, hold);
  });
}

function end(deps: OperationDeps, input: unknown, { kind, set, about }: Kind): Promise<HoldsChanged> {
  const { name, by } = ending.parse(input);
  requireSite(deps, name);
  const nowMs = Date.now();
  return change(deps, name, { about, reason: `by ${by || SOMEBODY}`, nowMs }, function* (tx, state) {
    if (!state?.[kind]) throw new PermanentError(notHeld(name, kind, state));
    yield* set(tx, name, null);
  });
}

const SOMEBODY = "somebody on the command line";

/** What to do instead, where something else holds the site. */
function notHeld(name: string, kind: "paused" | "locked", state: SiteState | undefined): string {
  const other =
    kind === "locked"
      ? state?.paused && `it is paused by ${whoAndWhy(state.paused)}; \`slipway resume ${name}\` ends that`
      : state?.locked && `it is locked by ${whoAndWhy(state.locked)}; \`slipway unlock ${name}\` ends that`;
  const away = state?.githubPause && `it does not deploy since ${state.githubPause}, which GitHub ends`;
  return [`${name} is not ${kind}`, other || away].filter(Boolean).join("; ");
}

async function change(
  { store, queue, telling }: OperationDeps,
  site: string,
  { about, reason, nowMs }: Pick<Kind, "about"> & { reason: string; nowMs: number },
  work: (tx: Tx, state: SiteState | undefined) => Work<void>,
): Promise<HoldsChanged> {
  const cause = `command ${randomUUID()}`;
  const result = await store.transact(function* (tx): Work<HoldsChanged> {
    yield* work(tx, yield* findSite(tx, site));
    const changed = yield* settleWaiting(tx, site, nowMs);
    for (const deployment of changed) yield* tellDeployment(tx, telling, deployment, { nowMs });
    yield* tellNotice(tx, telling, { about, site, reason }, cause, nowMs);
    const still = yield* findSite(tx, site);
    return {
      changed,
      running: (yield* runningOf(tx, site)) ?? null,
      still: still ? holdOf(site, still, "push") : null,
    };
  });
  queue.nudge("deployments");
  queue.nudge("outbox");
  return result;
}

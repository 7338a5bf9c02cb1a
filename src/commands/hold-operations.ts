/** Pauses and locks, from the command line. */
import { z } from "zod";
import { deedText } from "./deed-text.ts";
import { type HoldsChanged, holdSays, holdSite, releaseSite } from "./hold-site.ts";
import { asking, named, type OperationDeps, perform, words } from "./operation.ts";

const ending = z.strictObject({ ...named, ...asking });
const starting = ending.extend({ reason: words(300).optional(), forMs: z.int().positive().optional() });

/** Holds pushes and changes of content; commands still work. Throws PermanentError where it is paused already. */
export const pause = (deps: OperationDeps, input: unknown) => start(deps, input, "pause");

/** Ends a pause. What was held deploys the head of the branch. Throws PermanentError where there is none. */
export const resume = (deps: OperationDeps, input: unknown) => end(deps, input, "resume");

/** Holds everything, commands too, until it is unlocked. Throws PermanentError where somebody has locked it already. */
export const lock = (deps: OperationDeps, input: unknown) => start(deps, input, "lock");

/** Ends a lock, whoever made it. Throws PermanentError where there is none. */
export const unlock = (deps: OperationDeps, input: unknown) => end(deps, input, "unlock");

function start(deps: OperationDeps, input: unknown, kind: "pause" | "lock"): Promise<HoldsChanged> {
  const { name, by, reason = "", forMs } = starting.parse(input);
  const nowMs = Date.now();
  const deed = { kind, reason: reason || null, untilMs: forMs === undefined ? null : nowMs + forMs };
  const about = { site: name, by, verb: kind, what: deedText(deed, nowMs) };
  return perform(deps, about, function* (tx, asked, moment) {
    const result = yield* holdSite(tx, deps, deed, asked, moment);
    return { result, says: holdSays(name, kind, result, moment.nowMs), deployment: null };
  });
}

function end(deps: OperationDeps, input: unknown, kind: "resume" | "unlock"): Promise<HoldsChanged> {
  const { name, by } = ending.parse(input);
  return perform(deps, { site: name, by, verb: kind, what: kind }, function* (tx, asked, moment) {
    const result = yield* releaseSite(tx, deps, { kind }, asked, moment);
    return { result, says: holdSays(name, kind, result, moment.nowMs), deployment: null };
  });
}

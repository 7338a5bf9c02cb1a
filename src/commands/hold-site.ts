/** To keep a site as it is, and to let it go on: pauses hold what nobody asked for by name, locks hold everything. */
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { type Hold, holdOf, isOver, untilText, whoAndWhy } from "../model/site.ts";
import { tellNotice } from "../notify/tell.ts";
import { runningOf } from "../store/deployments.ts";
import { settleWaiting } from "../store/settle-waiting.ts";
import { findSite, listSites, lockSite, type SiteState, setLocked, setPaused } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { type DeedAsked, type DeedContext, type DeedMoment, requireSite, tellAll } from "./deed-context.ts";

/** What a pause, a lock or its end changed. */
export type HoldsChanged = {
  /** Those that were queued, held or superseded by it. */
  readonly changed: readonly Deployment[];
  /** The one that runs: nothing stops it but `cancel`. */
  readonly running: Deployment | null;
  /** What keeps the site from deploying all the same; null where nothing does. */
  readonly still: string | null;
  /** When it ends by itself, in milliseconds since 1970; null: when somebody ends it, or it has ended. */
  readonly untilMs: number | null;
};

const STARTS = {
  pause: { hold: "paused", set: setPaused, about: "site_paused" },
  lock: { hold: "locked", set: setLocked, about: "site_locked" },
} as const;
const ENDS = {
  resume: { hold: "paused", set: setPaused, about: "site_resumed" },
  unlock: { hold: "locked", set: setLocked, about: "site_unlocked" },
} as const;

/** A hold is for days, not for ever: whoever wants that names no end. */
const MAX_FOR_MS = 366 * 86_400_000;

/**
 * Holds pushes and changes of content (pause), or everything, commands too (lock), for a while or until somebody ends
 * it. Throws PermanentError where it is held so already.
 */
export function* holdSite(
  tx: Tx,
  context: DeedContext,
  deed: { readonly kind: "pause" | "lock"; readonly reason: string | null; readonly untilMs: number | null },
  asked: DeedAsked,
  moment: Pick<DeedMoment, "nowMs">,
): Work<HoldsChanged> {
  requireSite(context, asked.site);
  const { hold: kind, set, about } = STARTS[deed.kind];
  const { untilMs } = deed;
  const { nowMs } = moment;
  if (untilMs !== null && (untilMs <= nowMs || untilMs > nowMs + MAX_FOR_MS))
    throw new PermanentError(`a ${deed.kind} ends in the future and within a year, or when somebody ends it`);
  const present = (yield* findSite(tx, asked.site))?.[kind];
  if (present && !isOver(present, nowMs))
    throw new PermanentError(`${asked.site} is ${kind} already, by ${whoAndWhy(present)}`);
  const hold: Hold = { by: asked.by, reason: deed.reason || null, atMs: nowMs, ...(untilMs !== null && { untilMs }) };
  yield* set(tx, asked.site, hold);
  const told = { about, site: asked.site, reason: `by ${whoAndWhy(hold)}` };
  return { ...(yield* settle(tx, context, told, asked.cause, moment)), untilMs };
}

/** Ends a pause or a lock, whoever made it. What was held deploys the head. Throws PermanentError where there is none. */
export function* releaseSite(
  tx: Tx,
  context: DeedContext,
  { kind, reason = null }: { readonly kind: "resume" | "unlock"; readonly reason?: string | null },
  asked: DeedAsked,
  moment: Pick<DeedMoment, "nowMs">,
): Work<HoldsChanged> {
  yield* requireHold(tx, context, kind, asked.site);
  const { set, about } = ENDS[kind];
  yield* set(tx, asked.site, null);
  const told = { about, site: asked.site, reason: `by ${asked.by}${reason === null ? "" : `: ${reason}`}` };
  return yield* settle(tx, context, told, asked.cause, moment);
}

/** Throws PermanentError where there is nothing to resume or unlock, with what holds the site instead. */
export function* requireHold(tx: Tx, context: DeedContext, kind: "resume" | "unlock", site: string): Work<void> {
  requireSite(context, site);
  const state = yield* findSite(tx, site);
  const { hold } = ENDS[kind];
  if (!state?.[hold]) throw new PermanentError(notHeld(site, hold, state));
}

/** Ends the holds whose time has come. Answers with a sentence for each. */
export function* endExpiredHolds(
  tx: Tx,
  context: Pick<DeedContext, "telling">,
  moment: Pick<DeedMoment, "nowMs">,
): Work<string[]> {
  const ended: string[] = [];
  const isDue = (hold: Hold | null | undefined): hold is Hold => !!hold && isOver(hold, moment.nowMs);
  const due = (yield* listSites(tx)).filter(({ paused, locked }) => isDue(paused) || isDue(locked));
  for (const site of due) {
    yield* lockSite(tx, site.name);
    // It may have been held anew, or let go, while this waited.
    const now = yield* findSite(tx, site.name);
    for (const { hold: kind, set, about } of Object.values(ENDS)) {
      const hold = now?.[kind];
      if (!isDue(hold)) continue;
      yield* set(tx, site.name, null);
      const cause = `${about} ${site.name} ${hold.untilMs}`;
      yield* settle(tx, context, { about, site: site.name, reason: ITS_TIME_IS_UP }, cause, moment);
      ended.push(`${site.name} is no longer ${kind}: ${ITS_TIME_IS_UP}`);
    }
  }
  return ended;
}

const ITS_TIME_IS_UP = "its time is up";

/** What came of it, for whoever asked. */
export function holdSays(
  site: string,
  kind: "pause" | "lock" | "resume" | "unlock",
  { changed, running, still, untilMs }: HoldsChanged,
  nowMs: number,
): string {
  const parts = [
    kind === "pause" || kind === "lock"
      ? `${site} is ${STARTS[kind].hold}${untilMs === null ? "" : ` ${untilText(untilMs, nowMs)}`}; ${WAYS_OUT[kind]}`
      : `${site} is no longer ${ENDS[kind].hold}`,
    ...changed.map(({ id, state }) => `${id} is ${state}`),
  ];
  if (running) parts.push(`${running.id} is ${running.state} and goes on, cancel stops it`);
  if ((kind === "resume" || kind === "unlock") && still) parts.push(`pushes are held: ${still}`);
  return parts.join("; ");
}

const WAYS_OUT = {
  pause: "resume ends that, and deploys what was pushed meanwhile",
  lock: "unlock ends that",
} as const;

/** What to do instead, where something else holds the site. */
function notHeld(name: string, kind: "paused" | "locked", state: SiteState | undefined): string {
  const other =
    kind === "locked"
      ? state?.paused && `it is paused by ${whoAndWhy(state.paused)}; resume ends that`
      : state?.locked && `it is locked by ${whoAndWhy(state.locked)}; unlock ends that`;
  const away = state?.githubPause && `it does not deploy since ${state.githubPause}, which GitHub ends`;
  return [`${name} is not ${kind}`, other || away].filter(Boolean).join("; ");
}

type HoldNotice = {
  readonly about: "site_paused" | "site_resumed" | "site_locked" | "site_unlocked";
  readonly site: string;
  readonly reason: string;
};

/** Brings what waits in line, and tells about all of it. */
function* settle(
  tx: Tx,
  context: Pick<DeedContext, "telling">,
  notice: HoldNotice,
  cause: string,
  moment: Pick<DeedMoment, "nowMs">,
): Work<HoldsChanged> {
  const { site } = notice;
  const changed = yield* settleWaiting(tx, site, moment.nowMs);
  yield* tellAll(tx, context, changed, moment);
  yield* tellNotice(tx, context.telling, notice, cause, moment.nowMs);
  const now = yield* findSite(tx, site);
  const running = (yield* runningOf(tx, site)) ?? null;
  return { changed, running, still: now ? holdOf(site, now, "push") : null, untilMs: null };
}

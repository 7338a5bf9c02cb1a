/** To put an earlier release back and keep it there: nobody's next push undoes a rollback unseen. */
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { isAutomatic } from "../model/deployment.ts";
import type { Deed } from "../model/effect.ts";
import { type Hold, whoAndWhy } from "../model/site.ts";
import { findDeployment, remarkOnDeployment, runningOf } from "../store/deployments.ts";
import { findByCause } from "../store/insert-deployment.ts";
import type { KeptRelease } from "../store/releases.ts";
import { settleWaiting } from "../store/settle-waiting.ts";
import { findSite, type SiteState, setPaused } from "../store/sites.ts";
import { waitingOf } from "../store/waiting.ts";
import type { Tx, Work } from "../store/work.ts";
import { chooseRelease } from "./choose-release.ts";
import { type DeedAsked, type DeedContext, type DeedMoment, requireSite, tellAll } from "./deed-context.ts";
import { alreadyText, findSame, type Queueing, queueWanted, refuseWhileHeld } from "./queue-wanted.ts";
import { wantedFor } from "./redeploy-site.ts";

export type RollbackDeed = Omit<Extract<Deed, { kind: "rollback" }>, "kind">;

type Named = { readonly id: string; readonly commit: string };

export type RolledBack = Queueing & {
  /** Null when nothing is live. */
  readonly from: Named | null;
  readonly to: Named;
  /** What holds pushes from now on; null where the pause was not wanted. */
  readonly pause: Hold | null;
  /** Whether somebody had paused the site before. */
  readonly wasPaused: boolean;
};

/** What a rollback would do now. */
export type RollbackPlan = { readonly from: Named | null; readonly release: KeptRelease };

/** Without a target: the release that was on the host before the present one. */
export const PREVIOUS = { kind: "back", steps: 1 } as const;

/**
 * What such a rollback does now. Throws PermanentError where it is refused: on a locked site, where another release is
 * live by now than was when they decided, where the release is not kept or is the one that is live.
 */
export function* planRollback(
  tx: Tx,
  context: DeedContext,
  deed: Pick<RollbackDeed, "target" | "from">,
  { site: name, by }: Pick<DeedAsked, "site" | "by">,
): Work<RollbackPlan> {
  requireSite(context, name);
  const site = yield* findSite(tx, name);
  yield* refuseWhileHeld(tx, name, "rollback");
  if (deed.from !== null) yield* refuseWhereMoved(tx, name, deed.from, site);
  const release = yield* chooseRelease(tx, name, deed.target ?? PREVIOUS);
  if (release.id === site?.liveRelease) {
    const advice = `\`redeploy ${name}\` publishes it again`;
    throw new PermanentError(`${release.id.slice(0, 12)} is the release that is live on ${name}; ${advice}`);
  }
  if (deed.from !== null) yield* refuseWhereOthersRollBack(tx, name, release, by);
  return { from: site?.liveRelease ? { id: site.liveRelease, commit: site.liveCommit ?? "" } : null, release };
}

/**
 * Publishes an earlier release again and pauses the site until somebody resumes it, unless it is paused already. (So a second
 * rollback without a target undoes the first.) Works on a paused site, not on a locked one. It wins over an older push
 * that waits. The same rollback that waits or runs already stands for it. `pauses` false leaves pushes alone.
 */
export function* rollbackSite(
  tx: Tx,
  context: DeedContext,
  deed: RollbackDeed,
  asked: DeedAsked,
  moment: DeedMoment,
  { pauses = true }: { readonly pauses?: boolean } = {},
): Work<RolledBack> {
  const known = yield* findByCause(tx, asked);
  if (known) return yield* knownRollback(tx, known);
  const { from, release } = yield* planRollback(tx, context, deed, asked);
  const wanted = wantedFor("rollback", release, deed);
  const same = yield* findSame(tx, asked.site, wanted, ["queued", "held", "building", "publishing"]);
  const queued = same ? { deployment: same, isNew: false } : yield* queueWanted(tx, context, wanted, asked, moment);
  const paused = (yield* findSite(tx, asked.site))?.paused ?? null;
  const to = { id: release.id, commit: release.commit };
  if (!pauses || paused) {
    if (deed.reason !== null) yield* remarkOnDeployment(tx, queued.deployment.id, `reason: ${deed.reason}`);
    return { ...queued, from, to, pause: paused, wasPaused: paused !== null };
  }
  const reason = deed.reason ?? (from ? `rolled back from ${from.commit.slice(0, 7)}` : "rolled back");
  const pause: Hold = { by: asked.by, reason, atMs: moment.nowMs };
  yield* setPaused(tx, asked.site, pause);
  yield* tellAll(tx, context, yield* settleWaiting(tx, asked.site, moment.nowMs), moment);
  // Its own message says so: another one would only repeat it.
  yield* remarkOnDeployment(
    tx,
    queued.deployment.id,
    `pushes are held until somebody resumes ${asked.site}: ${reason}`,
  );
  return { ...queued, from, to, pause, wasPaused: false };
}

/** What came of it, for whoever asked. */
export function rollbackSays({ deployment, isNew, from, to, pause, wasPaused }: RolledBack): string {
  const { id, site } = deployment;
  const way = `${from ? `from ${from.commit.slice(0, 7)} ` : ""}back to ${to.commit.slice(0, 7)}`;
  const told = isNew ? `${id} is queued: it takes ${site} ${way}` : alreadyText(deployment);
  return `${told}; ${pauseSays(pause, wasPaused)}`;
}

/** What becomes of pushes after a rollback. */
export function pauseSays(pause: Hold | null, wasPaused: boolean): string {
  if (pause === null) return "the next push deploys again";
  if (wasPaused) return `pushes are held, as before: paused by ${whoAndWhy(pause)}; resume ends that`;
  return "pushes are held until resume";
}

/** A request that comes a second time, on its way through a network, say, changes nothing. */
function* knownRollback(tx: Tx, deployment: Deployment): Work<RolledBack> {
  const pause = (yield* findSite(tx, deployment.site))?.paused ?? null;
  const to = { id: deployment.askedRelease ?? "", commit: deployment.commit };
  return { deployment, isNew: false, from: null, to, pause, wasPaused: pause !== null };
}

/** Whoever decided on what they saw is told where that has changed. */
function* refuseWhereMoved(tx: Tx, name: string, from: string, site: SiteState | undefined): Work<void> {
  if (site?.liveRelease === from) return;
  if (!site?.liveRelease) throw new PermanentError(`nothing is live on ${name}`);
  const brought = site.liveDeployment === null ? undefined : yield* findDeployment(tx, site.liveDeployment);
  const what = `${site.liveCommit?.slice(0, 7)} (release ${site.liveRelease.slice(0, 12)})`;
  const who = brought ? `, through ${whoseText(brought)}` : "";
  throw new PermanentError(`${what} is live on ${name} by now${who}; look at it, and roll back from there if need be`);
}

/** Two operators who roll back at once would each undo the other's, unseen; somebody may change their own mind. */
function* refuseWhereOthersRollBack(tx: Tx, site: string, to: KeptRelease, by: string): Work<void> {
  const running = yield* runningOf(tx, site);
  const active = [...(running ? [running] : []), ...(yield* waitingOf(tx, site))];
  const other = active.find((it) => it.trigger === "rollback" && it.askedRelease !== to.id && it.askedBy !== by);
  if (!other) return;
  const where = `to ${other.commit.slice(0, 7)}`;
  throw new PermanentError(
    `${site} is being rolled back ${where} already by ${whoseText(other)}; cancel that one first`,
  );
}

/** "the rollback d-1 of bob (Slack U0BOB)", "the push d-2 of Ada" */
function whoseText({ id, trigger, askedBy, author }: Deployment): string {
  const who = askedBy ?? (isAutomatic(trigger) ? author : "");
  const what = trigger === "command" ? "deployment" : trigger;
  return `the ${what} ${id}${who === "" ? "" : ` of ${who}`}`;
}

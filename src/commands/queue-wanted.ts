/** Queues a deployment that somebody asked for by name: once, however often they click, and not on a locked site. */
import { PermanentError } from "../errors.ts";
import type { Deployment, DeploymentState, Trigger } from "../model/deployment.ts";
import { deploymentId } from "../model/id.ts";
import { refusalOf } from "../model/site.ts";
import { type NewDeployment, queueDeployment, remarkOnDeployment, runningOf } from "../store/deployments.ts";
import { findSite, repositoryOf } from "../store/sites.ts";
import { waitingOf } from "../store/waiting.ts";
import type { Tx, Work } from "../store/work.ts";
import { type DeedAsked, type DeedContext, type DeedMoment, requireSite, tellAll } from "./deed-context.ts";

/** What is to be deployed, and what the commit was that it comes from. */
export type Wanted = Required<
  Pick<NewDeployment, "trigger" | "askedRelease" | "adopt" | "allowRemovals" | "commit" | "author" | "title">
> &
  Pick<NewDeployment, "askedCommit" | "cleanCaches"> & {
    /** Why, where they said so: a remark in the record. */
    readonly reason?: string | null;
  };

/** The deployment that does what was asked for; not a new one where one that was there already does the same. */
export type Queueing = { readonly deployment: Deployment; readonly isNew: boolean };

/** Throws PermanentError where the site is locked, or is to be built while GitHub keeps its repository away. */
export function* refuseWhileHeld(tx: Tx, site: string, trigger: Trigger): Work<void> {
  const state = yield* findSite(tx, site);
  const refusal = state ? refusalOf(site, state, trigger) : null;
  if (refusal !== null) throw new PermanentError(refusal);
}

/** The deployment in one of these states that does the same; undefined without one. */
export function* findSame(
  tx: Tx,
  site: string,
  wanted: Wanted,
  states: readonly DeploymentState[],
): Work<Deployment | undefined> {
  const running = yield* runningOf(tx, site);
  const active = [...(running ? [running] : []), ...(yield* waitingOf(tx, site))];
  return active.find(
    (it) =>
      states.includes(it.state) &&
      it.trigger === wanted.trigger &&
      it.askedRelease === wanted.askedRelease &&
      it.askedCommit === (wanted.askedCommit ?? null) &&
      it.cleanCaches === (wanted.cleanCaches ?? false) &&
      it.adopt === wanted.adopt &&
      it.allowRemovals === wanted.allowRemovals,
  );
}

/** Queues it, and tells about it and about what makes way for it. Nothing is looked at: whoever calls did. */
export function* queueWanted(
  tx: Tx,
  context: DeedContext,
  { reason = null, ...wanted }: Wanted,
  { site: name, by, cause }: DeedAsked,
  moment: DeedMoment,
): Work<Queueing> {
  const site = requireSite(context, name);
  const repository = yield* repositoryOf(tx, name, site.repo);
  const id = deploymentId(moment.nowMs, moment.random());
  const newOne: NewDeployment = {
    ...{ ...wanted, ...repository, id, cause, site: name, branch: site.branch },
    askedBy: by,
  };
  const { deployment, isNew, older } = yield* queueDeployment(tx, newOne, moment.nowMs);
  if (isNew && reason !== null) yield* remarkOnDeployment(tx, id, `reason: ${reason}`);
  if (isNew) yield* tellAll(tx, context, [...older, deployment], moment);
  return { deployment, isNew };
}

/** Queues it unless an equal one is queued. Throws what `refuseWhileHeld` throws, before anything is written. */
export function* queueOnce(
  tx: Tx,
  context: DeedContext,
  wanted: Wanted,
  asked: DeedAsked,
  moment: DeedMoment,
): Work<Queueing> {
  yield* refuseWhileHeld(tx, asked.site, wanted.trigger);
  const same = yield* findSame(tx, asked.site, wanted, ["queued"]);
  return same ? { deployment: same, isNew: false } : yield* queueWanted(tx, context, wanted, asked, moment);
}

/** For whoever asked twice. */
export function alreadyText({ id, state, site }: Deployment): string {
  return `${id} does that on ${site} already; it is ${state}`;
}

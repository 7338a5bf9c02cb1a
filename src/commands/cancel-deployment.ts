/** To cancel a deployment: at once where it waits, by whoever runs it where it runs. */
import { PermanentError } from "../errors.ts";
import { type Deployment, isFinal } from "../model/deployment.ts";
import { askCancel } from "../store/cancel.ts";
import { changeDeployment, findDeployment, runningOf } from "../store/deployments.ts";
import { waitingOf } from "../store/waiting.ts";
import type { Tx, Work } from "../store/work.ts";
import { type DeedAsked, type DeedContext, type DeedMoment, tellAll } from "./deed-context.ts";

export type Cancelled = {
  /** As it is now; one that runs has been told and ends soon, unless its release is on the host already. */
  readonly deployment: Deployment;
  /** Whether somebody had asked for it before. */
  readonly isAgain: boolean;
};

/** Cancels the deployment of that id; without one the one that runs, else the newest that waits. Throws PermanentError. */
export function* cancelDeployment(
  tx: Tx,
  context: Pick<DeedContext, "telling">,
  { deployment: id, reason: why = null }: { readonly deployment: string | null; readonly reason?: string | null },
  { site, by }: Pick<DeedAsked, "site" | "by">,
  moment: Pick<DeedMoment, "nowMs">,
): Work<Cancelled> {
  const deployment = id === null ? yield* findActive(tx, site) : yield* findDeployment(tx, id);
  if (!deployment) throw new PermanentError(id === null ? `nothing runs or waits on ${site}` : noDeployment(id));
  if (deployment.site !== site) throw new PermanentError(notOf(deployment, site));
  if (isFinal(deployment.state)) throw new PermanentError(`${deployment.id} is ${deployment.state} already`);
  const reason = `cancelled by ${by}${why === null ? "" : `: ${why}`}`;
  if (deployment.state === "building" || deployment.state === "publishing") {
    const isNews = yield* askCancel(tx, deployment.id, reason);
    return { deployment, isAgain: !isNews };
  }
  const changed = yield* changeDeployment(tx, deployment.id, { state: "cancelled", reason }, moment.nowMs);
  if (!changed) throw new PermanentError(`${deployment.id} is ${deployment.state} already`);
  yield* tellAll(tx, context, [changed], moment);
  return { deployment: changed, isAgain: false };
}

/** What came of it, for whoever asked. */
export function cancelSays({ deployment: { id, state, site }, isAgain }: Cancelled): string {
  if (state === "cancelled") return `${id} of ${site} is cancelled`;
  const told = isAgain ? `${id} of ${site} is being cancelled already` : `${id} of ${site} is being cancelled`;
  return `${told}; a release that is going live just now goes live all the same`;
}

export function noDeployment(id: string): string {
  return `there is no deployment ${id}`;
}

/** Whose it is, is not said: not everybody may know of every site. */
export function notOf({ id }: Pick<Deployment, "id">, site: string): string {
  return `${id} is no deployment of ${site}`;
}

/** The one that runs; else the newest one that waits. */
export function* findActive(tx: Tx, site: string): Work<Deployment | undefined> {
  return (yield* runningOf(tx, site)) ?? (yield* waitingOf(tx, site)).at(-1);
}

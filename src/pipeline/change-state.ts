/** Moves deployments from state to state, and tells about each change in the transaction that makes it. */
import type { Log } from "../log.ts";
import { type Deployment, isFinal } from "../model/deployment.ts";
import { type Telling, tellDeployment } from "../notify/tell.ts";
import type { Queue } from "../queue/queue.ts";
import {
  changeDeployment,
  type DeploymentChange,
  findDeployment,
  remarkOnDeployment,
  setDeploymentHead,
} from "../store/deployments.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";

export type StateDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly log: Log;
  readonly telling: Telling;
};

/** Moves a deployment to another state and tells about it. Answers undefined where that state may not follow. */
export async function changeState(
  deps: StateDeps,
  id: string,
  to: DeploymentChange,
  also?: (tx: Tx, changed: Deployment) => Work<void>,
): Promise<Deployment | undefined> {
  const nowMs = Date.now();
  const deployment = await deps.store.transact(function* (tx): Work<Deployment | undefined> {
    const changed = yield* changeDeployment(tx, id, to, nowMs);
    if (!changed) return undefined;
    if (also) yield* also(tx, changed);
    yield* tellDeployment(tx, deps.telling, changed, { nowMs });
    return changed;
  });
  deps.queue.nudge("outbox");
  deps.queue.nudge("transcripts");
  return deployment;
}

export type PutBack = {
  readonly reason: string;
  readonly notBeforeMs: number;
  /** As in `DeploymentChange`. */
  readonly attempts?: number;
  readonly isInterrupted?: boolean;
  /** What the record is to say for good. */
  readonly remark?: string;
};

/** Back into the queue; held where the site is locked by now, and superseded where a newer deployment waits. */
export async function putBack(deps: StateDeps, { id }: Deployment, to: PutBack): Promise<void> {
  const { remark, ...when } = to;
  await changeState(deps, id, { state: "queued", ...when }, function* (tx, { state }) {
    if (remark && !isFinal(state)) yield* remarkOnDeployment(tx, id, remark);
  });
}

/** Notes the commit that is really deployed, and tells the one that was announced before that it is not. */
export async function saveHead(
  deps: StateDeps,
  id: string,
  found: { readonly commit: string; readonly author: string; readonly title: string },
): Promise<void> {
  const nowMs = Date.now();
  const head = { commit: found.commit, author: found.author, title: found.title };
  await deps.store.transact(function* (tx): Work<void> {
    const before = yield* findDeployment(tx, id);
    const deployment = yield* setDeploymentHead(tx, id, head);
    if (!before || !deployment) return;
    yield* tellDeployment(tx, deps.telling, deployment, { nowMs, previousCommit: before.commit });
  });
  deps.queue.nudge("outbox");
}

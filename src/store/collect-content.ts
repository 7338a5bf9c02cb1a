/** Changes of content in the store: each counts once, and all that come within some time make one deployment. */
import {
  type ContentChange,
  contentAuthor,
  contentDueMs,
  contentOf,
  contentTitle,
  type Debounce,
} from "../model/content.ts";
import { type Deployment, publishesKept } from "../model/deployment.ts";
import { forgetBuilt } from "./built-releases.ts";
import { toDeployment } from "./deployment-row.ts";
import { findDeployment, queueDeployment } from "./deployments.ts";
import type { NewDeployment } from "./insert-deployment.ts";
import { holdFor, waitingOf, withWishesOf } from "./waiting.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type NewContent = Pick<
  NewDeployment,
  "id" | "site" | "cause" | "repoId" | "repoName" | "installationId" | "branch" | "askedCommit"
> & { readonly change: ContentChange; readonly debounce: Debounce };

export type Collected = {
  /** The one that brings the change: a new one, or one that waited already. */
  readonly deployment: Deployment;
  /** "known": the same change was reported before, and nothing is done. */
  readonly kind: "new" | "joined" | "known";
  /** As in `Queued`. */
  readonly older: readonly Deployment[];
};

/**
 * Has a change of content deployed. A build of the site that waits already brings it too, whatever that waits for;
 * else a deployment waits until it has been quiet for a while. What runs has read its content already, so the next one
 * brings the change.
 */
export function* collectContent(tx: Tx, reported: NewContent, nowMs: number): Work<Collected> {
  const { change, debounce, ...asked } = reported;
  const { site, cause } = asked;
  const known = yield* findChange(tx, site, cause);
  if (known) return { deployment: known, kind: "known", older: [] };

  const hold = yield* holdFor(tx, site, "content");
  const state = hold === null ? "queued" : "held";
  const waiting = (yield* waitingOf(tx, site)).find((it) => it.state === state && !publishesKept(it.trigger));
  const content = contentOf(change, nowMs);
  if (waiting) {
    const deployment = yield* join(tx, waiting, { ...reported, nowMs });
    yield* remember(tx, { site, cause, deploymentId: deployment.id, nowMs });
    return { deployment, kind: "joined", older: [] };
  }
  const wanted: NewDeployment = {
    ...asked,
    ...{
      trigger: "content",
      commit: asked.askedCommit ?? "",
      author: contentAuthor(content),
      title: contentTitle(content),
      content,
    },
    notBeforeMs: contentDueMs(content, debounce, nowMs),
  };
  const { deployment, older } = yield* queueDeployment(tx, wanted, nowMs);
  yield* remember(tx, { site, cause, deploymentId: deployment.id, nowMs });
  return { deployment, kind: "new", older };
}

/** Adds a change to a build that waits. One that waits for quiet waits anew; one that was put back keeps its pause. */
function* join(
  tx: Tx,
  waiting: Deployment,
  { change, debounce, nowMs }: Pick<NewContent, "change" | "debounce"> & { nowMs: number },
): Work<Deployment> {
  const { content, title, author } = withWishesOf({ ...waiting, content: contentOf(change, nowMs) }, [waiting]);
  const isContent = waiting.trigger === "content";
  const dueMs = isContent && content ? contentDueMs(content, debounce, nowMs) : 0;
  const notBeforeMs = Math.max(waiting.notBeforeMs, dueMs);
  // What it had built lacks the change.
  yield* forgetBuilt(tx, waiting.id);
  const set = { content: JSON.stringify(content), force: 1, not_before: notBeforeMs, title, author };
  const query = tx.db.updateTable("deployments").set(set).where("id", "=", waiting.id);
  const row = yield* first(query.where("state", "=", waiting.state).returningAll());
  // Another process may have claimed it this moment, and may read the content before it is changed.
  if (!row) throw new Error(`deployment ${waiting.id} began while a change of content was added to it`);
  return toDeployment(row);
}

function* findChange(tx: Tx, site: string, cause: string): Work<Deployment | undefined> {
  const change = tx.db.selectFrom("content_changes").select("deployment_id");
  const row = yield* first(change.where("site", "=", site).where("cause", "=", cause));
  return row && (yield* findDeployment(tx, row.deployment_id));
}

function* remember(
  tx: Tx,
  { site, cause, deploymentId, nowMs }: { site: string; cause: string; deploymentId: string; nowMs: number },
): Work<void> {
  const values = { site, cause, deployment_id: deploymentId, reported_at: nowMs };
  yield* all(tx.db.insertInto("content_changes").values(values));
}

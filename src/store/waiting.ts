/** What waits on a site, what holds it there, and what a newer deployment takes over from the one that makes way for it. */
import { sql } from "kysely";
import { contentAuthor, contentTitle, mergeContent } from "../model/content.ts";
import { type Deployment, publishesKept, type Trigger } from "../model/deployment.ts";
import { holdOf } from "../model/site.ts";
import { toDeployment } from "./deployment-row.ts";
import { isForced, type NewDeployment } from "./insert-deployment.ts";
import { findSite } from "./sites.ts";
import { all, type Tx, type Work } from "./work.ts";

/** The deployments of a site that are queued or held: one of each, at most. */
export function* waitingOf(tx: Tx, site: string): Work<Deployment[]> {
  const waiting = tx.db
    .selectFrom("deployments")
    .selectAll()
    .where("site", "=", site)
    .where("state", "in", [sql.lit("queued"), sql.lit("held")])
    .orderBy("created_at")
    .orderBy("id");
  return (yield* all(waiting)).map(toDeployment);
}

/** Why such a deployment of the site is held at present; null where it may run. */
export function* holdFor(tx: Tx, site: string, trigger: Trigger): Work<string | null> {
  const state = yield* findSite(tx, site);
  return state ? holdOf(site, state, trigger) : null;
}

/**
 * A deployment with what those wanted that make way for it: a build by all means, clean caches, changed content. What
 * publishes a kept release neither takes these over nor hands them on.
 */
export function withWishesOf<T extends NewDeployment>(heir: T, older: readonly Deployment[]): T {
  if (publishesKept(heir.trigger)) return heir;
  const builds = older.filter((it) => !publishesKept(it.trigger));
  const contents = [heir.content, ...builds.map((it) => it.content)].filter((it) => it != null);
  const content = contents.length === 0 ? null : contents.reduce(mergeContent);
  return {
    ...heir,
    ...(heir.trigger === "content" && content && { title: contentTitle(content), author: contentAuthor(content) }),
    content,
    force: isForced(heir) || content !== null || builds.some((it) => it.force),
    cleanCaches: heir.cleanCaches || builds.some((it) => it.cleanCaches),
  };
}

/** Hands these wishes on to a deployment that waits already. */
export function* bequeath(tx: Tx, older: Deployment, heir: Deployment): Work<void> {
  const { title, author, content, force, cleanCaches } = withWishesOf(heir, [older]);
  const wishes = {
    title,
    author,
    content: content && JSON.stringify(content),
    force: force ? 1 : 0,
    clean_caches: cleanCaches ? 1 : 0,
  };
  yield* all(tx.db.updateTable("deployments").set(wishes).where("id", "=", heir.id));
}

/** What an operation is, and what those have in common that queue a deployment. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { nearest } from "../config/problem.ts";
import type { Config, SiteConfig } from "../config/schema.ts";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { deploymentId } from "../model/id.ts";
import { refusalOf } from "../model/site.ts";
import { oneLine } from "../notify/plain.ts";
import { type Telling, tellDeployment } from "../notify/tell.ts";
import type { Queue } from "../queue/queue.ts";
import { type NewDeployment, queueDeployment } from "../store/deployments.ts";
import { findSite, repositoryOf } from "../store/sites.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";

export type OperationDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly config: Config;
  readonly telling: Telling;
  /** Cancels a deployment that runs in this process; answers false when none does. */
  cancelRunning(id: string, reason: string): Promise<boolean>;
};

export type Operation = (deps: OperationDeps, input: unknown) => Promise<unknown>;

/** Words of a person, as one line. */
export const words = (maxChars: number) => z.string().transform((text) => oneLine(text, maxChars));

/** Who asks, as their machine calls them; "" where nobody knows. */
export const asking = { by: words(80).default("") };

/** Who asks for a deployment, and what they agree to for this one alone. */
export const deploying = { ...asking, adopt: z.boolean().default(false), allowRemovals: z.boolean().default(false) };

/** What is to be deployed, and what the commit was that it comes from. */
export type Wanted = Required<
  Pick<NewDeployment, "trigger" | "askedRelease" | "adopt" | "allowRemovals" | "commit" | "author" | "title">
> &
  Pick<NewDeployment, "askedCommit" | "cleanCaches">;

/** The site of that name. Throws PermanentError, with the name that may have been meant. */
export function requireSite({ config }: OperationDeps, name: string): SiteConfig {
  const site = Object.hasOwn(config.sites, name) ? config.sites[name] : undefined;
  if (site) return site;
  const guess = nearest(name, Object.keys(config.sites));
  throw new PermanentError(`there is no site ${name}${guess ? `; did you mean ${guess}?` : ""}`);
}

/**
 * Queues a deployment of a site and tells about it. What `decide` answers is decided in the same transaction. Throws
 * PermanentError where the site is locked, or is to be built while GitHub keeps its repository away.
 */
export async function queueFor(
  deps: OperationDeps,
  { name, by }: { readonly name: string; readonly by: string },
  decide: (tx: Tx) => Work<Wanted>,
): Promise<Deployment> {
  const { store, queue, telling } = deps;
  const site = requireSite(deps, name);
  const nowMs = Date.now();
  const id = deploymentId(nowMs, Math.random());
  const cause = `command ${randomUUID()}`;
  const deployment = await store.transact(function* (tx): Work<Deployment> {
    const wanted = yield* decide(tx);
    const state = yield* findSite(tx, name);
    const refusal = state ? refusalOf(name, state, wanted.trigger) : null;
    if (refusal !== null) throw new PermanentError(refusal);
    const repository = yield* repositoryOf(tx, name, site.repo);
    const newOne: NewDeployment = {
      ...{ ...wanted, ...repository, id, cause, site: name, branch: site.branch },
      askedBy: by ? `${by} (command line)` : null,
    };
    const { deployment, older } = yield* queueDeployment(tx, newOne, nowMs);
    for (const it of [...older, deployment]) yield* tellDeployment(tx, telling, it, { nowMs });
    return deployment;
  });
  queue.nudge("deployments");
  queue.nudge("outbox");
  return deployment;
}

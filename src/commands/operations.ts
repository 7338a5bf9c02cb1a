/**
 * What a person can ask of Slipway, whichever way the request comes. Each operation takes plain data and answers with
 * plain data, so that the running service can be asked through its socket and a stopped one through its store.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { nearest } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { deploymentId } from "../model/id.ts";
import { type Telling, tellDeployment } from "../notify/tell.ts";
import type { Queue } from "../queue/queue.ts";
import { countDeliveries, findDelivery, listDeliveries, reviveDelivery } from "../store/deliveries.ts";
import { changeDeployment, findDeployment, listDeployments, queueDeployment } from "../store/deployments.ts";
import { countOutbox } from "../store/outbox.ts";
import { findRepository, findSite, listSites } from "../store/sites.ts";
import type { Store } from "../store/store.ts";
import { readTranscript } from "../store/transcripts.ts";
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

const limit = z.int().min(1).max(1000).default(20);
const byName = z.strictObject({ name: z.string().min(1).max(300) });

async function status({ store, config }: OperationDeps): Promise<unknown> {
  return store.transact(function* (tx): Work<unknown> {
    const states = yield* listSites(tx);
    const sites = [];
    for (const name of Object.keys(config.sites)) {
      const [latest] = yield* listDeployments(tx, { site: name, limit: 1 });
      sites.push({ name, ...states.find((state) => state.name === name), latest: latest ?? null });
    }
    return { sites, deliveries: yield* countDeliveries(tx), outbox: yield* countOutbox(tx) };
  });
}

async function deliveries({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { state, ...filter } = z.strictObject({ limit, state: z.string().optional() }).parse(input);
  return store.transact((tx) => listDeliveries(tx, state === undefined ? filter : { ...filter, state }));
}

async function delivery({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const found = await store.transact((tx) => findDelivery(tx, name));
  if (!found) throw new PermanentError(`there is no delivery ${name}`);
  const { body, ...rest } = found;
  return { ...rest, bytes: body.length };
}

async function replay({ store, queue }: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const key = await store.transact(function* (tx): Work<string> {
    const found = yield* findDelivery(tx, name);
    if (!found) throw new PermanentError(`there is no delivery ${name}`);
    yield* reviveDelivery(tx, found.id);
    return found.key;
  });
  queue.nudge("deliveries");
  return { replayed: key };
}

async function deployments({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { site, ...filter } = z.strictObject({ limit, site: z.string().optional() }).parse(input);
  return store.transact((tx) => listDeployments(tx, site === undefined ? filter : { ...filter, site }));
}

async function log({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const chunks = await store.transact((tx) => readTranscript(tx, name, 0));
  return chunks.map((chunk) => chunk.text).join("");
}

async function deploy({ store, queue, config, telling }: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const site = config.sites[name];
  if (!site) {
    const guess = nearest(name, Object.keys(config.sites));
    throw new PermanentError(`there is no site ${name}${guess ? `; did you mean ${guess}?` : ""}`);
  }
  const nowMs = Date.now();
  const deployment = await store.transact(function* (tx): Work<Deployment> {
    const state = yield* findSite(tx, name);
    if (state?.paused) throw new PermanentError(`${name} is paused: ${state.paused}`);
    const repository = state?.repoId ? yield* findRepository(tx, state.repoId) : undefined;
    const wanted = {
      id: deploymentId(nowMs, Math.random()),
      site: name,
      trigger: "command",
      cause: `command ${randomUUID()}`,
      repoId: state?.repoId ?? null,
      repoName: repository?.name ?? site.repo,
      installationId: repository?.installationId ?? null,
      branch: site.branch,
      // Which commit it will be is known when the branch's head is fetched.
      commit: "",
      author: "",
      title: "",
    } as const;
    const { deployment, superseded } = yield* queueDeployment(tx, wanted, nowMs);
    if (superseded) yield* tellDeployment(tx, telling, superseded, { nowMs });
    yield* tellDeployment(tx, telling, deployment, { nowMs });
    return deployment;
  });
  queue.nudge("deployments");
  queue.nudge("outbox");
  return deployment;
}

async function cancel(deps: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const reason = "cancelled on the command line";
  if (await deps.cancelRunning(name, reason)) return { cancelled: name };
  const nowMs = Date.now();
  await deps.store.transact(function* (tx: Tx): Work<void> {
    const known = yield* findDeployment(tx, name);
    if (!known) throw new PermanentError(`there is no deployment ${name}`);
    const changed = yield* changeDeployment(tx, name, { state: "cancelled", reason }, nowMs);
    if (!changed) throw new PermanentError(`${name} is ${known.state} already`);
    yield* tellDeployment(tx, deps.telling, changed, { nowMs });
  });
  deps.queue.nudge("outbox");
  return { cancelled: name };
}

/** Every operation by its name. */
export const operations = {
  status,
  deliveries,
  delivery,
  replay,
  deployments,
  log,
  deploy,
  cancel,
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

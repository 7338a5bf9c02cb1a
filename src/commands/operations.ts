/**
 * What a person can ask of Slipway, whichever way the request comes. Each operation takes plain data and answers with
 * plain data, so that the running service can be asked through its socket and a stopped one through its store.
 */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import { tellDeployment } from "../notify/tell.ts";
import { countDeliveries, findDelivery, listDeliveries, reviveDelivery } from "../store/deliveries.ts";
import { changeDeployment, findDeployment, listDeployments } from "../store/deployments.ts";
import { countOutbox } from "../store/outbox.ts";
import { findSite, listSites } from "../store/sites.ts";
import { readTranscript } from "../store/transcripts.ts";
import type { Tx, Work } from "../store/work.ts";
import { consents, type Operation, type OperationDeps, queueFor, requireSite, type Wanted } from "./operation.ts";
import { publishedRelease, redeploy, releases, rollback } from "./release-operations.ts";

export type { OperationDeps } from "./operation.ts";

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

async function deployment({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const found = await store.transact((tx) => findDeployment(tx, name));
  if (!found) throw new PermanentError(`there is no deployment ${name}`);
  return found;
}

async function log({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const chunks = await store.transact((tx) => readTranscript(tx, name, 0));
  return chunks.map((chunk) => chunk.text).join("");
}

async function deploy(deps: OperationDeps, input: unknown): Promise<unknown> {
  const { name, ...consent } = byName.extend(consents).parse(input);
  requireSite(deps, name);
  return queueFor(deps, name, function* (tx): Work<Wanted> {
    const state = yield* findSite(tx, name);
    if (state?.paused) throw new PermanentError(`${name} is paused: ${state.paused}`);
    // Which commit it will be is known when the branch's head is fetched.
    return { trigger: "command", askedRelease: null, commit: "", author: "", title: "", ...consent };
  });
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
  deployment,
  log,
  deploy,
  cancel,
  releases,
  rollback,
  redeploy,
  publishedRelease,
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

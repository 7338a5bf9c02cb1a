/**
 * What a person can ask of Slipway, whichever way the request comes. Each operation takes plain data and answers with
 * plain data, so that the running service can be asked through its socket and a stopped one through its store.
 */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { oneLine } from "../notify/wording/plain.ts";
import { countDeliveries, findDelivery, isForgotten, listDeliveries, reviveDelivery } from "../store/deliveries.ts";
import { findDeployment, listDeployments } from "../store/deployments.ts";
import { countOutbox } from "../store/outbox.ts";
import { listSites } from "../store/sites.ts";
import { readTranscript } from "../store/transcripts.ts";
import { waitingOf } from "../store/waiting.ts";
import type { Work } from "../store/work.ts";
import { alerts } from "./alerts-operation.ts";
import { audit } from "./audit-operation.ts";
import { noDeployment } from "./cancel-deployment.ts";
import { cancel } from "./cancel-operation.ts";
import { captureClose, captureOpen, captureWait } from "./capture-operation.ts";
import { deploy } from "./deploy-operation.ts";
import { explain } from "./explain-operation.ts";
import { lock, pause, resume, unlock } from "./hold-operations.ts";
import { asking, named, type Operation, type OperationDeps, perform } from "./operation.ts";
import { diff, publishedRelease, redeploy, releases, rollback } from "./release-operations.ts";
import { sources } from "./sources-operation.ts";
import { deadWebhooks, resendWebhooks } from "./webhook-operations.ts";

export type { OperationDeps } from "./operation.ts";

const limit = z.int().min(1).max(1000).default(20);
const byName = z.strictObject(named);

async function status({ store, config }: OperationDeps): Promise<unknown> {
  return store.transact(function* (tx): Work<unknown> {
    const states = yield* listSites(tx);
    const sites = [];
    for (const name of Object.keys(config.sites)) {
      const [latest] = yield* listDeployments(tx, { site: name, limit: 1 });
      const state = states.find((it) => it.name === name);
      // The latest may be one that was skipped, while another is still to run.
      sites.push({ name, ...state, latest: latest ?? null, waiting: yield* waitingOf(tx, name) });
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

async function replay(deps: OperationDeps, input: unknown): Promise<unknown> {
  const { name, by } = byName.extend(asking).parse(input);
  const about = { site: null, by, verb: "replay", what: `work off delivery ${oneLine(name, 100)} again` };
  const result = await perform(deps, about, function* (tx) {
    const found = yield* findDelivery(tx, name);
    if (!found) throw new PermanentError(`there is no delivery ${name}`);
    if (isForgotten(found))
      throw new PermanentError(
        `what delivery ${oneLine(name, 100)} said was forgotten, as all is after some days; have its sender send it again`,
      );
    yield* reviveDelivery(tx, found.id, by);
    return { result: { replayed: found.key }, says: `${found.key} is worked off again`, deployment: null };
  });
  deps.queue.nudge("deliveries");
  return result;
}

async function deployments({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { site, ...filter } = z.strictObject({ limit, site: z.string().optional() }).parse(input);
  return store.transact((tx) => listDeployments(tx, site === undefined ? filter : { ...filter, site }));
}

async function deployment({ store }: Pick<OperationDeps, "store">, input: unknown): Promise<Deployment> {
  const { name } = byName.parse(input);
  const found = await store.transact((tx) => findDeployment(tx, name));
  if (!found) throw new PermanentError(noDeployment(name));
  return found;
}

async function log({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { name } = byName.parse(input);
  const chunks = await store.transact((tx) => readTranscript(tx, name, 0));
  return chunks.map((chunk) => chunk.text).join("");
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
  pause,
  resume,
  lock,
  unlock,
  cancel,
  releases,
  rollback,
  redeploy,
  publishedRelease,
  diff,
  audit,
  alerts,
  sources,
  explain,
  captureOpen,
  captureWait,
  captureClose,
  deadWebhooks,
  resendWebhooks,
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

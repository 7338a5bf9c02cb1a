/** The operations on a real store, as the command line asks for them. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { OperationDeps } from "../../src/commands/operation.ts";
import { operations } from "../../src/commands/operations.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { findDeployment, type NewDeployment, queueDeployment } from "../../src/store/deployments.ts";
import { claimOutbox } from "../../src/store/outbox.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { newDeployment } from "../store/new-deployment.ts";

const CONFIG = parseConfig(
  `channel: C0OPS
sites:
  shop: { repo: acme/shop, publish: "dir:/srv/shop" }
  docs: { repo: acme/docs, publish: "dir:/srv/docs" }`,
  "the tests",
);

export async function createOperations(given: Partial<Pick<OperationDeps, "cancelRunning">> = {}) {
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  const queue = createMemoryQueue();
  onTestFinished(async () => {
    await queue.close();
    await store.close();
  });
  const logKeys = createLogKeys([secret("the secret of the tests")]);
  const telling = { config: CONFIG, hasSlack: true, hasGithub: true, logKeys };
  const deps: OperationDeps = {
    ...{ store, queue, config: CONFIG, telling, cancelRunning: async () => false, ...given },
  };
  const ask = async <T>(name: keyof typeof operations, input: unknown) => (await operations[name](deps, input)) as T;
  return {
    ...{ store, ask },
    find: (id: string) => store.transact((tx) => findDeployment(tx, id)),
    /** A push that came, say. */
    queue: async (part: Partial<NewDeployment> = {}) =>
      (await store.transact((tx) => queueDeployment(tx, newDeployment(part), Date.now()))).deployment,
    /** Why it says no. */
    refusal: (name: keyof typeof operations, input: unknown) =>
      ask(name, input).then(
        () => "it did not",
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      ),
    /** What is to be told, as data. */
    told: async () => {
      const claim = { boot: "b", nowMs: Date.now(), untilMs: Date.now() + 1, limit: 50 };
      return (await store.transact((tx) => claimOutbox(tx, claim))).map(({ kind, desired }) => ({ kind, desired }));
    },
  };
}

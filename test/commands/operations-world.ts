/** The operations on a real store, as the command line asks for them. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { operate } from "../../src/commands/operate.ts";
import type { OperationDeps } from "../../src/commands/operation.ts";
import { operations } from "../../src/commands/operations.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import type { Deed } from "../../src/model/effect.ts";
import { manifestToJson, releaseOf } from "../../src/model/release.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { listAudit } from "../../src/store/audit.ts";
import {
  changeDeployment,
  claimDeployment,
  findDeployment,
  listDeployments,
  type NewDeployment,
  queueDeployment,
} from "../../src/store/deployments.ts";
import { claimOutbox } from "../../src/store/outbox.ts";
import { keepRelease } from "../../src/store/releases.ts";
import { findSite, setLive } from "../../src/store/sites.ts";
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

export async function createOperations() {
  let livesMs = 0;
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  const queue = createMemoryQueue();
  onTestFinished(async () => {
    await queue.close();
    await store.close();
  });
  const logKeys = createLogKeys([secret("the secret of the tests")]);
  const telling = { config: CONFIG, hasSlack: true, hasGithub: true, logKeys };
  const deps: OperationDeps = { store, queue, config: CONFIG, telling };
  const ask = async <T>(name: keyof typeof operations, input: unknown) => (await operations[name](deps, input)) as T;
  return {
    ...{ store, ask, deps },
    /** A deed as Slack asks for it, in a transaction of its own. */
    operate: (
      deed: Deed,
      { by = "alice (Slack U0ALICE)", cause = String(randomUUID()), site = "shop", nowMs = Date.now() } = {},
    ) => store.transact((tx) => operate(tx, deps, deed, { site, by, cause }, { nowMs, random: Math.random })),
    /** Makes a release of files live, as a deployment does; answers with its id. */
    async goLive(
      site: string,
      files: Readonly<Record<string, string>>,
      commit: string,
      deployment = "d",
    ): Promise<string> {
      livesMs += 1000;
      const nowMs = livesMs;
      const { id, files: manifest } = releaseOf(
        new Map(Object.entries(files).map(([path, sha256]) => [path, { sha256, size: 10 }])),
      );
      const kept = { site, id, manifest: manifestToJson(manifest), commit, author: "Ada", title: `Title of ${commit}` };
      await store.transact((tx) => keepRelease(tx, { ...kept, nowMs }));
      await store.transact((tx) => setLive(tx, site, { deployment, release: id, commit, nowMs }));
      return id;
    },
    /** Has the oldest that waits begin. */
    begin: () => {
      const nowMs = Date.now();
      return store.transact((tx) => claimDeployment(tx, { boot: "b", nowMs, untilMs: nowMs + 60_000 }));
    },
    /** It has brought that release, as the runner records it. */
    async bring(id: string, releaseId: string): Promise<void> {
      for (const to of [{ state: "publishing" }, { state: "live", releaseId }] as const)
        await store.transact((tx) => changeDeployment(tx, id, to, Date.now()));
    },
    list: (site = "shop") => store.transact((tx) => listDeployments(tx, { site, limit: 50 })),
    site: (name = "shop") => store.transact((tx) => findSite(tx, name)),
    audit: () => store.transact((tx) => listAudit(tx, { limit: 50 })),
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

/** A runner on a real store, with a site of which every build leaves a trace. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished, vi } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { startRunner } from "../../src/pipeline/run.ts";
import type { Loop } from "../../src/queue/loop.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { askCancel } from "../../src/store/cancel.ts";
import { findDeployment, type NewDeployment, queueDeployment } from "../../src/store/deployments.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { readTranscript } from "../../src/store/transcripts.ts";
import { createGitRepository, temporaryFolder } from "../git/git-repository.ts";
import { createSecretScan } from "../secret-scan.ts";
import { createKeeper } from "../secrets/keeper-world.ts";

export type RunWorldOptions = {
  /** What the build does besides making dist/. */
  readonly build?: (folder: string) => string;
  /** Lines of the site's configuration in place of `publish: dir:`. */
  readonly publish?: string;
  /** How many deployments run at the same time. Default 2. */
  readonly parallel?: number;
  /** More sites, which are built from the same repository in the same way. */
  readonly sites?: readonly string[];
};

const FTP_PASSWORD = "the-secret-word";

export async function createRunWorld(options: RunWorldOptions = {}) {
  const { build = () => "true", publish, parallel = 2, sites = [] } = options;
  const folder = temporaryFolder();
  const dataDir = join(folder, "data");
  const target = join(folder, "target");
  for (const one of [dataDir, target, ...sites.map((site) => join(folder, site))]) mkdirSync(one);
  const repository = createGitRepository();
  const commit = repository.commit({ "index.html": "hello" });
  const database = join(dataDir, "slipway.db");
  const store = await openSqlite(database);
  const scan = createSecretScan({ FTP_PASSWORD });
  const log = pino({ level: "trace" }, { write: (line: string) => scan.saw("the log", line) });
  const queue = createMemoryQueue();
  const builds = join(folder, "builds");
  const command = `echo built >> '${builds}'; ${build(folder)}; mkdir dist; cp index.html dist/`;
  const config = parseConfig(
    `sites:
  shop:
    repo: acme/shop
    git: "${repository.url}"
    isolation: none
    build: { command: ${JSON.stringify(command)}, output: dist }
    ${publish ?? `publish: "dir:${target}"`}
${sites.map((site) => `  ${site}: { repo: acme/shop, git: "${repository.url}", isolation: none, publish: "dir:${join(folder, site)}", build: { command: ${JSON.stringify(command)}, output: dist } }\n`).join("")}`,
    "the test",
  );
  const runners = new Set<Loop>();
  onTestFinished(async () => {
    for (const runner of runners) await runner.stop();
    await store.close();
    // A test may have removed it.
    if (existsSync(database)) scan.sawDatabase(database);
    scan.check();
  });

  const deployment = async (id = "d-1") => {
    const found = await store.transact((tx) => findDeployment(tx, id));
    if (!found) throw new Error(`no deployment ${id}`);
    return found;
  };
  const transcript = async (id = "d-1") =>
    (await store.transact((tx) => readTranscript(tx, id, 0))).map(({ text }) => text).join("");

  return {
    ...{ folder, dataDir, target, repository, commit, store, deployment, transcript },
    builds: () => (existsSync(builds) ? readFileSync(builds, "utf8").split("\n").length - 1 : 0),
    async queue(changes: Partial<NewDeployment> = {}) {
      const one: NewDeployment = {
        ...{ id: "d-1", site: "shop", trigger: "push", cause: randomUUID(), repoId: null, repoName: "acme/shop" },
        ...{ installationId: null, branch: "main", commit, author: "Ada", title: "change" },
        ...changes,
      };
      await store.transact((tx) => queueDeployment(tx, one, Date.now()));
      queue.nudge("deployments");
    },
    /** Somebody wants it cancelled while it runs, in whatever process. */
    async cancel(reason: string, id = "d-1") {
      await store.transact((tx) => askCancel(tx, id, reason));
      queue.nudge("deployments");
    },
    nudge: () => queue.nudge("deployments"),
    /** Starts a runner, as another boot of Slipway; it is stopped with the test, if not before. */
    start(boot: string = randomUUID()): Loop {
      const runner = startRunner({
        ...{ store, queue, log, boot, dataDir, parallel, cacheBytes: 1024 ** 3 },
        telling: { config, hasSlack: false, hasGithub: false, logKeys: createLogKeys([secret("of the tests only")]) },
        sites: config.sites,
        env: { PATH: process.env.PATH },
        secrets: createKeeper({ env: { FTP_PASSWORD } }).keeper,
        githubApiUrl: "https://api.github.com",
        tokenFor: async () => null,
      });
      runners.add(runner);
      return {
        ...runner,
        async stop() {
          runners.delete(runner);
          await runner.stop();
        },
      };
    },
    /** Waits until the deployment is as wanted. */
    until: (isWanted: (now: Deployment) => boolean, id = "d-1") =>
      vi.waitFor(
        async () => {
          const now = await deployment(id);
          if (!isWanted(now)) throw new Error(`${now.state} ${now.stage} ${now.reason}\n${await transcript(id)}`);
          return now;
        },
        { timeout: 60_000, interval: 10 },
      ),
  };
}

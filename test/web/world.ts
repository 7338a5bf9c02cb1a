/** The pages behind a real server, with a real store. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import {
  changeDeployment,
  claimDeployment,
  type DeploymentChange,
  type NewDeployment,
  queueDeployment,
  remarkOnDeployment,
} from "../../src/store/deployments.ts";
import { setLive } from "../../src/store/sites.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { appendTranscript } from "../../src/store/transcripts.ts";
import { statusLink, statusRoutes } from "../../src/web/status.ts";
import { transcriptEventsRoute, transcriptRoute } from "../../src/web/transcript.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const CONFIG = parseConfig(
  `sites:
  shop:
    repo: acme/secret-shop
    publish: "ftps://account@host.example.com/www"
    password: env:SHOP_PASSWORD
    confirm: { url: "https://user:hunter22@shop.example.com/start" }
  blog: { repo: acme/blog, publish: "dir:/srv/blog" }
`,
  "the test",
);

/** Starts it all; it ends with the test. */
export async function startPages(options: { isStopping?: () => boolean } = {}) {
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  const queue = createMemoryQueue();
  const logKeys = createLogKeys([secret("a secret for the tests")]);
  const deps = { store, queue, logKeys, ...options };
  const status = statusRoutes({
    ...{ store, config: CONFIG, logKeys },
    isolationOf: async (site) => (site === "shop" ? "bubblewrap: own files, processes and network" : null),
  });
  const routes = [transcriptRoute(deps), transcriptEventsRoute(deps), ...status];
  const server = createHttpServer(routes, createLog({ level: "silent", pretty: false }));
  const url = `http://127.0.0.1:${await server.listen({ host: "127.0.0.1", port: 0 })}`;
  onTestFinished(async () => {
    await server.close(0);
    await queue.close();
    await store.close();
  });

  return {
    ...{ store, queue, logKeys, url },
    statusUrl: () => statusLink(url, logKeys, Date.now()),
    pageOf: (path: string) => fetch(`${url}${path}`, { headers: { accept: "text/html,*/*;q=0.8" } }),
    address: (id: string, what = "log") => `/deployments/${id}/${what}?key=${logKeys.sign(id, Date.now())}`,
    async queueOne(id: string, changes: Partial<NewDeployment> = {}) {
      const one: NewDeployment = {
        ...{ id, site: "shop", trigger: "push", cause: id, repoId: null, repoName: "acme/secret-shop" },
        ...{ installationId: null, branch: "main", commit: "c0ffee1234567", author: "Ada", title: "Fix the footer" },
        ...changes,
      };
      await store.transact((tx) => queueDeployment(tx, one, Date.now()));
    },
    async claim() {
      const nowMs = Date.now();
      await store.transact((tx) => claimDeployment(tx, { boot: "b", nowMs, untilMs: nowMs + 1000 }));
    },
    async change(id: string, to: DeploymentChange) {
      await store.transact((tx) => changeDeployment(tx, id, to, Date.now()));
      queue.nudge("transcripts");
    },
    remark: (id: string, text: string) => store.transact((tx) => remarkOnDeployment(tx, id, text)),
    async goLive(id: string) {
      const live = { deployment: id, release: "4".repeat(64), commit: "c0ffee1234567", nowMs: Date.now() };
      await store.transact((tx) => setLive(tx, "shop", live));
    },
    async print(id: string, seq: number, text: string) {
      await store.transact((tx) => appendTranscript(tx, id, { seq, text }));
      queue.nudge("transcripts");
    },
  };
}

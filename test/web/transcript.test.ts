import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpServer, type HttpServer } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { changeDeployment, queueDeployment } from "../../src/store/deployments.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { appendTranscript } from "../../src/store/transcripts.ts";
import { healthRoutes } from "../../src/web/health.ts";
import { transcriptRoute } from "../../src/web/transcript.ts";

const logKeys = createLogKeys([secret("a secret for the tests")]);
const queue = createMemoryQueue();
let folder: string;
let store: Store;
let server: HttpServer;
let url: string;
let isStopping = false;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-web-"));
  store = await openSqlite(join(folder, "slipway.db"));
  isStopping = false;
  const routes = [transcriptRoute({ store, queue, logKeys }), ...healthRoutes({ store, isStopping: () => isStopping })];
  server = createHttpServer(routes, createLog({ level: "silent", pretty: false }));
  url = `http://127.0.0.1:${await server.listen({ host: "127.0.0.1", port: 0 })}`;
  const deployment = {
    id: "d-1",
    site: "shop",
    trigger: "push",
    cause: "c",
    repoId: null,
    repoName: "a/b",
    installationId: null,
    branch: "main",
    commit: "c",
    author: "A",
    title: "T",
  } as const;
  await store.transact((tx) => queueDeployment(tx, deployment, 1));
  await store.transact((tx) => appendTranscript(tx, "d-1", { seq: 1, text: "first\n" }));
});
afterEach(async () => {
  await server.close(0);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const address = (key: string, id = "d-1") => `${url}/deployments/${id}/log?key=${key}`;

describe("a transcript", () => {
  it("can be read while it grows, and ends with its deployment", async () => {
    const answer = await fetch(address(logKeys.sign("d-1", Date.now())));
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const next = async () => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await next()).toBe("first\n");
    await store.transact((tx) => appendTranscript(tx, "d-1", { seq: 2, text: "second\n" }));
    queue.nudge("transcripts");
    expect(await next()).toBe("second\n");
    await store.transact((tx) => appendTranscript(tx, "d-1", { seq: 3, text: "last\n" }));
    await store.transact((tx) => changeDeployment(tx, "d-1", { state: "cancelled", reason: "asked" }, 2));
    queue.nudge("transcripts");
    expect(await next()).toBe("last\n");
    expect((await reader.read()).done).toBe(true);
  });

  it("is not shown without its key, and nobody learns whether a deployment exists", async () => {
    const other = logKeys.sign("d-2", Date.now());
    const expired = logKeys.sign("d-1", Date.now() - 40 * 86_400_000);
    const answers = await Promise.all(
      [address(""), address(other), address(expired), address(other, "d-2")].map((it) => fetch(it)),
    );
    expect(answers.map((it) => it.status)).toEqual([404, 404, 404, 404]);
    expect(new Set(await Promise.all(answers.map((it) => it.text()))).size).toBe(1);
  });
});

describe("the health pages", () => {
  it("say that the service is up, and whether it can take deliveries", async () => {
    const status = async (path: string) => (await fetch(`${url}${path}`)).status;
    expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 200]);
    isStopping = true;
    expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 503]);
    isStopping = false;
    await store.close();
    expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 503]);
  });
});

/** Which contents go, on a real store and real files. */
import { createHash } from "node:crypto";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createLog } from "../../src/log.ts";
import { collectContents, createCollector } from "../../src/pipeline/collect-releases.ts";
import { createBlobStore } from "../../src/releases/blob-store.ts";
import { claimDeployment, type NewDeployment, queueDeployment } from "../../src/store/deployments.ts";
import { keepRelease, listReleases } from "../../src/store/releases.ts";
import { setLive } from "../../src/store/sites.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const HOUR_MS = 3_600_000;
const digest = (content: string) => createHash("sha256").update(content).digest("hex");

async function createWorld() {
  const dataDir = temporaryFolder();
  const store = await openSqlite(join(dataDir, "slipway.db"));
  onTestFinished(() => store.close());
  const blobs = createBlobStore({ folder: join(dataDir, "blobs") });

  /** Stores a content as it was put so many hours ago. */
  async function put(content: string, hoursAgo: number): Promise<void> {
    writeFileSync(join(dataDir, "source"), content);
    const [{ sha256 } = { sha256: "" }] = await blobs.putAll([join(dataDir, "source")]);
    const at = new Date(Date.now() - hoursAgo * HOUR_MS);
    utimesSync(blobs.path(sha256), at, at);
  }
  /** Makes a release of these contents live, all of them put long ago. */
  async function goLive(site: string, id: string, contents: readonly string[]): Promise<void> {
    for (const content of contents) await put(content, 5);
    const manifest = contents.map((content, index) => [`${index}`, digest(content), content.length] as const);
    await store.transact((tx) => keepRelease(tx, { site, id, manifest, commit: "", author: "", title: "", nowMs: 1 }));
    await store.transact((tx) => setLive(tx, site, { deployment: "d", release: id, commit: "", nowMs: 1 }));
  }
  const has = (content: string) => blobs.has(digest(content));
  return { dataDir, store, put, goLive, has };
}

const deployment: NewDeployment = {
  ...{ id: "d-1", site: "docs", trigger: "push", cause: "push 1", repoId: null, repoName: "acme/docs" },
  ...{ installationId: null, branch: "main", commit: "a", author: "", title: "" },
};

test("Contents stay that a release of any site needs, or that were wanted within the hour", async () => {
  const { dataDir, store, put, goLive, has } = await createWorld();
  await goLive("shop", "r-1", ["shop's"]);
  await goLive("docs", "r-2", ["docs'", "shared"]);
  await put("young orphan", 0.5);
  await put("old orphan", 2);
  expect(await collectContents({ store, dataDir }, new AbortController().signal)).toEqual({ removed: 1, bytes: 10 });
  const left = await Promise.all(["shop's", "docs'", "shared", "young orphan", "old orphan"].map(has));
  expect(left).toEqual([true, true, true, true, false]);
});

test("Contents stay that a deployment which has run for hours put at its beginning", async () => {
  const { dataDir, store, put, has } = await createWorld();
  const startedMs = Date.now() - 4 * HOUR_MS;
  await store.transact((tx) => queueDeployment(tx, deployment, startedMs));
  await store.transact((tx) => claimDeployment(tx, { boot: "b", nowMs: startedMs, untilMs: Date.now() + HOUR_MS }));
  await put("of the build that runs", 3);
  await put("of an earlier build", 5);
  await collectContents({ store, dataDir }, new AbortController().signal);
  expect(await Promise.all([has("of the build that runs"), has("of an earlier build")])).toEqual([true, false]);
});

test("After a deployment the releases beyond those that a site keeps go, with the contents that they alone had", async () => {
  const { dataDir, store, goLive, has } = await createWorld();
  const log = createLog({ level: "silent", pretty: false });
  const collector = createCollector({ store, log, dataDir, sites: { shop: { releases: 2 } } });
  for (const id of ["r-1", "r-2", "r-3"]) await goLive("shop", id, ["in all of them", `only in ${id}`]);
  await goLive("gone from slipway.yaml", "r-1", ["its own"]);
  await collector.afterDeployment("shop");
  await collector.afterDeployment("gone from slipway.yaml");
  const kept = await store.transact((tx) => listReleases(tx, "shop"));
  expect(kept.map(({ id }) => id)).toEqual(["r-3", "r-2"]);
  const contents = ["in all of them", "only in r-1", "only in r-2", "only in r-3", "its own"];
  expect(await Promise.all(contents.map(has))).toEqual([true, false, true, true, true]);
  await collector.stop();
});

test("Contents are looked for once a minute, and not at all any more once it is stopped", async () => {
  const { dataDir, store, put, has } = await createWorld();
  vi.spyOn(performance, "now").mockReturnValue(1000);
  onTestFinished(() => void vi.restoreAllMocks());
  const log = createLog({ level: "silent", pretty: false });
  const collector = createCollector({ store, log, dataDir, sites: {} });
  const isGoneAfter = async (nowMs: number) => {
    await put("orphan", 2);
    vi.mocked(performance.now).mockReturnValue(nowMs);
    await collector.afterDeployment("shop");
    return !(await has("orphan"));
  };
  expect(await isGoneAfter(1000)).toBe(true);
  expect(await isGoneAfter(60_999)).toBe(false);
  expect(await isGoneAfter(61_000)).toBe(true);
  await collector.stop();
  expect(await isGoneAfter(200_000)).toBe(false);
});

/** What becomes of deployments that Slipway's end left half done: real workers, a real store, two boots. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { collectContents } from "../../src/pipeline/collect-releases.ts";
import { createBlobStore } from "../../src/releases/blob-store.ts";
import { findBuilt, hasBuilt } from "../../src/store/built-releases.ts";
import { changeDeployment, claimDeployment } from "../../src/store/deployments.ts";
import { isRunning, readPids, waitUntil } from "../process/processes.ts";
import { serverForTest } from "../publishers/ftp/world.ts";
import { createRunWorld, type RunWorldOptions } from "./run-world.ts";

// Workers get the processor while nobody else wants it, which on a busy machine takes its time.
vi.setConfig({ testTimeout: 200_000 });

/** Builds until the file "go" is there. */
const untilGo = (folder: string) => `until [ -e '${folder}/go' ]; do sleep 0.02; done`;

/** A site on the demo's FTP server, which keeps the first publish waiting. */
async function createHangingHost(options: RunWorldOptions = {}) {
  const { server, folder: host } = await serverForTest();
  const publish = `publish: "ftp://deploy@127.0.0.1:${server.port}/"\n    plain: true\n    password: env:FTP_PASSWORD`;
  const world = await createRunWorld({ ...options, publish });
  server.misbehave({ interrupt: { verb: "STOR", how: "hang" } });
  return { ...world, server, host };
}

type World = Awaited<ReturnType<typeof createRunWorld>>;

/** Leaves the deployment as a boot that was killed leaves it. */
async function leaveCut(world: World, stage: "build" | "publish"): Promise<void> {
  const nowMs = Date.now();
  await world.store.transact((tx) => claimDeployment(tx, { boot: "killed", nowMs, untilMs: nowMs + 60_000 }));
  const state = stage === "build" ? "building" : "publishing";
  await world.store.transact((tx) => changeDeployment(tx, "d-1", { state, stage }, nowMs));
}

describe("A deployment whose release is built when Slipway is stopped", () => {
  test("is published after the next start without building again, and says so", async () => {
    const world = await createHangingHost();
    await world.queue();
    const first = world.start();
    await world.until(({ state }) => state === "publishing");
    await vi.waitFor(() => expect(world.server.log.commands.get("STOR") ?? 0).toBeGreaterThan(0), { timeout: 60_000 });

    await first.stop();

    const stopped = await world.deployment();
    expect(stopped).toMatchObject({ state: "queued", attempts: 0 });
    expect(stopped.reason).toBe(
      "interrupted: Slipway was stopped; after its start it goes on with the release that was built before",
    );
    world.server.misbehave(null);
    world.start();
    const live = await world.until(({ state }) => state === "live");
    expect(live).toMatchObject({ commit: world.commit, attempts: 1 });
    expect(live.remarks).toEqual(["went on with the release built before Slipway was restarted"]);
    expect(world.builds()).toBe(1);
    const { id } = (await world.store.transact((tx) => findBuilt(tx, "d-1"))) ?? { id: "forgotten" };
    expect(id).toBe("forgotten");
    expect(await world.transcript()).toMatch(
      new RegExp(`── started again ──\n(.*\n)*Going on with the release ${live.releaseId?.slice(0, 12)} of `),
    );
    expect(readFileSync(join(world.host, "index.html"), "utf8")).toBe("hello");
  });

  test("makes way for a newer push all the same", async () => {
    const world = await createHangingHost();
    await world.queue();
    const first = world.start();
    await world.until(({ state }) => state === "publishing");
    await first.stop();
    const newer = world.repository.commit({ "index.html": "newer" });
    await world.queue({ id: "d-2", commit: newer });
    expect((await world.deployment()).state).toBe("superseded");
    expect(await world.store.transact((tx) => hasBuilt(tx, "d-1"))).toBe(false);
    world.server.misbehave(null);
    world.start();
    await world.until(({ state }) => state === "live", "d-2");
    expect(readFileSync(join(world.host, "index.html"), "utf8")).toBe("newer");
  });

  test("keeps its contents from the collector, however long it waits, and is built anew where they are gone", async () => {
    const world = await createHangingHost();
    await world.queue();
    const first = world.start();
    await world.until(({ state }) => state === "publishing");
    await first.stop();
    const built = await world.store.transact((tx) => findBuilt(tx, "d-1"));
    const blobs = createBlobStore({ folder: join(world.dataDir, "blobs") });
    const sha256 = built?.manifest[0]?.[1] ?? "";
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 30 * 86_400_000);
    await collectContents(world, new AbortController().signal);
    vi.restoreAllMocks();
    expect(await blobs.has(sha256)).toBe(true);

    rmSync(blobs.path(sha256));
    world.server.misbehave(null);
    world.start();
    await world.until(({ state }) => state === "live");
    expect(world.builds()).toBe(2);
  });
});

describe("A deployment whose publish fails for the moment", () => {
  test("is tried again with the release that was built", async () => {
    const world = await createHangingHost({ build: (folder) => `echo $PPID > '${folder}/worker'` });
    await world.queue();
    world.start();
    await vi.waitFor(() => expect(world.server.log.commands.get("STOR") ?? 0).toBeGreaterThan(0), { timeout: 60_000 });
    process.kill(Number(readFileSync(join(world.folder, "worker"), "utf8")), "SIGKILL");
    const { reason } = await world.until(({ state, reason }) => state === "queued" && reason !== null);
    expect(reason).toBe("the worker process ended unexpectedly (SIGKILL)");

    world.server.misbehave(null);
    await world.store.transact((tx) => changeDeployment(tx, "d-1", { state: "queued", notBeforeMs: 0 }, Date.now()));
    world.nudge();
    const { remarks } = await world.until(({ state }) => state === "live");
    expect([world.builds(), remarks]).toEqual([1, []]);
  });
});

describe("A build that is cut", () => {
  test("by a stop in good order is run once more, without counting as a failure", async () => {
    const world = await createRunWorld({ build: untilGo });
    await world.queue();
    for (let boots = 1; boots <= 2; boots += 1) {
      const runner = world.start();
      await vi.waitFor(() => expect(world.builds()).toBe(boots), { timeout: 60_000 });
      await runner.stop();
      expect(await world.deployment()).toMatchObject({
        ...{ state: "queued", attempts: 0 },
        reason: "interrupted: Slipway was stopped; after its start it is built once more",
      });
    }
    writeFileSync(join(world.folder, "go"), "");
    world.start();
    const { remarks } = await world.until(({ state }) => state === "live");
    expect(remarks).toEqual(["built once more, since Slipway was restarted meanwhile"]);
  });

  test("by a signal to all of Slipway's processes, as systemd sends it, is no failed build", async () => {
    const world = await createRunWorld({
      build: (folder) => `echo $PPID > '${folder}/pids'; echo $$ >> '${folder}/pids'; sleep 60`,
    });
    await world.queue();
    const runner = world.start();
    const pids = await waitUntil("the build runs", () => readPids(join(world.folder, "pids"), 2), 60_000);
    for (const pid of pids) process.kill(pid, "SIGTERM");
    await waitUntil("the build is gone", () => !isRunning(pids[1] ?? 0));
    await runner.stop();
    expect(await world.deployment()).toMatchObject({ state: "queued", attempts: 0 });
  });

  test("by a crash is run once more and says so", async () => {
    const world = await createRunWorld();
    await world.queue();
    await leaveCut(world, "build");
    world.start();
    const { remarks } = await world.until(({ state }) => state === "live");
    expect(remarks).toEqual(["built once more, since Slipway was restarted meanwhile"]);
    expect(await world.transcript()).toContain("interrupted: Slipway was restarted; it is built once more");
  });

  test("by a second crash fails, and says what to do", async () => {
    const world = await createRunWorld({ build: untilGo });
    await world.queue();
    await leaveCut(world, "build");
    const second = world.start("second");
    await vi.waitFor(() => expect(world.builds()).toBe(1), { timeout: 60_000 });
    // A third boot finds what the second one, killed, say, would have left.
    world.start("third");
    const { reason } = await world.until(({ state }) => state === "failed");
    expect(reason).toBe(
      "Slipway ended while this was built, and ended again while it was built once more, this time during build. Look " +
        "into Slipway's own log: the build may need more memory or disk than there is. slipway deploy shop starts it again",
    );
    expect(await world.transcript()).toContain(`failed: ${reason}`);
    await second.stop();
  });

  test("while it was published, of a release that is kept, is published again as often as it takes", async () => {
    const world = await createRunWorld();
    await world.queue();
    const runner = world.start();
    await world.until(({ state }) => state === "live");
    await runner.stop();
    await world.queue({ id: "d-2", trigger: "redeploy" });
    for (let boots = 1; boots <= 2; boots += 1) {
      const nowMs = Date.now();
      const claimed = await world.store.transact((tx) =>
        claimDeployment(tx, { boot: `boot ${boots}`, nowMs, untilMs: nowMs + 60_000 }),
      );
      expect(claimed?.id).toBe("d-2");
      await world.store.transact((tx) => changeDeployment(tx, "d-2", { state: "publishing", stage: "publish" }, nowMs));
      if (boots < 2) {
        await world.store.transact((tx) => changeDeployment(tx, "d-2", { state: "queued" }, nowMs));
      }
    }
    world.start();
    const { remarks } = await world.until(({ state }) => state === "live", "d-2");
    expect(remarks).toEqual(["published again, since Slipway was restarted meanwhile"]);
  });
});

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import type { WorkerMessage } from "../../src/pipeline/job.ts";
import { createSpareWorker } from "../../src/pipeline/spare-worker.ts";
import { startWorker } from "../../src/pipeline/start-worker.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { isRunning, waitUntil } from "../process/processes.ts";
import { createJob } from "./deployment-job.ts";

const env = { PATH: process.env.PATH };

function prepare(spareMs?: number) {
  const spare = createSpareWorker(env, spareMs);
  onTestFinished(() => spare.stop());
  return spare;
}

/** Runs `keep`; answers with the process ids that came of it. */
function started(keep: () => void): number[] {
  const before = children();
  keep();
  return children().filter((pid) => !before.includes(pid));
}

/** Of this process: proc_tid_children(5). */
function children(): number[] {
  const text = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

describe.skipIf(process.platform !== "linux")("A worker that is kept ready", () => {
  test("takes a job like any other, and is handed out once", async () => {
    const repository = createGitRepository();
    const commit = repository.commit({ "public/index.html": "hello" });
    const { job } = createJob(repository.url, { site: { output: "public" } });
    const spare = prepare();
    expect(spare.take()).toBeUndefined();

    expect(started(() => spare.keep())).toHaveLength(1);
    expect(started(() => spare.keep())).toEqual([]);
    const child = spare.take();
    if (child === undefined) throw new Error("none is ready");
    expect(spare.take()).toBeUndefined();
    const messages: WorkerMessage[] = [];
    const worker = startWorker({ job, env, child, onMessage: (one) => messages.push(one) });
    onTestFinished(() => worker.kill());

    expect(await worker.done).toMatchObject({ kind: "live", commit });
    expect(messages.some((message) => message.type === "stage" && message.stage === "publish")).toBe(true);
  });

  test("ends when nobody has needed it for its time", async () => {
    const spare = prepare(1);
    const [pid = 0] = started(() => spare.keep());
    await waitUntil("it is gone", () => !isRunning(pid));
    expect(spare.take()).toBeUndefined();
  });

  test("is made anew when it was killed meanwhile", async () => {
    const spare = prepare();
    const [pid = 0] = started(() => spare.keep());
    process.kill(pid, "SIGKILL");
    await waitUntil("it is gone", () => !isRunning(pid));
    const [other] = await waitUntil("another is there", () => {
      const pids = started(() => spare.keep());
      return pids.length > 0 && pids;
    });
    const child = spare.take();
    if (child === undefined) throw new Error("none is ready");
    expect(child.pid).toBe(other);
    const gone = once(child, "exit");
    child.disconnect();
    await gone;
  });

  test("is gone when Slipway has stopped, and none is made after that", async () => {
    const spare = prepare();
    const [pid = 0] = started(() => spare.keep());
    expect(isRunning(pid)).toBe(true);
    await spare.stop();
    expect(isRunning(pid)).toBe(false);
    expect(started(() => spare.keep())).toEqual([]);
  });
});

/** Builds that use too much end in a moment, and the limit is named; nothing of them is left. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { ISOLATIONS } from "../../src/model/build.ts";
import { describeWithProgram } from "../servers/available.ts";
import { openWorld } from "./sandbox-world.ts";

/** Processes of this machine that were started with `mark` in their arguments. */
function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && Number(pid) !== process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark)
      );
    } catch {
      return false;
    }
  });
}

const isRoot = process.getuid?.() === 0;

describeWithProgram("bwrap", "A build under limits", () => {
  describe.each(ISOLATIONS.filter((isolation) => isolation !== "user" || isRoot))("in isolation %s", (isolation) => {
    it.each([
      ["forks forever", "while :; do sleep 1000 & done", { processes: 150 }, "processes", "limits.processes"],
      [
        "uses more and more memory",
        'node -e "const all = []; for (;;) all.push(Buffer.alloc(5e6, 1))"',
        { memoryBytes: 200 * 1024 ** 2 },
        "memory",
        "limits.memory",
      ],
      [
        "fills the disk",
        "i=0; while :; do i=$((i+1)); head -c 5000000 /dev/zero > file$i || exit 1; done",
        { diskBytes: 50 * 1024 ** 2 },
        "disk",
        "limits.disk",
      ],
      ["prints forever", "yes a line of the transcript", { printedBytes: 1024 ** 2 }, "printed", "limits.printed"],
    ] as const)("that %s is ended", async (_, command, limits, why, key) => {
      const { run } = await openWorld(isolation, { limits });
      const { error } = await run(command);
      expect(error).toMatchObject({ why, message: expect.stringContaining(key) });
    });

    it("that ignores signals is killed when its time is up, with what it put into sessions of their own", async () => {
      const { run } = await openWorld(isolation);
      const mark = `mark-${Math.random().toString(36).slice(2)}`;
      const command = `setsid sh -c 'trap "" INT TERM; while :; do sleep 0.1; : ${mark}; done' & trap "" INT TERM; while :; do sleep 0.1; : ${mark}; done`;
      const { error } = await run(command, { timeoutMs: 700, graceMs: 200 });
      expect(error).toMatchObject({ why: "timeout", message: expect.stringContaining("build.timeout") });
      await vi.waitFor(() => expect(processesWith(mark)).toEqual([]), { timeout: 5000 });
    });

    // Without isolation nothing but the watcher would hold it, and a test is no place to find out whether it does.
    it.skipIf(isolation === "none")("that is a fork bomb is ended", async () => {
      const { run } = await openWorld(isolation, { limits: { processes: 150 } });
      const { error } = await run("exec bash -c ':() { : | : & }; :; while :; do sleep 1; done'");
      expect(error).toMatchObject({ why: "processes", message: expect.stringContaining("limits.processes") });
    });

    it("that says nothing is ended for that", async () => {
      const { run } = await openWorld(isolation);
      const { error } = await run("sleep 60", { idleTimeoutMs: 300 });
      expect(error).toMatchObject({ why: "idle", message: expect.stringContaining("build.idleTimeout") });
    });

    it("that ends leaves no process behind", async () => {
      const { run } = await openWorld(isolation);
      const mark = `mark-${Math.random().toString(36).slice(2)}`;
      const { error } = await run(`setsid sh -c 'while :; do sleep 0.1; : ${mark}; done' >/dev/null 2>&1 & echo done`);
      expect(error).toBeNull();
      await vi.waitFor(() => expect(processesWith(mark)).toEqual([]), { timeout: 5000 });
    });
  });
});

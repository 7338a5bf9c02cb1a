/** What becomes of a build when Slipway is killed: nothing of it stays, nor of the network that was made for it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "../git/git-repository.ts";
import { describeWithProgram } from "../servers/available.ts";

const script = fileURLToPath(new URL("sandbox-process.ts", import.meta.url));
const isRoot = process.getuid?.() === 0;
const readOrNothing = (read: () => string) => {
  try {
    return read();
  } catch {
    return "";
  }
};

/** Command lines of the processes that `pid` started, and those of theirs. */
function startedBy(pid: number): { pid: number; commandLine: string }[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const stat = readOrNothing(() => readFileSync(`/proc/${name}/stat`, "latin1"));
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (child: number): boolean => {
    const parent = parents.get(child);
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).map((child) => ({
    pid: child,
    commandLine: readOrNothing(() => readFileSync(`/proc/${child}/cmdline`, "utf8")).replaceAll("\0", " "),
  }));
}

describeWithProgram("bwrap", "A build whose Slipway is killed", () => {
  // Without isolation Slipway's two processes, which end each other's builds, are all there is: worker.test.ts.
  describe.each(isRoot ? ["bubblewrap", "user"] : ["bubblewrap"])("in isolation %s", (isolation) => {
    it("goes with it, whatever it started", async () => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o711);
      const stubborn = 'trap "" INT TERM HUP; echo runs; while :; do sleep 0.1; done';
      const parent = spawn(process.execPath, [script, isolation, join(folder, "data"), `sh -c '${stubborn}'`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => void parent.kill("SIGKILL"));
      for await (const line of createInterface(parent.stdout)) if (line === "runs") break;
      const started = startedBy(parent.pid ?? 0);
      expect(started.some(({ commandLine }) => commandLine.includes("trap"))).toBe(true);
      if (isolation !== "none")
        expect(started.some(({ commandLine }) => commandLine.includes("slirp4netns"))).toBe(true);

      parent.kill("SIGKILL");
      await once(parent, "exit");

      const isLeft = ({ pid, commandLine }: (typeof started)[number]) =>
        commandLine !== "" &&
        readOrNothing(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ") === commandLine &&
        readOrNothing(() => readlinkSync(`/proc/${pid}/exe`)) !== "";
      await vi.waitFor(() => expect(started.filter(isLeft)).toEqual([]), { timeout: 60_000 });
    });
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CommandError, type CommandOptions, runCommand } from "../../src/process/run-command.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { isRunning, readPids, waitUntil } from "./processes.ts";

function start(command: CommandOptions["command"], changes: Partial<CommandOptions> = {}) {
  const lines: string[] = [];
  const done = runCommand({
    command,
    cwd: temporaryFolder(),
    env: { PATH: process.env.PATH ?? "" },
    timeoutMs: 20_000,
    idleTimeoutMs: 20_000,
    graceMs: 150,
    secrets: [],
    signal: new AbortController().signal,
    gone: new AbortController().signal,
    async onGroup() {},
    onOutput: (text, from) => lines.push(...text.split("\n").map((line) => `${from}: ${line}`)),
    ...changes,
  });
  done.catch(() => {});
  return { done, lines };
}

const failure = (done: Promise<void>) =>
  done.then(
    () => undefined,
    (error: unknown) => error,
  );

test("Output of both streams arrives as lines, the last one also without its line end", async () => {
  const { done, lines } = start("echo one; echo two >&2; printf 'three\\r\\n'; printf end");
  await done;
  expect(lines.filter((line) => line.startsWith("stdout"))).toEqual(["stdout: one", "stdout: three", "stdout: end"]);
  expect(lines).toContain("stderr: two");
});

test("A program is run without a shell in between", async () => {
  const { done, lines } = start({ file: "printf", args: ["%s", "$(touch x); `id` | *"] });
  await done;
  expect(lines).toEqual(["stdout: $(touch x); `id` | *"]);
});

test("An exit code other than 0 fails and is told", async () => {
  const error = await failure(start("exit 7").done);
  expect(error).toBeInstanceOf(CommandError);
  expect(error).toMatchObject({ why: "exit", exitCode: 7, message: "failed with exit code 7" });
});

test("A program that does not exist fails, and so does one that is killed by others", async () => {
  expect(await failure(start({ file: "no-such-program", args: [] }).done)).toMatchObject({
    why: "exit",
    exitCode: 127,
  });
  expect(await failure(start("kill -KILL $$").done)).toMatchObject({ why: "killed", message: "was ended by SIGKILL" });
});

test("The total limit ends a command that goes on printing", async () => {
  const error = await failure(start("while :; do echo x; sleep 0.05; done", { timeoutMs: 400 }).done);
  expect(error).toMatchObject({ why: "timeout", message: "ran longer than 400 milliseconds (build.timeout)" });
});

test("The idle limit ends a command that prints nothing, and not one that prints", async () => {
  const error = await failure(start("echo begin; exec sleep 60", { idleTimeoutMs: 300 }).done);
  expect(error).toMatchObject({ why: "idle", message: "gave no output for 300 milliseconds (build.idleTimeout)" });

  await start("for i in 1 2 3 4 5 6 7 8; do printf .; sleep 0.2; done", { idleTimeoutMs: 1200 }).done;
});

test("A command that ignores INT and TERM is killed, with its children", async () => {
  const folder = temporaryFolder();
  const command = "trap '' INT TERM; echo $$ > pids; sh -c 'trap \"\" INT TERM; echo $$ >> pids; sleep 60'; sleep 60";
  const cancel = new AbortController();
  const { done } = start(command, { cwd: folder, signal: cancel.signal });
  const pids = await waitUntil("both run", () => readPids(join(folder, "pids"), 2));

  cancel.abort(new Error("enough"));

  expect(await failure(done)).toEqual(new Error("enough"));
  await waitUntil("both are gone", () => !pids.some(isRunning), 5000);
});

test("A command that tidies up on INT gets the time for it", async () => {
  const folder = temporaryFolder();
  const cancel = new AbortController();
  const command = "trap 'echo tidy > done; exit 0' INT; echo $$ > pids; while :; do sleep 0.02; done";
  const { done } = start(command, { cwd: folder, signal: cancel.signal, graceMs: 10_000 });
  await waitUntil("it runs", () => readPids(join(folder, "pids"), 1));
  cancel.abort(new Error("enough"));
  expect(await failure(done)).toEqual(new Error("enough"));
  expect(readFileSync(join(folder, "done"), "utf8")).toBe("tidy\n");
});

test("What a command leaves running in the background is gone when it ends", async () => {
  const folder = temporaryFolder();
  await start("sleep 300 & echo $! > pids", { cwd: folder }).done;
  const pids = readPids(join(folder, "pids"), 1) ?? [];
  expect(pids).toHaveLength(1);
  await waitUntil("it is gone", () => !pids.some(isRunning), 5000);
});

test("`gone` kills the whole group within the call", async () => {
  const folder = temporaryFolder();
  const gone = new AbortController();
  const groups: Array<number | null> = [];
  const command = "trap '' INT TERM; echo $$ > pids; sleep 300 & echo $! >> pids; wait";
  const { done } = start(command, { cwd: folder, gone: gone.signal, onGroup: async (pid) => void groups.push(pid) });
  const pids = await waitUntil("it runs", () => readPids(join(folder, "pids"), 2));
  gone.abort();
  expect(await failure(done)).toMatchObject({ why: "killed" });
  expect(pids.some(isRunning)).toBe(false);
  expect(groups).toEqual([pids[0], null]);
});

test("Nothing runs before the group is known, nor when it was killed meanwhile", async () => {
  const folder = temporaryFolder();
  const gone = new AbortController();
  const onGroup = async (pid: number | null) => {
    if (pid !== null) gone.abort();
  };
  const { done } = start("touch ran", { cwd: folder, gone: gone.signal, onGroup });
  expect(await failure(done)).toMatchObject({ why: "killed" });
  expect(readdirSync(folder)).toEqual([]);
});

test("A command finds its input empty, and a folder that does not exist is an error", async () => {
  const { done, lines } = start("cat; echo end");
  await done;
  expect(lines).toEqual(["stdout: end"]);
  expect(await failure(start("true", { cwd: "/nowhere" }).done)).toMatchObject({ why: "start" });
});

test("Characters that are cut in two by a chunk border stay whole, and secrets are masked", async () => {
  const command = "printf 'gr\\303'; sleep 0.1; printf '\\274n top-se'; sleep 0.1; printf 'cret-value!\\n'";
  const { done, lines } = start(command, { secrets: ["top-secret-value"] });
  await done;
  expect(lines).toEqual(["stdout: grün [secret]!"]);
});

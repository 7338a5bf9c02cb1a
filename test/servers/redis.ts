/** Starts Debian's redis-server (7.0 on bookworm) for tests, on a free port of 127.0.0.1, with nothing kept on disk. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/demo/free-port.ts";

export type TestRedis = {
  readonly url: string;
  /** It stays there and answers nothing, until told to go on. */
  hang(): void;
  goOn(): void;
  stop(): Promise<void>;
};

/** `at` is the port of one that was stopped, to come back there. */
export async function startRedisServer(at?: number): Promise<TestRedis & { readonly port: number }> {
  const port = at ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "slipway-redis-"));
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const server = spawn("redis-server", args, { stdio: "ignore" });
  const ended = once(server, "exit");
  const deadlineMs = Date.now() + 15_000;
  while (!(await answers(port))) {
    if (server.exitCode !== null || Date.now() > deadlineMs) throw new Error("redis-server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    hang: () => void server.kill("SIGSTOP"),
    goOn: () => void server.kill("SIGCONT"),
    async stop() {
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether something there says PONG (redis.io/docs/latest/commands/ping). */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString().startsWith("+PONG"));
    });
    socket.once("error", () => resolve(false));
  });
}

/** A real Alertmanager that nobody sends alerts to, for tests of silences: what its API takes, and what it keeps. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { freePort } from "../../src/demo/free-port.ts";
import { PATIENCE } from "../patience.ts";

type Silence = {
  readonly id: string;
  readonly comment: string;
  readonly createdBy: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly matchers: readonly unknown[];
  readonly status: { readonly state: string };
};

export type TestAlertmanager = {
  readonly url: string;
  silences(): Promise<Silence[]>;
  stop(): Promise<void>;
};

/** "alice:test"; the hash of the password is the one that Prometheus's guide to basic authentication has. */
export const USER = "alice:test";
const WEB_CONFIG = `basic_auth_users: { alice: "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay" }\n`;
const CONFIG = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n";

/** Starts it on a port of the loopback interface, without peers; with `hasUser` it answers nobody but `USER`. */
export async function startAlertmanager({ hasUser = false } = {}): Promise<TestAlertmanager> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-alertmanager-"));
  writeFileSync(join(folder, "config.yml"), CONFIG);
  writeFileSync(join(folder, "web.yml"), WEB_CONFIG);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(
    "prometheus-alertmanager",
    [
      `--config.file=${join(folder, "config.yml")}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      ...(hasUser ? [`--web.config.file=${join(folder, "web.yml")}`] : []),
    ],
    { stdio: "ignore" },
  );
  const headers = { authorization: `Basic ${Buffer.from(USER).toString("base64")}` };
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = once(server, "exit");
      server.kill("SIGTERM");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const status = async () => (await fetch(`${url}/api/v2/status`, { headers })).status;
    await vi.waitFor(async () => expect(await status()).toBe(200), PATIENCE);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    silences: async () => (await (await fetch(`${url}/api/v2/silences`, { headers })).json()) as Silence[],
    stop,
  };
}

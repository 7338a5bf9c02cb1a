/**
 * Starts a real Prometheus Alertmanager (0.25 on Debian bookworm: apt-get install prometheus-alertmanager) for tests, on
 * free ports of the loopback interface, with its storage in a folder of its own.
 *
 *     const alertmanager = await startAlertmanager({ receiver: "http://127.0.0.1:1234/hooks/alerts", token: "secret" });
 *     await alertmanager.post([{ labels: { alertname: "SiteDown" } }]);
 *     await alertmanager.stop();
 *
 * Tests that need it stand inside `describeWithAlertmanager`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/demo/free-port.ts";
import { describeWithProgram } from "../servers/available.ts";

const PROGRAM = "prometheus-alertmanager";

/** A `describe` for tests that need it; without it they are skipped, but where `CI` is set they fail. */
export function describeWithAlertmanager(title: string, tests: () => void): void {
  describeWithProgram(PROGRAM, title, tests);
}

export type AlertmanagerOptions = {
  /** Where notifications go, and the bearer token that they carry. */
  readonly receiver: string;
  readonly token: string;
  /** Default: by `alertname`. */
  readonly groupBy?: readonly string[];
  /** How long the first notification of a group waits for more alerts. Default: 100 ms. */
  readonly groupWaitMs?: number;
  /** How long after a notification changes of the group are told. Default: 300 ms. */
  readonly groupIntervalMs?: number;
  /** When a notification is repeated where nothing changed. Default: 1 h. */
  readonly repeatIntervalMs?: number;
  /** What notifications call this Alertmanager. Default: its own address. */
  readonly externalUrl?: string;
  /** Whether others can be its peers. Default: no, it knows of nobody. */
  readonly isClustered?: boolean;
  /** The one that is asked who is in the cluster; it has to be clustered. */
  readonly peer?: Alertmanager;
  /** How long the second peer waits for the first one to notify. Default: 300 ms. */
  readonly peerTimeoutMs?: number;
};

/** An alert as Prometheus posts it, by API v2; times are ISO dates. An end that is past resolves it. */
export type PostedAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly generatorURL?: string;
};

export type Alertmanager = {
  /** Without a slash at its end; the API is at `${url}/api/v2`. */
  readonly url: string;
  /** For its peers; "" where it is not clustered. */
  readonly clusterAddress: string;
  /** Throws where the alerts are not taken. */
  post(alerts: readonly PostedAlert[]): Promise<void>;
  /** How many members its cluster has, by what it knows. */
  clusterSize(): Promise<number>;
  /** Ends it; nothing is left of it. */
  stop(): Promise<void>;
};

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5000;

/** Resolves once it takes alerts. Throws with what it printed when it ends or does not get ready. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-alertmanager-"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const isClustered = options.isClustered === true || options.peer !== undefined;
  const clusterAddress = isClustered ? `127.0.0.1:${await freePort()}` : "";
  const config = join(folder, "alertmanager.yml");
  // YAML takes JSON.
  writeFileSync(config, JSON.stringify(configuration(options)), { mode: 0o600 });
  const child = spawn(
    PROGRAM,
    [
      `--config.file=${config}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=${new URL(url).host}`,
      `--web.external-url=${options.externalUrl ?? url}`,
      `--cluster.listen-address=${clusterAddress}`,
      ...(isClustered ? clusterArguments(clusterAddress, options) : []),
    ],
    { cwd: folder, env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + String(chunk)).slice(-4000);
    });
  }
  const ended = once(child, "exit").catch((error: Error) => {
    output += error.message;
  });
  // A test process that breaks off leaves nothing running either.
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);

  async function stop(): Promise<void> {
    process.removeListener("exit", killAtExit);
    // The last one of a cluster says goodbye for ten seconds to peers that are gone.
    child.kill(isClustered ? "SIGKILL" : "SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
  }

  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(url))) {
    const isOver = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    if (isOver || Date.now() > deadline) {
      await stop();
      throw new Error(`${PROGRAM} ${isOver ? "ended" : "did not get ready"}: ${output.trim()}`);
    }
    await delay(20);
  }

  return {
    url,
    clusterAddress,
    async post(alerts) {
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(alerts),
      });
      if (!response.ok) throw new Error(`${PROGRAM} refused the alerts: ${await response.text()}`);
    },
    async clusterSize() {
      const status = (await (await fetch(`${url}/api/v2/status`)).json()) as { cluster: { peers?: unknown[] } };
      return status.cluster.peers?.length ?? 1;
    },
    stop,
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/-/ready`);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

function configuration(options: AlertmanagerOptions) {
  const { receiver, token, groupBy = ["alertname"] } = options;
  return {
    route: {
      receiver: "slipway",
      group_by: groupBy,
      group_wait: `${options.groupWaitMs ?? 100}ms`,
      group_interval: `${options.groupIntervalMs ?? 300}ms`,
      repeat_interval: `${options.repeatIntervalMs ?? 3_600_000}ms`,
    },
    receivers: [
      {
        name: "slipway",
        webhook_configs: [
          {
            url: receiver,
            send_resolved: true,
            http_config: { authorization: { type: "Bearer", credentials: token } },
          },
        ],
      },
    ],
  };
}

/** Settling takes ten gossip intervals a look, and some looks: short ones make it a matter of a second. */
function clusterArguments(address: string, { peer, peerTimeoutMs = 300 }: AlertmanagerOptions): string[] {
  return [
    `--cluster.advertise-address=${address}`,
    `--cluster.peer-timeout=${peerTimeoutMs}ms`,
    "--cluster.gossip-interval=20ms",
    "--cluster.pushpull-interval=1s",
    "--cluster.settle-timeout=5s",
    ...(peer ? [`--cluster.peer=${peer.clusterAddress}`] : []),
  ];
}

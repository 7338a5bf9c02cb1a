/**
 * Slipway is killed at every step, and each delivery has its effect exactly once all the same: counted at the
 * partners, who keep what they were sent whether or not they could say so.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { type Observer, observe } from "../../src/demo/observer.ts";
import { type RunningSlipway, startSlipway } from "../../src/demo/slipway.ts";
import { CHANNEL, type Partners, startPartners } from "../../src/demo/world.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { createSecretScan, type SecretScan, secretsIn } from "../secret-scan.ts";

const KILLER = fileURLToPath(new URL("./kill-at-commit.ts", import.meta.url));

let site: string;
let scan: SecretScan | undefined;
/** Set before the tests of a file. */
export let partners: Partners;
export let observer: Observer;
/** How many changes were pushed. */
export let count = 0;

/** Everybody but Slipway, for the tests of one file. */
export function usePartners(): void {
  beforeAll(async () => {
    site = mkdtempSync(join(tmpdir(), "slipway-kill-site-"));
    writeFileSync(join(site, "index.html"), "<h1>0</h1>");
    for (let i = 0; i < 12; i++) writeFileSync(join(site, `page-${i}.html`), `<p>${i}</p>`);
    partners = await startPartners({ siteFolder: site, siteKeys: "    isolation: none\n" });
    observer = observe(partners);
    scan = createSecretScan(secretsIn(partners.settings));
  });
  afterAll(async () => {
    await scan?.sawSlack(partners.slack, [CHANNEL]);
    scan?.sawDatabase(join(partners.folder, "data/slipway.db"));
    await partners?.stop();
    rmSync(site, { recursive: true, force: true });
    scan?.check();
  });
}

/** Starts Slipway, to be killed at that moment: KILL_AT of kill-at-commit.ts. */
export function start(killAt?: string): Promise<RunningSlipway> {
  const settings = { ...partners.settings, ...(killAt === undefined ? {} : { KILL_AT: killAt }) };
  const nodeArguments = killAt === undefined ? [] : ["--import", KILLER];
  const onLog = (line: string) => scan?.saw("the log", line);
  return startSlipway({ folder: partners.folder, settings }, { nodeArguments, program: BUILT_PROGRAM, onLog });
}

export type Push = {
  readonly commit: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly guid: string;
};

/** Commits a change of three pages and pushes it; answers with what GitHub would send. */
export async function push(): Promise<Push> {
  count++;
  const page = `<p>change ${count}</p>`;
  const changes = { "index.html": `<h1>${count}</h1>`, "page-1.html": page, "assets/new.css": `/* ${count} */` };
  await partners.repository.commit({ message: `Change ${count}`, changes });
  const { before, after } = await partners.repository.push();
  const payload = await partners.github.pushPayload({ folder: partners.repository.folder, before, after });
  return { commit: after, payload, guid: randomUUID() };
}

/** Has GitHub send it; answers with the status, 502 where nobody answered. */
export async function send({ payload, guid }: Push): Promise<number> {
  return (await partners.github.deliver({ event: "push", payload, guid })).status_code;
}

/** The site, Slack and GitHub show this commit, each told exactly once. */
async function expectToldOnce(commit: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const messages = (await observer.messages()).filter((it) => it.text.includes(commit.slice(0, 7)));
      expect(messages.map((it) => it.text)).toEqual([expect.stringContaining(" live")]);
      const deployments = (await observer.deployments()).filter((it) => it.sha === commit);
      expect(deployments.map((it) => it.states)).toEqual([["queued", "in_progress", "success"]]);
      expect(await observer.checks(commit)).toEqual(["success"]);
    },
    { timeout: 40_000, interval: 200 },
  );
  const host = await observer.hostFiles();
  expect(host.get("index.html")?.toString()).toBe(`<h1>${count}</h1>`);
  expect(host.get("assets/new.css")?.toString()).toBe(`/* ${count} */`);
  expect([...host.keys()].filter((path) => !path.startsWith(".slipway/"))).toHaveLength(14);
}

/** Starts Slipway, lets `act` happen to it until it is dead, starts it anew and waits until everything is told once. */
export async function killAndRecover(
  act: (slipway: RunningSlipway) => Promise<Push>,
  killAt?: string,
): Promise<{ killed: boolean }> {
  const first = await start(killAt);
  const pushed = await act(first);
  const finished = expectToldOnce(pushed.commit).then(() => "told" as const);
  finished.catch(() => undefined);
  const outcome = await Promise.race([first.ended, finished]);
  if (outcome === "told") {
    await first.stop();
    return { killed: false };
  }
  expect(outcome).toBe("SIGKILL");
  const second = await start();
  try {
    // GitHub was answered, or it was not: then it, or its operator, sends the delivery again.
    expect(await send(pushed)).toBe(200);
    await finished.catch(() => undefined);
    await expectToldOnce(pushed.commit);
  } finally {
    await second.stop();
  }
  return { killed: true };
}

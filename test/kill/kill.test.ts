/**
 * Slipway is killed at every step, and each delivery has its effect exactly once all the same: counted at the
 * partners, who keep what they were sent whether or not they could say so.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Observer, observe } from "../../src/demo/observer.ts";
import { type RunningSlipway, startSlipway } from "../../src/demo/slipway.ts";
import { type Partners, startPartners } from "../../src/demo/world.ts";

const KILLER = fileURLToPath(new URL("./kill-at-commit.ts", import.meta.url));

let site: string;
let partners: Partners;
let observer: Observer;
let count = 0;

beforeAll(async () => {
  site = mkdtempSync(join(tmpdir(), "slipway-kill-site-"));
  writeFileSync(join(site, "index.html"), "<h1>0</h1>");
  for (let i = 0; i < 12; i++) writeFileSync(join(site, `page-${i}.html`), `<p>${i}</p>`);
  partners = await startPartners({ siteFolder: site, siteKeys: "    isolation: none\n" });
  observer = observe(partners);
});
afterAll(async () => {
  await partners?.stop();
  rmSync(site, { recursive: true, force: true });
});

type Push = { readonly commit: string; readonly payload: Readonly<Record<string, unknown>>; readonly guid: string };

/** Commits a change of three pages and pushes it; answers with what GitHub would send. */
async function push(): Promise<Push> {
  count++;
  const page = `<p>change ${count}</p>`;
  const changes = { "index.html": `<h1>${count}</h1>`, "page-1.html": page, "assets/new.css": `/* ${count} */` };
  await partners.repository.commit({ message: `Change ${count}`, changes });
  const { before, after } = await partners.repository.push();
  const payload = await partners.github.pushPayload({ folder: partners.repository.folder, before, after });
  return { commit: after, payload, guid: randomUUID() };
}

/** Has GitHub send it; answers with the status, 502 where nobody answered. */
async function send({ payload, guid }: Push): Promise<number> {
  return (await partners.github.deliver({ event: "push", payload, guid })).status_code;
}

/** The site, Slack and GitHub show this commit, each told exactly once. */
async function expectToldOnce(commit: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const messages = (await observer.messages()).filter((it) => it.text.includes(commit.slice(0, 7)));
      expect(messages.map((it) => it.text.includes(" live"))).toEqual([true]);
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
async function killAndRecover(
  act: (slipway: RunningSlipway) => Promise<Push>,
  killAt?: string,
): Promise<{ killed: boolean }> {
  const settings = { ...partners.settings, ...(killAt === undefined ? {} : { KILL_AT: killAt }) };
  const nodeArguments = killAt === undefined ? [] : ["--import", KILLER];
  const first = await startSlipway({ folder: partners.folder, settings }, { nodeArguments });
  const pushed = await act(first);
  const finished = expectToldOnce(pushed.commit).then(() => "told" as const);
  finished.catch(() => undefined);
  const outcome = await Promise.race([first.ended, finished]);
  if (outcome === "told") {
    await first.stop();
    return { killed: false };
  }
  expect(outcome).toBe("SIGKILL");
  const second = await startSlipway(partners);
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

describe("a Slipway that is killed", () => {
  it("at any commit to its store, before or after it, tells and publishes everything once", {
    timeout: 600_000,
  }, async () => {
    let kills = 0;
    // Every commit of the first steps, then every fifth one, until a deployment outlives its killer.
    for (let n = 1; n < 80; n += n < 8 ? 1 : 5) {
      const { killed } = await killAndRecover(
        async (slipway) => {
          slipway.kill("SIGUSR2");
          const pushed = await push();
          await send(pushed);
          return pushed;
        },
        `${n % 2 === 0 ? "before" : "after"}:${n}`,
      );
      if (!killed) break;
      kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(12);
  });

  it.each([
    ["Slack has taken a post and not answered yet", "slack", "POST", "/api/chat.postMessage"],
    ["GitHub has made a deployment and not answered yet", "github", "POST", "/repos/:owner/:repo/deployments"],
    ["GitHub has made a status and not answered yet", "github", "POST", "/repos/:owner/:repo/deployments/:id/statuses"],
    ["GitHub has made a check run and not answered yet", "github", "POST", "/repos/:owner/:repo/check-runs"],
  ] as const)("while %s repeats nothing", { timeout: 120_000 }, async (_, partner, method, path) => {
    const fault = { hang: true } as const;
    const { killed } = await killAndRecover(async (slipway) => {
      const hold = partners[partner].misbehave({ method, path, fault, afterEffect: true, times: 1 });
      const pushed = await push();
      expect(await send(pushed)).toBe(200);
      await hold.hit;
      slipway.kill("SIGKILL");
      return pushed;
    });
    expect(killed).toBe(true);
  });

  it.each([
    ["in the middle of an upload", { cutUpload: { nth: 2, afterBytes: 3, how: "hang" } }],
    ["between two renames", { interrupt: { verb: "RNTO", nth: 2, how: "hang" } }],
  ] as const)(
    "%s leaves a host that the next start brings to the release",
    { timeout: 120_000 },
    async (_, misbehaviour) => {
      const { killed } = await killAndRecover(async (slipway) => {
        partners.ftp.misbehave(misbehaviour);
        const verb = "cutUpload" in misbehaviour ? "STOR" : "RNTO";
        const pushed = await push();
        expect(await send(pushed)).toBe(200);
        await vi.waitFor(() => expect(partners.ftp.log.commands.get(verb) ?? 0).toBeGreaterThanOrEqual(2), {
          timeout: 30_000,
          interval: 20,
        });
        slipway.kill("SIGKILL");
        await slipway.ended;
        partners.ftp.misbehave(null);
        return pushed;
      });
      expect(killed).toBe(true);
    },
  );

  it("at 50 random moments under load with duplicates loses nothing it acknowledged, and repeats nothing", {
    timeout: 600_000,
  }, async () => {
    const acknowledged = new Set<string>();
    let slipway = await startSlipway(partners);
    let isOver = false;
    const cut = partners.slack.misbehave({
      method: "POST",
      path: "/api/chat.postMessage",
      fault: { cut: true },
      afterEffect: true,
      times: 10,
    });

    async function load(): Promise<void> {
      while (!isOver) {
        const pushed = await push();
        // Each delivery comes at least twice, and again until it was answered.
        for (let i = 0; i < 2 || !acknowledged.has(pushed.commit); i++) {
          const [one, two] = await Promise.all([send(pushed), send(pushed)]);
          if (one === 200 || two === 200) acknowledged.add(pushed.commit);
          else await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
    const loading = load();
    for (let kill = 0; kill < 50; kill++) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
      slipway.kill("SIGKILL");
      expect(await slipway.ended).toBe("SIGKILL");
      slipway = await startSlipway(partners);
    }
    isOver = true;
    await loading;
    cut.end();

    // The newest push is live in the end; of the others each was told at most once.
    const last = [...acknowledged].at(-1) ?? "";
    await vi.waitFor(
      async () => {
        const messages = (await observer.messages()).filter((it) => it.text.includes(last.slice(0, 7)));
        expect(messages.filter((it) => / (live|skipped)\b/.test(it.text)).length).toBeGreaterThanOrEqual(1);
        const unfinished = (await observer.messages()).filter((it) => / (queued|building|publishing)\b/.test(it.text));
        expect(unfinished).toEqual([]);
      },
      { timeout: 90_000, interval: 300 },
    );
    expect((await observer.hostFiles()).get("index.html")?.toString()).toBe(`<h1>${count}</h1>`);
    const keys = (await observer.messages()).map((it) => it.key);
    expect(new Set(keys).size).toBe(keys.length);
    const deployments = await observer.deployments();
    for (const { states } of deployments) expect(new Set(states).size).toBe(states.length);
    await slipway.stop();
  });
});

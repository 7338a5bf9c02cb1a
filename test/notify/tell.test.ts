/** A failure is said aloud once, to whom it concerns, and so is its end, where people look for it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import type { SlackThreadWish } from "../../src/notify/announce.ts";
import { logUrlOf, type Telling, tellDeployment } from "../../src/notify/tell.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import {
  changeDeployment,
  claimDeployment,
  type DeploymentChange,
  type NewDeployment,
  queueDeployment,
} from "../../src/store/deployments.ts";
import { claimOutbox, type OutboxRow } from "../../src/store/outbox.ts";
import type { Store } from "../../src/store/store.ts";
import { appendTranscript } from "../../src/store/transcripts.ts";
import type { Work } from "../../src/store/work.ts";
import { openToldWorld, type ToldWorld } from "./outbox-rows.ts";

const CONFIG = parseConfig(
  `
url: https://deploy.example.com/
sites:
  shop: { repo: acme/shop, publish: "dir:/srv/shop", channel: "#shop" }
people:
  U0BOB: { github: Bob-Builds }
  U0CAROL: { authors: ["Carol C."] }
`,
  "the tests",
);
const TELLING: Telling = {
  config: CONFIG,
  hasSlack: true,
  hasGithub: false,
  logKeys: createLogKeys([secret("of the tests only")]),
};

let world: ToldWorld;
let store: Store;
let nowMs: number;
beforeEach(async () => {
  world = await openToldWorld();
  store = world.store;
  nowMs = 1_000_000;
});
afterEach(() => world.stop());

const asked = (id: string, part: Partial<NewDeployment> = {}): NewDeployment => ({
  id,
  site: "shop",
  trigger: "push",
  cause: id,
  repoId: 1,
  repoName: "acme/shop",
  installationId: null,
  branch: "main",
  commit: id.padEnd(40, "0"),
  author: "Somebody",
  title: "T",
  ...part,
});

/** Runs a deployment from queued to `end`, telling as the service does. */
async function run(
  id: string,
  end: DeploymentChange,
  part: Partial<NewDeployment> = {},
  telling: Telling = TELLING,
): Promise<Deployment> {
  nowMs += 60_000;
  return store.transact(function* (tx): Work<Deployment> {
    const { deployment } = yield* queueDeployment(tx, asked(id, part), nowMs);
    yield* tellDeployment(tx, telling, deployment, { nowMs });
    yield* claimDeployment(tx, { boot: "b", nowMs, untilMs: nowMs + 1000 });
    if (end.state === "live") yield* changeDeployment(tx, id, { state: "publishing", stage: "publish" }, nowMs);
    const ended = yield* changeDeployment(tx, id, end, nowMs + 5000);
    if (!ended) throw new Error(`${id} cannot end so`);
    yield* tellDeployment(tx, telling, ended, { nowMs: nowMs + 5000 });
    return ended;
  });
}

const FAILED = { state: "failed", stage: "build", reason: "it broke" } as const;
const LIVE = { state: "live" } as const;

async function wishes(): Promise<OutboxRow[]> {
  return store.transact((tx) => claimOutbox(tx, { boot: "test", nowMs: 1e12, untilMs: 0, limit: 100 }));
}
const replies = async () => (await wishes()).filter(({ kind }) => kind === "slack.thread");
const wished = async () => (await replies()).map(({ desired }) => desired as SlackThreadWish);
const mention = async () => {
  const [one] = await wished();
  return one?.reply.kind === "failure" ? one.reply.mention : undefined;
};

describe("A deployment that failed", () => {
  test("is said aloud in the thread of its message, with the end of its transcript", async () => {
    const lines = Array.from({ length: 100 }, (_, n) => `line ${n}`);
    await store.transact(function* (tx): Work<void> {
      yield* appendTranscript(tx, "d-1", { seq: 1, text: `${lines.slice(0, 70).join("\n")}\n` });
      for (let n = 70; n < 100; n++) yield* appendTranscript(tx, "d-1", { seq: n - 68, text: `line ${n}\n` });
    });
    const failed = await run("d-1", FAILED);
    const [row, ...others] = await replies();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ key: "thread:d-1:#shop:failed", deploymentId: "d-1", isUrgent: true });
    expect(row?.desired).toEqual({
      channel: "#shop",
      setting: "sites.shop.channel",
      parentKey: "slack:d-1:#shop",
      isBroadcast: true,
      reply: {
        kind: "failure",
        deployment: failed,
        lines: lines.slice(60).join("\n"),
        logUrl: logUrlOf(TELLING, failed),
        mention: null,
      },
    });
    expect(logUrlOf(TELLING, failed)).toMatch(/^https:\/\/deploy\.example\.com\/deployments\/d-1\/log\?key=/);
  });

  test("is cut to its last 4,000 characters, at the beginning of a line", async () => {
    const text = `${Array.from({ length: 40 }, (_, n) => `${n} ${"x".repeat(300)}`).join("\n")}\n`;
    await store.transact((tx) => appendTranscript(tx, "d-1", { seq: 1, text }));
    await run("d-1", FAILED);
    const [{ reply } = {}] = await wished();
    const lines = reply?.kind === "failure" ? reply.lines : "";
    expect(lines.length).toBeLessThanOrEqual(4000);
    expect(lines).toMatch(/^\d+ x{300}\n/);
    expect(lines).toMatch(/39 x{300}$/);
  });

  test("has the end of its transcript stored for its check run, and not with every other report of it", async () => {
    await store.transact((tx) => appendTranscript(tx, "d-1", { seq: 1, text: "a line of the log\n" }));
    await run("d-1", FAILED, { installationId: 100 }, { ...TELLING, hasGithub: true });
    const carriers = (await wishes()).filter(({ desired }) => JSON.stringify(desired).includes("a line of the log"));
    expect(carriers.map(({ kind }) => kind).sort()).toEqual(["github.check", "slack.thread"]);
  });

  test("is said once, however often it is told", async () => {
    const failed = await run("d-1", FAILED);
    const [first] = await replies();
    await store.transact((tx) => tellDeployment(tx, TELLING, { ...failed, reason: "!" }, { nowMs }));
    expect(await replies()).toMatchObject([{ desiredVersion: first?.desiredVersion }]);
  });

  test("only asks, in its message, where it lacks somebody's consent", async () => {
    await run("d-1", { ...FAILED, consent: { needs: "adopt", files: 1, paths: ["a"] } });
    expect(await replies()).toEqual([]);
  });

  test.each([
    ["who asked for it in Slack", { askedBy: "alice (Slack U0ALICE)", author: "Carol C." }, "U0ALICE"],
    ["its author, by the name in commits", { author: "Carol C." }, "U0CAROL"],
    ["its author, by the login on GitHub, however it is written", { author: "bob-builds" }, "U0BOB"],
    ["its author, where somebody asked elsewhere", { askedBy: "bob (command line)", author: "Carol C." }, "U0CAROL"],
    ["nobody, where nobody is known", { author: "carol c." }, null],
    ["nobody, where there is no author", { author: "" }, null],
  ])("mentions %s", async (_, part, user) => {
    await run("d-1", FAILED, part);
    expect(await mention()).toBe(user);
  });

  test("is said nowhere where there is no Slack", async () => {
    const failed = await run("d-1", { state: "cancelled" });
    const telling = { ...TELLING, hasSlack: false };
    await store.transact((tx) => tellDeployment(tx, telling, { ...failed, state: "failed" }, { nowMs }));
    expect(await replies()).toEqual([]);
  });
});

describe("A deployment that goes live", () => {
  const keys = async () => (await replies()).map(({ key }) => key).sort();

  test("says in the thread of the failure before it that it works again, quietly", async () => {
    await run("d-1", FAILED);
    await run("d-2", LIVE);
    const fixed = (await replies()).find(({ key }) => key === "thread:d-1:#shop:fixed");
    expect(fixed).toMatchObject({ deploymentId: "d-1" });
    expect(fixed?.desired).toEqual({
      channel: "#shop",
      setting: "sites.shop.channel",
      parentKey: "slack:d-1:#shop",
      isBroadcast: false,
      reply: { kind: "fixed", site: "shop", deployment: "d-2", commit: "d-2".padEnd(40, "0"), afterMs: 60_000 },
    });
  });

  test("says so once, of the last failure alone, whatever was skipped or cancelled between them", async () => {
    await run("d-1", FAILED);
    await run("d-2", FAILED);
    await run("d-3", { state: "cancelled" });
    await run("d-4", LIVE);
    await run("d-5", LIVE);
    expect(await keys()).toEqual(["thread:d-1:#shop:failed", "thread:d-2:#shop:failed", "thread:d-2:#shop:fixed"]);
  });

  test("makes no noise when nothing had failed, or only consent was lacking", async () => {
    await run("d-1", LIVE);
    await run("d-2", LIVE);
    await run("d-3", { ...FAILED, consent: { needs: "adopt", files: 1, paths: ["a"] } });
    await run("d-4", LIVE);
    expect(await keys()).toEqual([]);
  });
});

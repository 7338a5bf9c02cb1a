/** A click in Slack, from the front door to what is deployed and told. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type SlackServer, startSlack } from "../../src/demo/slack-server.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import type { SlackDeploymentWish } from "../../src/notify/announce.ts";
import { changeDeployment, claimDeployment } from "../../src/store/deployments.ts";
import { claimOutbox, type OutboxRow, outboxSent } from "../../src/store/outbox.ts";
import { type Click, clickPayload, formOf } from "../slack/click.ts";
import { type InboxWorld, push, startInbox } from "./world.ts";

let slack: SlackServer;
beforeAll(async () => {
  const users = ["U0ALICE", "U0EVE"].map((id) => ({ id, name: id.slice(2).toLowerCase() }));
  slack = await startSlack({ token: "xoxb-test", botName: "slipway", channels: ["shop", "eve"], users });
});
afterAll(() => slack.stop());

let world: InboxWorld;
afterEach(() => world.stop());

const click = (given: Click) =>
  world.sendSlack(formOf(clickPayload({ channel: slack.channelId("shop"), team: slack.teamId, ...given })));
const start = (options: Parameters<typeof startInbox>[0] = {}) => startInbox({ slackApiUrl: slack.apiUrl, ...options });

async function settled(): Promise<string> {
  await vi.waitFor(async () => expect((await world.deliveries()).filter((it) => it.state === "received")).toEqual([]), {
    timeout: 60_000,
    interval: 20,
  });
  return ((await world.deliveries())[0]?.outcome ?? []).join("; ");
}

/** What is to be told now; each time it is told, and Slack calls the channel #shop C0SHOP. */
async function told(): Promise<OutboxRow[]> {
  return world.store.transact(function* (tx) {
    const rows = yield* claimOutbox(tx, { boot: "test", nowMs: Date.now(), untilMs: Date.now(), limit: 100 });
    for (const { id, desiredVersion } of rows) {
      yield* outboxSent(tx, id, desiredVersion, { channel: "C0SHOP", ts: String(id), isRepost: false });
    }
    return rows;
  });
}

/** The news of a deployment among them. */
const newsOf = (rows: OutboxRow[], id: string) =>
  rows
    .filter((row) => row.kind === "slack.deployment" && row.deploymentId === id)
    .map((row) => (row.desired as SlackDeploymentWish).news);

/** A first publish that found files of others. */
async function refused(): Promise<Deployment> {
  expect(await world.send("push", push())).toBe(200);
  await settled();
  const consent = { needs: "adopt", files: 2, paths: ["index.html", "a.css"] } as const;
  const failed = await world.store.transact(function* (tx) {
    const claimed = yield* claimDeployment(tx, { boot: "test", nowMs: 1, untilMs: 2 });
    if (!claimed) return undefined;
    return yield* changeDeployment(tx, claimed.id, { state: "failed", stage: "publish", reason: "no", consent }, 3);
  });
  await told();
  if (!failed) throw new Error("nothing was claimed");
  return failed;
}

describe("the door for Slack", () => {
  it("records what Slack signed and answers 200 with nothing, a duplicate like the first", async () => {
    world = await start({ dispatch: false });
    const form = formOf(clickPayload({ deployment: "d-1", triggerId: "1.2.3" }));
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.sendSlack(form)));
    expect(answers).toEqual(Array(10).fill({ status: 200, text: "" }));
    expect(await world.deliveries()).toMatchObject([{ source: "slack", key: "1.2.3", event: "block_actions" }]);
  });

  it("answers 401 to everything else, also to a signature of six minutes ago", async () => {
    world = await start({ dispatch: false });
    const form = formOf(clickPayload({ deployment: "d-1" }));
    const old = String(Math.floor(Date.now() / 1000) - 360);
    for (const headers of [
      { "x-slack-signature": "" },
      { "x-slack-signature": `v0=${"0".repeat(64)}` },
      { "x-slack-request-timestamp": old },
      { "x-slack-request-timestamp": "" },
    ]) {
      expect(await world.sendSlack(form, headers)).toEqual({ status: 401, text: '{"error":"unauthorized"}' });
    }
    expect(await world.deliveries()).toEqual([]);
  });

  it("is not there without a signing secret", async () => {
    world = await start({ dispatch: false, slack: false });
    expect((await click({ deployment: "d-1" })).status).toBe(404);
  });

  it("answers a challenge, signed, and records nothing", async () => {
    world = await start({ dispatch: false });
    const body = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1a" });
    const json = { "content-type": "application/json" };
    expect(await world.sendSlack(body, json)).toEqual({ status: 200, text: "3eZbrw1a" });
    expect((await world.sendSlack(body, { ...json, "x-slack-signature": "v0=0" })).status).toBe(401);
    expect(await world.deliveries()).toEqual([]);
  });
});

describe("a click on the button of a refused deployment", () => {
  beforeEach(async () => {
    world = await start();
  });

  it("queues one that may do it, says so to everybody and to whoever clicked, and takes the button away", async () => {
    const old = await refused();
    expect((await click({ deployment: old.id, triggerId: "1.2.3" })).status).toBe(200);
    expect(await settled()).toMatch(/^queued deployment \S+ of shop; answered U0ALICE$/);
    const [queued, ...others] = await world.deployments();
    expect(queued).toMatchObject({
      ...{ state: "queued", trigger: "command", cause: "slack 1.2.3", adopt: true, allowRemovals: false },
      ...{ commit: "", branch: "main", repoId: 42, installationId: 9, askedBy: "alice (Slack U0ALICE)" },
    });
    const answer = { deployment: queued?.id, by: "alice (Slack U0ALICE)" };
    expect(others).toMatchObject([{ id: old.id, state: "failed", consent: { needs: "adopt", answer } }]);

    const rows = await told();
    expect(newsOf(rows, old.id)).toMatchObject([{ hasButtons: true, deployment: { consent: { answer } } }]);
    expect(newsOf(rows, queued?.id ?? "")).toMatchObject([{ deployment: { askedBy: "alice (Slack U0ALICE)" } }]);
    const answers = rows.filter((row) => row.kind === "slack.answer");
    expect(answers).toMatchObject([
      {
        desired: {
          to: { channel: slack.channelId("shop"), user: "U0ALICE" },
          setting: "sites.shop.channel",
          answer: { kind: "text", text: expect.stringMatching(/^Thank you/) },
        },
      },
    ]);
  });

  it("causes nothing the second time, and a second click is told what happened", async () => {
    const old = await refused();
    await click({ deployment: old.id, triggerId: "1.2.3" });
    await settled();
    await click({ deployment: old.id, triggerId: "1.2.3" });
    await settled();
    expect(await world.deployments()).toHaveLength(2);
    await click({ deployment: old.id, triggerId: "4.5.6" });
    expect(await settled()).toMatch(
      /^answered U0ALICE; refused adopt for \S+: This was overtaken: \S+, which alice .* asked for, is newer/,
    );
    expect(await world.deployments()).toHaveLength(2);
  });

  it("at the same moment as another makes one deployment", async () => {
    const old = await refused();
    await Promise.all(Array.from({ length: 5 }, (_, n) => click({ deployment: old.id, triggerId: `1.2.${n}` })));
    await settled();
    const outcomes = (await world.deliveries()).map((it) => it.outcome.join("; "));
    expect(outcomes.filter((it) => it.startsWith("queued") && it.includes("answered"))).toHaveLength(1);
    expect(outcomes.filter((it) => it.includes("overtaken"))).toHaveLength(4);
    expect(await world.deployments()).toHaveLength(2);
  });

  it.each([
    ["of somebody who is not named", { user: "U0EVE" }, "sites.shop.deployers"],
    ["in another channel", { channel: "C0EVE" }, "cannot be commanded here"],
    ["for the other consent", { actionId: "slipway.consent.allowRemovals" }, "does not ask for that"],
  ])("%s changes nothing and is answered", async (_, given, text) => {
    const old = await refused();
    await click({ deployment: old.id, ...given });
    expect(await settled()).toContain(text);
    expect(await world.deployments()).toMatchObject([{ id: old.id, consent: { answer: null } }]);
    expect((await told()).map((row) => row.kind)).toEqual(["slack.answer"]);
  });

  it("is over when somebody pushes meanwhile: the button goes", async () => {
    const old = await refused();
    await world.send(
      "push",
      push({ after: "2".repeat(40), repository: { id: 42, full_name: "acme/shop", pushed_at: 5 } }),
    );
    await settled();
    const [newest] = await world.deployments();
    const answer = { deployment: newest?.id, by: null };
    expect(newsOf(await told(), old.id)).toMatchObject([{ deployment: { consent: { answer } } }]);
  });
});

describe("whatever else Slack sends", () => {
  beforeEach(async () => {
    world = await start();
  });

  it("is done and ignored", async () => {
    await click({ deployment: "d-1", actionId: "somebody.elses" });
    expect(await settled()).toBe("skipped: Slipway has no use for Slack's block_actions");
  });

  it("is unparseable, kept and told where it is no JSON", async () => {
    expect((await world.sendSlack(formOf("no JSON"))).status).toBe(200);
    await settled();
    expect(await world.deliveries()).toMatchObject([{ source: "slack", state: "unparseable" }]);
    expect((await told()).map((row) => row.desired)).toMatchObject([
      { notice: { about: "unparseable", source: "slack" } },
    ]);
  });

  it("of a deployment that nobody knows is answered", async () => {
    await click({ deployment: "d-unknown" });
    expect(await settled()).toBe(
      "answered U0ALICE; refused adopt for d-unknown: Slipway knows no deployment d-unknown.",
    );
  });
});

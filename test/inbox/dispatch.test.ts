import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { finishDelivery } from "../../src/store/deliveries.ts";
import { claimOutbox } from "../../src/store/outbox.ts";
import { findSite } from "../../src/store/sites.ts";
import { type InboxWorld, push, startInbox } from "./world.ts";

/** Every example payload that GitHub publishes, by event. */
const examples = createRequire(import.meta.url)("@octokit/webhooks-examples") as Array<{
  name: string;
  examples: Array<Record<string, unknown>>;
}>;

let world: InboxWorld;
beforeEach(async () => {
  world = await startInbox();
});
afterEach(() => world.stop());

/** Waits until every delivery is worked off; answers with what became of the newest. */
async function settled(): Promise<string[]> {
  await vi.waitFor(
    async () => {
      const deliveries = await world.deliveries();
      expect(deliveries.length).toBeGreaterThan(0);
      expect(deliveries.filter((it) => it.state === "received")).toEqual([]);
    },
    { timeout: 60_000, interval: 20 },
  );
  return [...((await world.deliveries())[0]?.outcome ?? [])];
}

async function sent(event: string, payload: unknown, headers?: Record<string, string>): Promise<string> {
  expect(await world.send(event, payload, headers)).toBe(200);
  return (await settled()).join("; ");
}

const wishes = () => world.store.transact((tx) => claimOutbox(tx, { boot: "test", nowMs: 1, untilMs: 2, limit: 100 }));

describe("a push", () => {
  it("to the site's branch queues one deployment and tells Slack and GitHub", async () => {
    expect(await sent("push", push())).toMatch(/^queued deployment d-\S+ of shop$/);
    const [deployment] = await world.deployments();
    expect(deployment).toMatchObject({
      state: "queued",
      commit: "1".repeat(40),
      title: "Fix the footer",
      author: "Alice",
      repoId: 42,
    });
    expect((await wishes()).map((it) => it.kind).sort()).toEqual([
      "github.check",
      "github.deployment",
      "slack.deployment",
    ]);
  });

  it("through two hooks is one deployment", async () => {
    const guid = randomUUID();
    await sent("push", push(), { "x-github-delivery": guid, "x-github-hook-id": "1" });
    const { installation: _, ...withoutApp } = push();
    await sent("push", withoutApp, { "x-github-delivery": guid, "x-github-hook-id": "2" });
    expect(await world.deployments()).toHaveLength(1);
  });

  it("that comes five times quickly leaves one deployment waiting, the newest", async () => {
    for (let i = 1; i <= 5; i++) {
      await world.send(
        "push",
        push({ after: String(i).repeat(40), repository: { id: 42, full_name: "acme/shop", pushed_at: i } }),
      );
    }
    await settled();
    const deployments = await world.deployments();
    expect(deployments.filter((it) => it.state === "queued")).toHaveLength(1);
    expect(deployments.filter((it) => it.state === "superseded")).toHaveLength(4);
  });

  it.each([
    ["of a deleted branch", { deleted: true, after: "0".repeat(40), head_commit: null }, "the branch main was deleted"],
    ["to another branch", { ref: "refs/heads/dev" }, "dev is not main"],
    ["to a branch called $(touch x)", { ref: "refs/heads/$(touch x)" }, "$(touch x) is not main"],
    ["of a tag", { ref: "refs/tags/v1" }, "refs/tags/v1 is not a branch"],
    [
      "to an unknown repository",
      { repository: { id: 7, full_name: "acme/other" } },
      "no site is configured for acme/other",
    ],
  ])("%s is no deployment, and the delivery says why", async (_, given, reason) => {
    expect(await sent("push", push(given))).toMatch(/^skipped/);
    expect(await settled().then((it) => it.join())).toContain(reason);
    expect(await world.deployments()).toEqual([]);
    expect(await wishes()).toEqual([]);
  });
});

describe("a repository", () => {
  it("keeps its site when it is renamed or transferred, and a namesake does not get it", async () => {
    await sent("push", push());
    await sent("repository", {
      action: "renamed",
      repository: { id: 42, full_name: "acme/store" },
      installation: { id: 9 },
    });
    const renamed = { repository: { id: 42, full_name: "acme/store", pushed_at: 5 }, after: "2".repeat(40) };
    expect(await sent("push", push(renamed))).toMatch(/^queued/);
    const namesake = { repository: { id: 666, full_name: "acme/shop", pushed_at: 6 }, after: "3".repeat(40) };
    expect(await sent("push", push(namesake))).toContain(
      "another repository than the one that the site shop is tied to",
    );
  });

  it("is let go when the operator names another one", async () => {
    const at = await import("node:fs").then((fs) => fs.mkdtempSync("/tmp/slipway-rebind-"));
    const config = (repo: string) =>
      parseConfig(`sites: { shop: { repo: ${repo}, publish: "dir:/srv/shop" } }`, "test");
    for (const [repo, id] of [
      ["acme/shop", 42],
      ["acme/new", 43],
    ] as const) {
      await world.stop();
      world = await startInbox({ config: config(repo), at });
      expect(
        await sent("push", push({ repository: { id, full_name: repo, pushed_at: id }, after: `${id}`.repeat(20) })),
      ).toMatch(/queued/);
    }
    const { rmSync } = await import("node:fs");
    rmSync(at, { recursive: true, force: true });
  });
});

describe("an installation", () => {
  const repositories = [{ id: 42, full_name: "acme/shop" }];
  const installation = { id: 9, account: { login: "acme" } };

  it("that is new is told once, with its repositories", async () => {
    expect(await sent("installation", { action: "created", installation, repositories })).toContain("told: installed");
    const [wish] = await wishes();
    expect(wish).toMatchObject({
      kind: "slack.notice",
      desired: { channel: "C0OPS", notice: { about: "installed", repoNames: ["acme/shop"] } },
    });
  });

  it("that is suspended or removed pauses its sites, says so, and resumes them when it comes back", async () => {
    const paused = () => world.store.transact((tx) => findSite(tx, "shop")).then((it) => it?.githubPause);
    await sent("installation", { action: "created", installation, repositories });
    expect(await sent("installation", { action: "suspend", installation })).toContain(
      "paused shop: the GitHub App is suspended",
    );
    expect(await paused()).toBe("the GitHub App is suspended");
    expect(await sent("push", push())).toMatch(/^held deployment \S+ of shop: the GitHub App is suspended/);
    expect(await world.deployments()).toMatchObject([{ state: "held" }]);
    expect(await sent("installation", { action: "unsuspend", installation })).toContain("resumed shop");
    expect(await world.deployments()).toMatchObject([{ state: "queued", reason: null }]);
    expect(await sent("installation", { action: "deleted", installation, repositories })).toContain("paused shop");
    expect(await sent("installation", { action: "created", installation, repositories: repositories })).toContain(
      "resumed shop",
    );
    expect(await paused()).toBeNull();
  });
});

describe("deliveries of other kinds", () => {
  it("are unparseable, kept and told to the operator when they are signed but not what GitHub documents", async () => {
    for (const payload of ["no JSON", '{"ref": 5}', "[1]", "null", '"text"']) {
      await sent("push", payload);
    }
    expect((await world.deliveries()).map((it) => it.state)).toEqual(Array(5).fill("unparseable"));
    expect((await wishes()).map((it) => it.desired)).toMatchObject(
      Array(5).fill({ notice: { about: "unparseable", event: "push" } }),
    );
  });

  it("survive a million nested brackets", { timeout: 60_000 }, async () => {
    const brackets = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    await sent("push", brackets);
    await sent("issues", `{"a":${brackets}}`);
    await sent("push", JSON.stringify(push()).replace('"forced":false', `"forced":${brackets}`));
    expect((await world.deliveries()).map((it) => it.state).sort()).toEqual(["done", "done", "unparseable"]);
  });

  it("with names from JavaScript's own objects are ignored like any unknown event", async () => {
    for (const event of ["__proto__", "constructor", "toString"])
      expect(await sent(event, { a: 1 })).toContain("no use for");
  });

  it("of all 329 examples that GitHub publishes get 200, and none ends dead or unparseable", {
    timeout: 60_000,
  }, async () => {
    const all = examples.flatMap((kind) => kind.examples.map((payload) => ({ event: kind.name, payload })));
    expect(all).toHaveLength(329);
    const statuses = await Promise.all(all.map(({ event, payload }) => world.send(event, payload)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await settled();
    const states = (await world.deliveries()).map((it) => it.state);
    expect(states).toEqual(Array(329).fill("done"));
  });

  it("that are dead are worked off again when their sender redelivers them", async () => {
    const headers = { "x-github-delivery": randomUUID() };
    await sent("ping", { zen: "x" }, headers);
    const [one] = await world.deliveries();
    const end = { state: "dead", outcome: ["gave up"], nowMs: 1 } as const;
    if (one) await world.store.transact((tx) => finishDelivery(tx, one, end));
    await sent("ping", { zen: "x" }, headers);
    expect(await world.deliveries()).toMatchObject([{ state: "done", outcome: ["skipped: ping: the webhook works"] }]);
  });

  it("with a new id and bytes seen before are done, and shown as a suspected replay", async () => {
    await sent("push", push());
    await sent("push", push());
    expect((await world.deliveries()).map((it) => it.verdict)).toEqual(["suspected_replay", "new"]);
    expect(await world.deployments()).toHaveLength(1);
  });

  it("that share bytes because two hooks report the same event are suspected too, if both come as they are", async () => {
    const guid = randomUUID();
    await sent("ping", { zen: "x" }, { "x-github-delivery": guid, "x-github-hook-id": "1" });
    await sent("ping", { zen: "x" }, { "x-github-delivery": guid, "x-github-hook-id": "2" });
    expect((await world.deliveries()).map((it) => it.verdict)).toEqual(["suspected_replay", "new"]);
  });

  it("that are unparseable are compared with what came before as well", async () => {
    await sent("push", "no JSON");
    await sent("push", "no JSON");
    expect((await world.deliveries()).map((it) => it.verdict)).toEqual(["suspected_replay", "new"]);
  });
});

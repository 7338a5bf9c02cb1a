/** What people in Slack are shown who only look, as data. */
import { expect, test } from "vitest";
import {
  auditAnswer,
  diffAnswer,
  logsAnswer,
  releasesAnswer,
  rollbackModal,
  statusAnswer,
} from "../../src/commands/site-answers.ts";
import type { CommandTarget } from "../../src/model/command.ts";
import { appendTranscript } from "../../src/store/transcripts.ts";
import { createOperations } from "./operations-world.ts";

const REPLY = { channel: "C0SHOP", user: "U0ALICE", responseUrl: null, thread: null, isDirect: false };

test("The status of a site says what is live, runs, waits and holds it, and how Slipway is", async () => {
  const { store, deps, goLive, queue, begin, operate } = await createOperations();
  const release = await goLive("shop", { "index.html": "a" }, "1".repeat(40));
  const running = await queue();
  await begin();
  const waiting = await queue({ commit: "b".repeat(40) });
  await operate({ kind: "pause", reason: "the fair", untilMs: null });
  const status = (...sites: string[]) => store.transact((tx) => statusAnswer(tx, deps.config, { sites, nowMs: 5 }));
  const shop = await status("shop");
  expect(shop).toMatchObject({
    ...{ kind: "status", nowMs: 5 },
    sites: [
      {
        ...{ name: "shop", url: null, liveCommit: "1".repeat(40), liveRelease: release },
        ...{ holds: { paused: { reason: "the fair" }, locked: null, githubPause: null } },
        ...{ latest: { id: running.id, state: "building" }, waiting: [{ id: waiting.id, state: "held" }] },
      },
    ],
    health: { waiting: 0, dead: 0 },
  });
  expect(shop.health.untold).toBeGreaterThan(0);
  expect((await status("docs", "shop")).sites.map(({ name }) => name)).toEqual(["docs", "shop"]);
});

test("The log of a deployment is its last 40 lines, none of them too long, with the address of all of it", async () => {
  const { store, deps, queue } = await createOperations();
  const push = await queue();
  for (let seq = 1; seq <= 60; seq += 1) {
    await store.transact((tx) => appendTranscript(tx, push.id, { seq, text: `line ${seq}${"x".repeat(1000)}\n` }));
  }
  const telling = { ...deps.telling, config: { ...deps.config, url: "https://slipway.example/" } };
  const logs = (site: string, deployment: string | null = null) =>
    store.transact((tx) => logsAnswer(tx, telling, { site, deployment }));
  const answer = await logs("shop", push.id);
  const lines = answer.lines.split("\n");
  expect([lines.length, lines[0]?.slice(0, 8), lines.at(-1)?.slice(0, 8)]).toEqual([40, "line 21x", "line 60x"]);
  expect(Math.max(...lines.map((line) => line.length))).toBe(300);
  expect(answer.logUrl).toMatch(new RegExp(`^https://slipway\\.example/deployments/${push.id}/log\\?key=\\S+$`));
  expect((await logs("shop")).deployment.id).toBe(push.id);
  await expect(logs("docs")).rejects.toThrow("nothing was deployed on docs yet");
  await expect(logs("shop", "d-none")).rejects.toThrow("there is no deployment d-none");
  await expect(logs("docs", push.id)).rejects.toThrow(`${push.id} is no deployment of docs`);
});

test("A log keeps its spaces, since what points at a mistake stands below it", async () => {
  const { store, deps, queue } = await createOperations();
  const push = await queue();
  const text = "a.ts:1\n  if (cut\t< 0)  throw\n          \u001b[31m^\u001b[0m\n";
  await store.transact((tx) => appendTranscript(tx, push.id, { seq: 1, text }));
  const { lines } = await store.transact((tx) => logsAnswer(tx, deps.telling, { site: "shop", deployment: push.id }));
  expect(lines).toBe("a.ts:1\n  if (cut  < 0)  throw\n          ^");
});

test("Releases, differences and the audit log are answered as data", async () => {
  const { store, goLive, ask } = await createOperations();
  const first = await goLive("shop", { "index.html": "a" }, "1".repeat(40));
  const second = await goLive("shop", { "index.html": "b" }, "2".repeat(40));
  await ask("lock", { name: "docs", by: "ada" });
  expect(await store.transact((tx) => releasesAnswer(tx, "shop", 5))).toMatchObject({
    ...{ kind: "releases", site: "shop" },
    releases: [
      { id: second, isLive: true, createdAtMs: 2000, author: "Ada" },
      { id: first, isLive: false },
    ],
  });
  expect(await store.transact((tx) => diffAnswer(tx, "shop", null))).toEqual({
    ...{ kind: "diff", site: "shop", added: 0, changed: 1, removed: 0, paths: ["~ index.html"] },
    ...{ from: { id: second, commit: "2".repeat(40) }, to: { id: first, commit: "1".repeat(40) } },
  });
  const log = await store.transact((tx) => auditAnswer(tx, "docs", 5));
  expect(log).toMatchObject({ kind: "audit", entries: [{ verb: "lock", site: "docs" }] });
});

test("The dialog of a rollback offers the earlier releases and says what stands in the way", async () => {
  const { store, deps, goLive, queue, operate } = await createOperations();
  const modal = (target: CommandTarget | null = null) =>
    store.transact((tx) => rollbackModal(tx, deps.config, "shop", target, REPLY));
  expect(await modal()).toBe("nothing is live on shop yet, so there is nothing to roll back");
  const first = await goLive("shop", { "index.html": "a" }, "1".repeat(40));
  expect(await modal()).toBe("shop has no release but the one that is live, so there is nothing to roll back to");
  const second = await goLive("shop", { "index.html": "b" }, "2".repeat(40));
  const third = await goLive("shop", { "index.html": "c" }, "3".repeat(40));
  await queue();
  expect(await modal()).toMatchObject({
    ...{ modal: "rollback", site: "shop", chosen: second, hold: null, waiting: 1, needsSecondPerson: false },
    ...{ from: { id: third, isLive: true }, choices: [{ id: second }, { id: first }], reply: REPLY },
  });
  expect(await modal({ kind: "hex", start: "1111" })).toMatchObject({ chosen: first });
  expect(await modal({ kind: "hex", start: "3333" })).toBe(`${third.slice(0, 12)} is live on shop already`);
  expect(await modal({ kind: "back", steps: 9 })).toBe("no 9 releases were live on shop before the present one");
  await operate({ kind: "lock", reason: "the fair", untilMs: null });
  const hold = "shop is locked by alice (Slack U0ALICE): the fair; unlock ends that";
  expect(await modal()).toMatchObject({ hold, waiting: 0 });
  const { docs, shop } = deps.config.sites;
  if (!docs || !shop) throw new Error("the configuration has both");
  const config = { ...deps.config, sites: { docs, shop: { ...shop, secondPerson: true } } };
  const forTwo = await store.transact((tx) => rollbackModal(tx, config, "shop", null, REPLY));
  expect(forTwo).toMatchObject({ needsSecondPerson: true });
});

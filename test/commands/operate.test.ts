/** Deeds as Slack asks for them: what is said, what is cancelled, what ends by itself, and that a refusal writes nothing. */
import { describe, expect, test } from "vitest";
import { deedText } from "../../src/commands/deed-text.ts";
import { endExpiredHolds } from "../../src/commands/hold-site.ts";
import type { Deed } from "../../src/model/effect.ts";
import { cancelsWanted } from "../../src/store/cancel.ts";
import { changeDeployment } from "../../src/store/deployments.ts";
import { createOperations } from "./operations-world.ts";

/** 2027-01-15 08:00 UTC */
const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const deploy: Deed = { kind: "deploy", commit: null, cleanCaches: true, adopt: false, allowRemovals: false };
const cancel = (deployment: string | null = null): Deed => ({ kind: "cancel", deployment });

test("A deed says in one sentence what came of it", async () => {
  const { operate, goLive, queue } = await createOperations();
  const rebuilt = await operate(deploy);
  expect(rebuilt.says).toBe(
    `${rebuilt.deployment} is queued: it builds the head of main, without what earlier builds left, and publishes it on shop`,
  );
  await goLive("docs", { "index.html": "a" }, "1".repeat(40));
  const again = { kind: "redeploy", target: null, adopt: false, allowRemovals: false } as const;
  const redeployed = await operate(again, { site: "docs" });
  expect(redeployed.says).toBe(`${redeployed.deployment} is queued: it publishes what is live on docs again`);
  const paused = await operate({ kind: "pause", reason: null, untilMs: null });
  expect(paused).toEqual({
    says: "shop is paused; resume ends that, and deploys what was pushed meanwhile",
    ...{ deployment: null, queued: [] },
  });
  await operate(cancel());
  const push = await queue();
  const resumed = await operate({ kind: "resume" });
  const says = `shop is no longer paused; ${push.id} is queued`;
  expect(resumed).toEqual({ says, deployment: push.id, queued: [push.id] });
});

test("A reason stands in what people are told, in the record and in the words of the audit log", async () => {
  const { operate, find, told, goLive } = await createOperations();
  const reason = "the header is wrong";
  const rebuild = { ...deploy, reason } as Deed;
  const { deployment } = await operate(rebuild);
  expect((await find(deployment ?? ""))?.remarks).toEqual([`reason: ${reason}`]);
  expect(deedText(rebuild, NOW)).toBe(`rebuild the head: ${reason}`);
  await operate({ ...cancel(), reason: "too early" } as Deed);
  expect((await find(deployment ?? ""))?.reason).toMatch(/^cancelled by .*: too early$/);

  const first = await goLive("docs", { "index.html": "a" }, "1".repeat(40));
  await goLive("docs", { "index.html": "b" }, "2".repeat(40));
  const site = { site: "docs" };
  const redeployed = await operate(
    { kind: "redeploy", target: null, reason, adopt: false, allowRemovals: false },
    site,
  );
  expect((await find(redeployed.deployment ?? ""))?.remarks).toEqual([`reason: ${reason}`]);
  // The pause that is there already is somebody else's and has their reason.
  await operate({ kind: "pause", reason: "the fair", untilMs: null }, site);
  const target = { kind: "hex", start: first } as const;
  const back = { kind: "rollback", target, from: null, reason, adopt: false, allowRemovals: false } as const;
  const rolledBack = await operate(back, site);
  expect((await find(rolledBack.deployment ?? ""))?.remarks).toEqual([`reason: ${reason}`]);
  await operate({ kind: "resume", reason: "the fair is over" }, site);
  expect(JSON.stringify(await told())).toContain(": the fair is over");
});

test("What is refused writes nothing, in words that fit Slack too", async () => {
  const { operate, list, told } = await createOperations();
  await operate({ kind: "lock", reason: "the host moves", untilMs: null });
  for (const deed of [deploy, { kind: "lock", reason: null, untilMs: null }, { kind: "resume" }, cancel()] as Deed[]) {
    const refusal = await operate(deed, { by: "bob (Slack U0BOB)" }).then(String, (error: Error) => error.message);
    expect(refusal).not.toContain("slipway ");
    expect(refusal).toMatch(/by alice \(Slack U0ALICE\): the host moves|nothing runs or waits on shop/);
  }
  // Of the lock alone.
  expect([await list(), (await told()).length]).toEqual([[], 1]);
  await expect(operate({ kind: "unlock" }, { site: "shpo" })).rejects.toThrow(
    "there is no site shpo; did you mean shop?",
  );
});

describe("Cancelling without a name", () => {
  test("means what runs, else the newest that waits", async () => {
    const { operate, queue, begin, find, store } = await createOperations();
    const running = await queue();
    await begin();
    const waiting = await queue({ commit: "b".repeat(40) });
    expect(await operate(cancel())).toMatchObject({ deployment: running.id, queued: [] });
    const wanted = await store.transact(cancelsWanted);
    expect(wanted).toEqual(new Map([[running.id, "cancelled by alice (Slack U0ALICE)"]]));
    expect((await operate(cancel())).says).toMatch(/^d-\d+ of shop is being cancelled already; /);
    expect(await find(waiting.id)).toMatchObject({ state: "queued" });
    await store.transact((tx) => changeDeployment(tx, running.id, { state: "cancelled", reason: "x" }, 1));
    expect(await operate(cancel())).toMatchObject({ says: `${waiting.id} of shop is cancelled` });
    const reason = "cancelled by alice (Slack U0ALICE)";
    expect(await find(waiting.id)).toMatchObject({ state: "cancelled", reason });
    await expect(operate(cancel())).rejects.toThrow("nothing runs or waits on shop");
    await expect(operate(cancel(waiting.id))).rejects.toThrow(`${waiting.id} is cancelled already`);
    await expect(operate(cancel(waiting.id), { site: "docs" })).rejects.toThrow("is no deployment of docs");
  });
});

describe("A hold with an end", () => {
  test("says when that is, and ends by itself: what it held goes on, and the channel is told", async () => {
    const { operate, queue, site, find, store, deps, told } = await createOperations();
    const locked = await operate({ kind: "lock", reason: "lunch", untilMs: NOW + HOUR }, { nowMs: NOW });
    expect(locked.says).toBe("shop is locked until 09:00 UTC; unlock ends that");
    const days = { kind: "pause", reason: null, untilMs: NOW + 48 * HOUR } as const;
    expect((await operate(days, { nowMs: NOW })).says).toContain("shop is paused until 2027-01-17 08:00 UTC; resume");
    const push = await queue();
    expect(push.reason).toBe(
      "locked by alice (Slack U0ALICE) until 09:00 UTC: lunch; `slipway unlock shop` lets it go on",
    );
    const end = (nowMs: number) => store.transact((tx) => endExpiredHolds(tx, deps, { nowMs }));
    expect(await end(NOW + HOUR - 1)).toEqual([]);
    expect(await end(NOW + HOUR)).toEqual(["shop is no longer locked: its time is up"]);
    expect(await end(NOW + HOUR)).toEqual([]);
    expect(await site()).toMatchObject({ locked: null, paused: { untilMs: NOW + 48 * HOUR } });
    expect(await find(push.id)).toMatchObject({ state: "held", reason: expect.stringContaining("paused by alice") });
    expect(await end(NOW + 49 * HOUR)).toEqual(["shop is no longer paused: its time is up"]);
    expect(await find(push.id)).toMatchObject({ state: "queued" });
    const notices = (await told()).flatMap(({ desired }) => (desired as { notice?: object }).notice ?? []);
    expect(notices).toMatchObject([
      { about: "site_locked", reason: "by alice (Slack U0ALICE) until 09:00 UTC: lunch" },
      { about: "site_paused" },
      { about: "site_unlocked", site: "shop", reason: "its time is up" },
      { about: "site_resumed", site: "shop", reason: "its time is up" },
    ]);
  });

  test("cannot lie in the past, nor more than a year ahead", async () => {
    const { operate } = await createOperations();
    for (const untilMs of [NOW, NOW + 400 * 24 * HOUR]) {
      await expect(operate({ kind: "lock", reason: null, untilMs }, { nowMs: NOW })).rejects.toThrow(
        "a lock ends in the future and within a year",
      );
    }
  });
});

test("Whatever the command line changes, or is refused, stands in the audit log", async () => {
  const { ask, audit, refusal, queue } = await createOperations();
  const push = await queue();
  await ask("lock", { name: "shop", by: "ada", reason: "the fair", forMs: HOUR });
  await refusal("rollback", { name: "shop", by: "bo", release: "zzz" });
  await ask("cancel", { name: push.id, by: "bo" });
  await refusal("deploy", { name: "shpo" });
  await refusal("replay", { name: "7", by: "bo" });
  const line = { where: "command line", rule: "data folder" };
  expect(await ask("audit", {})).toEqual(await audit());
  expect(await audit()).toMatchObject([
    { ...line, who: "bo (command line)", verb: "replay", site: null, result: "refused" },
    { ...line, who: "somebody (command line)", verb: "deploy", site: null, what: "deploy the head", result: "refused" },
    { ...line, who: "bo (command line)", verb: "cancel", site: "shop", result: "done", deployment: push.id },
    { ...line, verb: "rollback", site: "shop", what: "roll back to zzz", result: "refused", deployment: null },
    {
      ...line,
      verb: "lock",
      site: "shop",
      what: expect.stringMatching(/^lock until .* UTC: the fair$/),
      result: "done",
    },
  ]);
  const [, , , refused] = await audit();
  expect(refused?.outcome).toMatch(/^shop is locked by ada \(command line\) until .*: the fair; unlock ends that$/);
  expect(await ask("audit", { name: "shop", limit: 1 })).toMatchObject([{ verb: "cancel" }]);
  expect(await refusal("audit", { name: "shpo" })).toBe("there is no site shpo; did you mean shop?");
});

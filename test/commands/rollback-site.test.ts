/** Rollbacks as they are asked for in Slack and on the command line: they stay, happen once, and nobody undoes another's unseen. */
import { describe, expect, test } from "vitest";
import type { Rollback } from "../../src/commands/release-operations.ts";
import type { CommandTarget } from "../../src/model/command.ts";
import type { Deed } from "../../src/model/effect.ts";
import { changeDeployment } from "../../src/store/deployments.ts";
import { forgetOldReleases } from "../../src/store/releases.ts";
import { createOperations } from "./operations-world.ts";

const ALICE = "alice (Slack U0ALICE)";
const BOB = "bob (Slack U0BOB)";

const rollback = (target: CommandTarget | null, from: string | null = null): Deed => ({
  ...{ kind: "rollback", target, from, reason: null, adopt: false, allowRemovals: false },
});
const hex = (start: string): CommandTarget => ({ kind: "hex", start });

/** A site of which three releases were live: the third is. */
async function createLive() {
  const world = await createOperations();
  const ids = [];
  for (const [index, word] of ["a", "b", "c"].entries()) {
    ids.push(await world.goLive("shop", { "index.html": word }, `${index + 1}`.repeat(40)));
  }
  const [first = "", second = "", third = ""] = ids;
  return { ...world, first, second, third };
}

describe("A rollback", () => {
  test("pauses the site, so that no push undoes it, and its own message says so", async () => {
    const { operate, queue, site, find, told, second } = await createLive();
    const waiting = await queue();
    const { says, deployment, queued } = await operate(rollback(null));
    expect(says).toBe(
      `${deployment} is queued: it takes shop from 3333333 back to 2222222; pushes are held until resume`,
    );
    expect([queued, await find(deployment ?? "")]).toEqual([
      [deployment],
      expect.objectContaining({ state: "queued", askedRelease: second, askedBy: ALICE }),
    ]);
    expect(await find(waiting.id)).toMatchObject({ state: "superseded", supersededBy: deployment });
    expect((await site())?.paused).toMatchObject({ by: ALICE, reason: "rolled back from 3333333" });
    expect(await queue({ commit: "d".repeat(40) })).toMatchObject({ state: "held" });
    expect((await told()).filter(({ kind }) => kind === "slack.notice")).toEqual([]);
    const remark = "pushes are held until somebody resumes shop: rolled back from 3333333";
    expect(await find(deployment ?? "")).toMatchObject({ remarks: [remark] });
  });

  test("leaves a pause of others as it is, and says so", async () => {
    const { operate, site } = await createLive();
    await operate({ kind: "pause", reason: "the fair", untilMs: null }, { by: BOB });
    const { says } = await operate(rollback(null));
    expect(says).toMatch(/; pushes are held, as before: paused by bob \(Slack U0BOB\): the fair; resume ends that$/);
    expect((await site())?.paused).toMatchObject({ by: BOB });
  });

  test("on the command line does the same, unless it is not to pause", async () => {
    const { ask, site, store } = await createLive();
    const unpaused = await ask<Rollback>("rollback", { name: "shop", by: "ada", pauses: false });
    expect([unpaused.pushes, (await site())?.paused]).toEqual(["the next push deploys again", null]);
    const end = { state: "cancelled", reason: "enough" } as const;
    await store.transact((tx) => changeDeployment(tx, unpaused.deployment.id, end, 1));
    const paused = await ask<Rollback>("rollback", { name: "shop", by: "ada", reason: "it is broken" });
    expect(paused.pushes).toBe("pushes are held until resume");
    expect((await site())?.paused).toMatchObject({ by: "ada (command line)", reason: "it is broken" });
  });

  test("goes so many releases back, or to what a deployment brought", async () => {
    const { operate, find, ask, first, second, queue, begin, bring } = await createLive();
    const asked = async (target: CommandTarget) =>
      (await find((await operate(rollback(target))).deployment ?? ""))?.askedRelease;
    expect(await asked({ kind: "back", steps: 2 })).toBe(first);
    const push = await queue({ trigger: "command" });
    await begin();
    await bring(push.id, second);
    expect(await asked({ kind: "deployment", id: push.id })).toBe(second);
    for (const release of ["previous", "-1", push.id])
      expect((await ask<Rollback>("rollback", { name: "shop", release })).to.id).toBe(second);
    await expect(operate(rollback({ kind: "back", steps: 3 }))).rejects.toThrow(
      "no 3 releases were live on shop before the present one",
    );
    const docs = await queue({ site: "docs" });
    const of = (id: string) => operate(rollback({ kind: "deployment", id }));
    await expect(of(docs.id)).rejects.toThrow(`${docs.id} is no deployment of shop`);
    await expect(of("d-none")).rejects.toThrow("there is no deployment d-none");
    await expect(of((await queue()).id)).rejects.toThrow(/^d-\d+ brought no release onto shop$/);
  });

  test("to a release that is no longer kept says which key keeps more, and writes nothing", async () => {
    const { operate, list, site, store, first } = await createLive();
    await store.transact((tx) => forgetOldReleases(tx, "shop", 2));
    await expect(operate(rollback({ kind: "back", steps: 2 }))).rejects.toThrow(
      `the release ${first.slice(0, 12)} that was live on shop before is no longer kept (sites.shop.releases)`,
    );
    for (const start of [first.slice(0, 8), "11111111"]) {
      await expect(operate(rollback(hex(start)))).rejects.toThrow(
        `the release ${start} was live on shop and is no longer kept (sites.shop.releases); \`releases shop\` lists them`,
      );
    }
    expect([await list(), (await site())?.paused]).toEqual([[], null]);
  });
});

describe("Clicking twice", () => {
  test("rolls back once, whether the click comes again or a second one follows, while it waits and while it runs", async () => {
    const { operate, list, begin, third, second } = await createLive();
    const deed = rollback(hex(second), third);
    const first = await operate(deed, { cause: "click 1" });
    const again = [await operate(deed, { cause: "click 1" }), await operate(deed, { cause: "click 2" })];
    await begin();
    again.push(await operate(deed, { cause: "click 3" }), await operate(deed, { cause: "click 4", by: BOB }));
    for (const { deployment, queued, says } of again) {
      expect([deployment, queued, says]).toEqual([
        first.deployment,
        [],
        expect.stringContaining("does that on shop already"),
      ]);
    }
    expect(await list()).toHaveLength(1);
  });

  test("does not roll forward again once the first one is live, although it says the same words", async () => {
    const { operate, goLive, third, second, list, begin, bring } = await createLive();
    const { deployment } = await operate(rollback(null, third), { cause: "click 1" });
    await begin();
    await bring(deployment ?? "", second);
    await goLive("shop", { "index.html": "b" }, "2".repeat(40), deployment ?? "");
    expect((await operate(rollback(null, third), { cause: "click 1" })).deployment).toBe(deployment);
    await expect(operate(rollback(null, third), { cause: "click 2" })).rejects.toThrow("is live on shop by now");
    expect(await list()).toHaveLength(1);
  });

  test("redeploys, deploys and rebuilds once while the first one waits", async () => {
    const { operate, begin, list } = await createLive();
    const consent = { adopt: false, allowRemovals: false };
    const deploy = { kind: "deploy", commit: null, cleanCaches: false, ...consent } as const;
    const deeds: Deed[] = [{ kind: "redeploy", target: null, ...consent }, deploy, { ...deploy, cleanCaches: true }];
    for (const deed of deeds) {
      const first = await operate(deed);
      const again = await operate(deed, { by: BOB });
      expect([again.deployment, again.queued]).toEqual([first.deployment, []]);
      const wider = { ...deed, adopt: true } as Deed;
      expect((await operate(wider)).deployment).not.toBe(first.deployment);
    }
    // What runs may have looked at the branch before the newest push.
    const running = await begin();
    expect((await operate({ ...deploy, cleanCaches: true, adopt: true })).deployment).not.toBe(running?.id);
    expect(await list()).toHaveLength(7);
  });
});

describe("Two operators who roll back at once", () => {
  test("do not undo each other: the second learns what the first one does", async () => {
    const { operate, begin, third, first, second, list } = await createLive();
    const { deployment } = await operate(rollback(hex(second), third));
    const refusal = `shop is being rolled back to 2222222 already by the rollback ${deployment} of ${ALICE}; cancel that one first`;
    await expect(operate(rollback(hex(first), third), { by: BOB })).rejects.toThrow(refusal);
    await begin();
    await expect(operate(rollback(hex(first), third), { by: BOB })).rejects.toThrow(refusal);
    expect(await list()).toHaveLength(1);
    // One's own mind may change.
    await operate(rollback(hex(first), third));
    expect(await list()).toHaveLength(2);
  });

  test("see what is live by now, and who made it so, and may go on from there", async () => {
    const { operate, goLive, third, first, second, find, begin, bring } = await createLive();
    const { deployment } = await operate(rollback(hex(second), third));
    await begin();
    await bring(deployment ?? "", second);
    await goLive("shop", { "index.html": "b" }, "2".repeat(40), deployment ?? "");
    await expect(operate(rollback(hex(first), third), { by: BOB })).rejects.toThrow(
      `2222222 (release ${second.slice(0, 12)}) is live on shop by now, through the rollback ${deployment} of ${ALICE}; look at it`,
    );
    const done = await operate(rollback(hex(first), second), { by: BOB });
    expect(await find(done.deployment ?? "")).toMatchObject({ askedRelease: first, askedBy: BOB });
  });
});

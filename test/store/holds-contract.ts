/** What every store does about pauses and locks, and about what waits for their end. */
import { describe, expect, it } from "vitest";
import {
  changeDeployment,
  claimDeployment,
  findDeployment,
  type NewDeployment,
  queueDeployment,
} from "../../src/store/deployments.ts";
import { settleWaiting } from "../../src/store/settle-waiting.ts";
import { findSite, setGithubPause, setLocked, setPaused } from "../../src/store/sites.ts";
import { waitingOf } from "../../src/store/waiting.ts";
import type { StoreUnderTest } from "./builds-contract.ts";
import { claim, newDeployment } from "./new-deployment.ts";

const HOLD = { by: "ada", reason: "the fair “begins”", atMs: 1_800_000_000_000 };
const PAUSED =
  "paused by ada: the fair “begins”; `slipway resume shop` deploys it, `slipway deploy shop` does so at once";
const LOCKED = "locked by ada: the fair “begins”; `slipway unlock shop` lets it go on";

export function holdsContract({ transact, reopen }: StoreUnderTest): void {
  const find = (one: { id: string }) => transact((tx) => findDeployment(tx, one.id));
  const queue = async (part: Partial<NewDeployment>, nowMs = 1) =>
    (await transact((tx) => queueDeployment(tx, newDeployment(part), nowMs))).deployment;
  const begin = () => transact((tx) => claimDeployment(tx, claim));
  const pause = (hold: typeof HOLD | null) => transact((tx) => setPaused(tx, "shop", hold));
  const lock = (hold: typeof HOLD | null) => transact((tx) => setLocked(tx, "shop", hold));
  const settle = async (nowMs: number) =>
    (await transact((tx) => settleWaiting(tx, "shop", nowMs))).map(({ id, state }) => ({ id, state }));

  describe("pauses and locks", () => {
    it("are kept apart, each with who and why, and outlast a restart", async () => {
      await pause(HOLD);
      await lock({ ...HOLD, by: "bo" });
      await transact((tx) => setGithubPause(tx, "shop", "suspended"));
      await reopen();
      const site = () => transact((tx) => findSite(tx, "shop"));
      expect(await site()).toMatchObject({ paused: HOLD, locked: { ...HOLD, by: "bo" }, githubPause: "suspended" });
      await lock(null);
      expect(await site()).toMatchObject({ paused: HOLD, locked: null, githubPause: "suspended" });
    });

    it("hold what they are meant for, and say what ends them", async () => {
      await pause(HOLD);
      for (const trigger of ["push", "workflow", "content"] as const) {
        expect(await queue({ trigger })).toMatchObject({ state: "held", reason: PAUSED });
      }
      const command = await queue({ trigger: "command" }, 2);
      expect(command).toMatchObject({ state: "queued", reason: null });
      expect(await begin()).toMatchObject({ id: command.id });
      await lock(HOLD);
      expect(await queue({ trigger: "rollback", askedRelease: "r-1" }, 3)).toMatchObject({ reason: LOCKED });
      expect(await queue({ trigger: "push", site: "blog" })).toMatchObject({ state: "queued" });
    });

    it("let nothing begin that was queued the moment before", async () => {
      await queue({});
      await pause(HOLD);
      expect(await begin()).toBeUndefined();
      await pause(null);
      await lock(HOLD);
      expect(await begin()).toBeUndefined();
      await lock(null);
      expect(await begin()).toMatchObject({ site: "shop" });
    });
  });

  describe("what waits", () => {
    it("is held when the site is paused, and goes on when that ends", async () => {
      const one = await queue({});
      await pause(HOLD);
      expect(await settle(2)).toEqual([{ id: one.id, state: "held" }]);
      expect(await find(one)).toMatchObject({ reason: PAUSED, finishedAtMs: null });
      expect(await settle(3)).toEqual([]);
      await pause(null);
      expect(await settle(4)).toEqual([{ id: one.id, state: "queued" }]);
      expect(await find(one)).toMatchObject({ reason: null });
    });

    it("stays held, with the other reason, where a lock ends and a pause does not", async () => {
      await lock(HOLD);
      const one = await queue({});
      await pause(HOLD);
      expect(await find(one)).toMatchObject({ state: "held", reason: LOCKED });
      await lock(null);
      expect(await settle(2)).toEqual([{ id: one.id, state: "held" }]);
      expect(await find(one)).toMatchObject({ reason: PAUSED });
    });

    it("is the newest alone: older pushes that were held make way and say how to deploy them", async () => {
      await pause(HOLD);
      const older = await queue({ commit: "b".repeat(40) });
      const newer = await queue({}, 2);
      expect(await find(older)).toMatchObject({
        state: "superseded",
        reason: `superseded by ${newer.id}; \`slipway deploy shop --commit bbbbbbb\` deploys it anyway`,
      });
      expect((await transact((tx) => waitingOf(tx, "shop"))).map(({ id }) => id)).toEqual([newer.id]);
    });

    it("and is held outlasts a rollback, and an older commit that somebody has deployed meanwhile", async () => {
      await pause(HOLD);
      const held = await queue({});
      await queue({ trigger: "rollback", askedRelease: "r-1" }, 2);
      await queue({ trigger: "command", askedCommit: "b".repeat(40), commit: "b".repeat(40) }, 3);
      const running = await begin();
      expect(await find(held)).toMatchObject({ state: "held" });
      await transact((tx) => changeDeployment(tx, running?.id ?? "", { state: "failed", reason: "no" }, 4));
      await pause(null);
      expect(await settle(5)).toEqual([{ id: held.id, state: "queued" }]);
    });

    it("and is held makes way for a command that deploys the head itself, and leaves it what it was to bring", async () => {
      await pause(HOLD);
      const held = await queue({ cleanCaches: true });
      const command = await queue({ trigger: "command" }, 2);
      expect(await find(held)).toMatchObject({ state: "superseded", supersededBy: command.id });
      expect(command).toMatchObject({ cleanCaches: true });
    });

    it("and is put back is held where the site was paused meanwhile", async () => {
      const one = await queue({});
      await begin();
      await pause(HOLD);
      await transact((tx) => changeDeployment(tx, one.id, { state: "queued", reason: "interrupted" }, 2));
      expect(await find(one)).toMatchObject({ state: "held", reason: PAUSED });
      await pause(null);
      expect(await settle(3)).toEqual([{ id: one.id, state: "queued" }]);
    });

    it("and is put back makes way for a newer one, with both reasons", async () => {
      const one = await queue({});
      await begin();
      const newer = await queue({ commit: "b".repeat(40) }, 2);
      await transact((tx) => changeDeployment(tx, one.id, { state: "queued", reason: "interrupted" }, 3));
      expect(await find(one)).toMatchObject({
        state: "superseded",
        reason: `interrupted; superseded by ${newer.id}; \`slipway deploy shop --commit aaaaaaa\` deploys it anyway`,
      });
    });

    it("can be cancelled while it is held", async () => {
      await lock(HOLD);
      const one = await queue({});
      await transact((tx) => changeDeployment(tx, one.id, { state: "cancelled", reason: "asked" }, 2));
      await lock(null);
      expect(await settle(3)).toEqual([]);
      expect(await find(one)).toMatchObject({ state: "cancelled" });
    });
  });
}

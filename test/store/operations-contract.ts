/** What every store does about who asked for what: the audit log, requests that need two people, wishes to cancel, releases by how far back they are. */
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../../src/model/answer.ts";
import type { Deed } from "../../src/model/effect.ts";
import { addAudit, listAudit } from "../../src/store/audit.ts";
import { askCancel, cancelReasonOf, cancelsWanted } from "../../src/store/cancel.ts";
import { changeDeployment, claimDeployment, findDeployment, queueDeployment } from "../../src/store/deployments.ts";
import { releaseBeforeLive, wasEverLive } from "../../src/store/releases.ts";
import { answerRequest, askRequest, expireRequests, findRequest, openRequests } from "../../src/store/requests.ts";
import { findSite, lockSite, setLive, setPaused } from "../../src/store/sites.ts";
import type { StoreUnderTest } from "./builds-contract.ts";
import { claim, newDeployment } from "./new-deployment.ts";

const ENTRY: AuditEntry = {
  ...{ atMs: 1_800_000_000_000, who: "alice (Slack U0ALICE)", where: "C0SHOP", verb: "rollback", site: "shop" },
  ...{ what: "roll back to the release before: “ü”", rule: "role", result: "done", outcome: "d-1", deployment: "d-1" },
};

const DEED: Deed = {
  ...{ kind: "rollback", target: { kind: "back", steps: 2 }, from: "ab", reason: "“ü”", adopt: true },
  allowRemovals: false,
};
const request = (part: { id: string; cause: string }) => ({
  ...{ site: "shop", deed: DEED, what: "roll back", by: "alice (Slack U0ALICE)", where: "C0SHOP" },
  ...{ nowMs: 1_800_000_000_000, expiresAtMs: 1_800_000_001_000, ...part },
});

export function operationsContract({ transact, reopen }: StoreUnderTest): void {
  describe("the audit log", () => {
    it("keeps entries whole, and lists them newest first, of one site or of all", async () => {
      const nobody = { ...ENTRY, site: null, result: "denied", deployment: null } as const;
      for (const entry of [ENTRY, nobody, { ...ENTRY, site: "blog", verb: "lock" }])
        await transact((tx) => addAudit(tx, entry));
      await reopen();
      expect(await transact((tx) => listAudit(tx, { limit: 2 }))).toEqual([
        { ...ENTRY, site: "blog", verb: "lock" },
        nobody,
      ]);
      expect(await transact((tx) => listAudit(tx, { site: "shop", limit: 5 }))).toEqual([ENTRY]);
    });

    it("cuts what is too long", async () => {
      await transact((tx) => addAudit(tx, { ...ENTRY, outcome: "x".repeat(5000) }));
      expect((await transact((tx) => listAudit(tx, { limit: 1 })))[0]?.outcome).toHaveLength(1000);
    });
  });

  describe("a request that needs two people", () => {
    it("is kept once for each cause, whole, and is answered once", async () => {
      const first = await transact((tx) => askRequest(tx, request({ id: "r-1", cause: "c-1" })));
      expect(first).toMatchObject({ id: "r-1", deed: DEED, what: "roll back", state: "open", answeredBy: null });
      expect(await transact((tx) => askRequest(tx, request({ id: "r-2", cause: "c-1" })))).toEqual(first);
      await reopen();
      expect(await transact((tx) => findRequest(tx, "r-1"))).toEqual(first);
      const answer = (state: "approved" | "declined", by: string) =>
        transact((tx) => answerRequest(tx, "r-1", { state, by, nowMs: 1_800_000_000_500 }));
      expect(await answer("approved", "bob")).toEqual({ ...first, state: "approved", answeredBy: "bob" });
      expect(await answer("declined", "carol")).toBeUndefined();
      expect(await transact((tx) => findRequest(tx, "r-1"))).toMatchObject({ state: "approved", answeredBy: "bob" });
      expect(await transact((tx) => findRequest(tx, "r-2"))).toBeUndefined();
    });

    it("ends when its time is up, and cannot be answered from then on", async () => {
      await transact((tx) => askRequest(tx, request({ id: "r-1", cause: "c-1" })));
      await transact((tx) =>
        askRequest(tx, { ...request({ id: "r-2", cause: "c-2" }), expiresAtMs: 1_800_000_009_000 }),
      );
      const nowMs = 1_800_000_001_000;
      const late = { state: "approved", by: "bob", nowMs } as const;
      expect(await transact((tx) => answerRequest(tx, "r-1", late))).toBeUndefined();
      expect((await transact((tx) => openRequests(tx, "shop", nowMs))).map(({ id }) => id)).toEqual(["r-2"]);
      expect(await transact((tx) => expireRequests(tx, nowMs))).toMatchObject([{ id: "r-1", state: "expired" }]);
      expect(await transact((tx) => expireRequests(tx, nowMs))).toEqual([]);
    });
  });

  describe("a running deployment that is to be cancelled", () => {
    it("is found by whoever runs it, with the first reason, also after a restart", async () => {
      const { deployment } = await transact((tx) => queueDeployment(tx, newDeployment(), 1));
      const ask = (reason: string) => transact((tx) => askCancel(tx, deployment.id, reason));
      expect(await ask("too early: it waits")).toBe(false);
      await transact((tx) => claimDeployment(tx, claim));
      expect([await ask("by alice"), await ask("by bob")]).toEqual([true, false]);
      await reopen();
      expect(await transact(cancelsWanted)).toEqual(new Map([[deployment.id, "by alice"]]));
      expect(await transact((tx) => cancelReasonOf(tx, deployment.id))).toBe("by alice");
    });

    it("does not go back into the queue", async () => {
      const { deployment } = await transact((tx) => queueDeployment(tx, newDeployment(), 1));
      await transact((tx) => claimDeployment(tx, claim));
      await transact((tx) => askCancel(tx, deployment.id, "by alice"));
      await transact((tx) => changeDeployment(tx, deployment.id, { state: "queued", reason: "tried again" }, 2));
      const found = await transact((tx) => findDeployment(tx, deployment.id));
      expect(found).toMatchObject({ state: "cancelled", reason: "by alice", finishedAtMs: 2 });
      expect(await transact(cancelsWanted)).toEqual(new Map());
    });
  });

  describe("a release by how far back it is", () => {
    it("is counted once, where it was live last", async () => {
      for (const [nowMs, release] of ["aa11", "bb22", "aa11", "cc33", "bb22", "cc33"].entries()) {
        const live = { deployment: "d", release, commit: `c0${release}`, nowMs };
        await transact((tx) => setLive(tx, "shop", live));
      }
      await transact((tx) => setLive(tx, "blog", { deployment: "d", release: "dd44", commit: "c", nowMs: 9 }));
      const back = (steps?: number) => transact((tx) => releaseBeforeLive(tx, "shop", steps));
      expect([await back(), await back(1), await back(2), await back(3)]).toEqual(["bb22", "bb22", "aa11", undefined]);
      const wasLive = (start: string) => transact((tx) => wasEverLive(tx, "shop", start));
      expect([await wasLive("aa"), await wasLive("c0bb"), await wasLive("dd44")]).toEqual([true, true, false]);
    });
  });

  describe("those who ask for something on a site", () => {
    it("take turns, so that each decides by what the one before did", async () => {
      const pauseUnlessPaused = (by: string) =>
        transact(function* (tx) {
          yield* lockSite(tx, "shop");
          if ((yield* findSite(tx, "shop"))?.paused) return "refused";
          yield* setPaused(tx, "shop", { by, reason: null, atMs: 1 });
          return "done";
        });
      const results = await Promise.all(["alice", "bob", "carol", "dan"].map(pauseUnlessPaused));
      expect(results.sort()).toEqual(["done", "refused", "refused", "refused"]);
    });
  });
}

/** What every store does about builds: the part of the contract that came with them. */
import { describe, expect, it } from "vitest";
import type { ManifestJson } from "../../src/model/release.ts";
import {
  type BuiltRelease,
  findBuilt,
  findBuiltManifest,
  hasBuilt,
  listBuilt,
  saveBuilt,
} from "../../src/store/built-releases.ts";
import { findCommits } from "../../src/store/commits.ts";
import { countActive } from "../../src/store/count-deployments.ts";
import {
  activeDeploymentOf,
  changeDeployment,
  claimDeployment,
  countCut,
  findDeployment,
  listDeployments,
  type NewDeployment,
  queueDeployment,
  runningOf,
  setDeploymentHead,
} from "../../src/store/deployments.ts";
import { insertSkipped } from "../../src/store/insert-deployment.ts";
import type { Tx, Work } from "../../src/store/work.ts";
import { claim, newDeployment } from "./new-deployment.ts";

/** The store under test. */
export type StoreUnderTest = {
  transact<T>(work: (tx: Tx) => Work<T>): Promise<T>;
  reopen(): Promise<void>;
};

const MANIFEST: ManifestJson = [["__proto__", "ab".repeat(32), 3]];
const built = (part: Partial<BuiltRelease> = {}): BuiltRelease => ({
  ...{ id: "r-1", manifest: MANIFEST, commit: "c".repeat(40), missingLinks: null, ...part },
});

export function buildsContract({ transact, reopen }: StoreUnderTest): void {
  const find = (id: string) => transact((tx) => findDeployment(tx, id));
  const queue = (one: NewDeployment, nowMs = 1) => transact((tx) => queueDeployment(tx, one, nowMs));
  const begin = () => transact((tx) => claimDeployment(tx, claim));

  describe("what a build is asked for", () => {
    it("is kept whole: the commit, the run, the caches, the content, who asked", async () => {
      const content = { sources: ["Sanity"], titles: ["Ü"], more: 1, by: ["Ada"], sinceMs: 1_800_000_000_000 };
      const wanted = {
        ...{
          trigger: "command" as const,
          askedCommit: "f".repeat(40),
          runId: 28_978_245_100_123,
          cleanCaches: true,
          content,
        },
        ...{ askedBy: "ada (command line)", notBeforeMs: 1_800_000_000_000 },
      };
      const one = newDeployment(wanted);
      await queue(one);
      await reopen();
      expect(await find(one.id)).toMatchObject({ ...wanted, force: true, startedAtMs: null });
    });

    it("by a push is no build by all means, by a person or by content it is", async () => {
      const isForced = async (part: Partial<NewDeployment>) => (await queue(newDeployment(part))).deployment.force;
      expect(await isForced({})).toBe(false);
      expect(await isForced({ trigger: "workflow" })).toBe(false);
      expect(await isForced({ site: "blog", trigger: "command" })).toBe(true);
    });

    it("goes over to the one that it makes way for, where that builds too", async () => {
      await queue(newDeployment({ trigger: "command", cleanCaches: true }));
      const heir = (await queue(newDeployment(), 2)).deployment;
      expect(heir).toMatchObject({ trigger: "push", force: true, cleanCaches: true });
      const rollback = (await queue(newDeployment({ trigger: "rollback", askedRelease: "r-1" }), 3)).deployment;
      expect(rollback).toMatchObject({ cleanCaches: false });
      expect((await queue(newDeployment(), 4)).deployment).toMatchObject({ force: false, cleanCaches: false });
    });
  });

  describe("a release that is built", () => {
    const started = async (part: Partial<NewDeployment> = {}) => {
      const one = newDeployment(part);
      await queue(one);
      await begin();
      await transact((tx) => saveBuilt(tx, one.id, built()));
      return one;
    };

    it("is there after a restart, and replaces what the deployment had built before", async () => {
      const one = await started();
      await transact((tx) => saveBuilt(tx, one.id, built({ id: "r-2", missingLinks: 4 })));
      await reopen();
      expect(await transact((tx) => findBuilt(tx, one.id))).toEqual(built({ id: "r-2", missingLinks: 4 }));
      expect(await transact((tx) => findBuilt(tx, "d-other"))).toBeUndefined();
      expect(await transact(listBuilt)).toEqual([one.id]);
      expect(await transact((tx) => findBuiltManifest(tx, one.id))).toEqual(
        new Map([["__proto__", { sha256: "ab".repeat(32), size: 3 }]]),
      );
    });

    it("stays while the deployment waits to go on, and is forgotten with its end", async () => {
      const one = await started();
      await transact((tx) => changeDeployment(tx, one.id, { state: "queued", reason: "interrupted" }, 2));
      expect(await transact((tx) => hasBuilt(tx, one.id))).toBe(true);
      await transact((tx) => changeDeployment(tx, one.id, { state: "cancelled" }, 3));
      expect(await transact(listBuilt)).toEqual([]);
    });

    describe("and needs somebody's consent", () => {
      const needed = { needs: "adopt", files: 1, paths: ["index.html"] } as const;
      const refused = async () => {
        const one = await started();
        await transact((tx) => changeDeployment(tx, one.id, { state: "failed", consent: needed }, 2));
        return one;
      };

      it("waits for the answer, and is handed on to the deployment that brings it", async () => {
        const one = await refused();
        expect(await transact(listBuilt)).toEqual([one.id]);
        const answer = newDeployment({ trigger: "command", adopt: true, goesOnWith: one.id });
        await queue(answer, 3);
        expect(await transact(listBuilt)).toEqual([answer.id]);
        expect(await transact((tx) => findBuilt(tx, answer.id))).toEqual(built());
      });

      it("is forgotten when something else ends the question", async () => {
        await refused();
        await queue(newDeployment(), 3);
        expect(await transact(listBuilt)).toEqual([]);
      });

      it("is forgotten at once where a newer deployment waits already", async () => {
        const one = await started();
        await queue(newDeployment(), 2);
        await transact((tx) => changeDeployment(tx, one.id, { state: "failed", consent: needed }, 3));
        expect(await transact(listBuilt)).toEqual([]);
      });
    });
  });

  it("counts how often a build was cut, of each deployment alone", async () => {
    const [one, other] = [newDeployment(), newDeployment({ site: "blog" })];
    for (const it of [one, other]) await queue(it);
    expect(await transact((tx) => countCut(tx, one.id))).toBe(1);
    await reopen();
    expect(await transact((tx) => countCut(tx, one.id))).toBe(2);
    expect(await transact((tx) => countCut(tx, other.id))).toBe(1);
    expect(await transact((tx) => countCut(tx, "d-none"))).toBe(0);
  });

  describe("a deployment that is skipped", () => {
    it("is recorded once, with its reason, and stands in nobody's way", async () => {
      const waiting = newDeployment();
      await queue(waiting);
      const skipped = newDeployment({ cause: "push S" });
      const record = await transact((tx) => insertSkipped(tx, skipped, "because", 2));
      expect(record).toMatchObject({ state: "skipped", reason: "because", finishedAtMs: 2, startedAtMs: null });
      const again = { ...skipped, id: "d-again" };
      expect(await transact((tx) => insertSkipped(tx, again, "because", 3))).toBeUndefined();
      expect((await queue(again, 3)).isNew).toBe(false);
      expect(await find(waiting.id)).toMatchObject({ state: "queued" });
      expect(await transact(countActive)).toEqual({ waiting: 1, running: 0 });
    });

    it("lets a build skip that was begun, and nothing follow it", async () => {
      const one = newDeployment();
      await queue(one);
      await begin();
      await transact((tx) => changeDeployment(tx, one.id, { state: "skipped", reason: "because" }, 2));
      expect(await transact((tx) => changeDeployment(tx, one.id, { state: "queued" }, 3))).toBeUndefined();
      expect(await find(one.id)).toMatchObject({ state: "skipped", reason: "because", finishedAtMs: 2 });
    });
  });

  describe("deployments and commits", () => {
    it("are found by the one that runs, or is to run, on a commit", async () => {
      const one = newDeployment({ commit: "1".repeat(40) });
      await queue(one);
      const active = () => transact((tx) => activeDeploymentOf(tx, "shop", "1".repeat(40)));
      expect(await active()).toMatchObject({ id: one.id });
      expect(await transact((tx) => runningOf(tx, "shop"))).toBeUndefined();
      await begin();
      expect(await active()).toMatchObject({ id: one.id, state: "building" });
      expect(await transact((tx) => runningOf(tx, "shop"))).toMatchObject({ id: one.id });
      expect(await transact((tx) => runningOf(tx, "blog"))).toBeUndefined();
      expect(await transact(countActive)).toEqual({ waiting: 0, running: 1 });
      await transact((tx) => changeDeployment(tx, one.id, { state: "failed", reason: "no" }, 2));
      expect(await active()).toBeUndefined();
    });

    it("are found by the beginning of a commit that was announced to the site, two at most", async () => {
      const commits = ["aa11", "aa22", "ab33"].map((start) => start.padEnd(40, "0"));
      for (const commit of commits) await queue(newDeployment({ commit, title: `Title of ${commit.slice(0, 4)}` }));
      await queue(newDeployment({ commit: commits[0] ?? "", site: "blog" }));
      const found = async (start: string) =>
        (await transact((tx) => findCommits(tx, "shop", start))).map(({ title }) => title).sort();
      expect(await found("aa11")).toEqual(["Title of aa11"]);
      expect(await found("aa")).toEqual(["Title of aa11", "Title of aa22"]);
      expect(await found("a")).toHaveLength(2);
      expect(await found("ffff")).toEqual([]);
    });

    it("of changed content keep what was changed as their title once the head is known", async () => {
      const content = { sources: ["Sanity"], titles: ["About"], more: 0, by: [], sinceMs: 1 };
      const one = newDeployment({
        trigger: "content",
        commit: "",
        title: 'Content: "About" (Sanity)',
        author: "",
        content,
      });
      await queue(one);
      const head = { commit: "9".repeat(40), author: "Bo", title: "A commit" };
      await transact((tx) => setDeploymentHead(tx, one.id, head));
      expect(await find(one.id)).toMatchObject({ commit: head.commit, author: "", title: 'Content: "About" (Sanity)' });
      expect(await transact((tx) => findCommits(tx, "shop", "9999"))).toEqual([]);
    });
  });

  it("never runs two deployments of one site, however many claim, and the newest wins", async () => {
    const newest: NewDeployment[] = [];
    for (const site of ["a", "b"]) {
      for (let n = 0; n < 3; n += 1) {
        const one = newDeployment({ site });
        await queue(one, n);
        if (n === 2) newest.push(one);
      }
    }
    const claims = await Promise.all(Array.from({ length: 6 }, begin));
    const claimed = claims.filter((it) => it !== undefined).map(({ id }) => id);
    for (let more = await begin(); more !== undefined; more = await begin()) claimed.push(more.id);
    expect(claimed.sort()).toEqual(newest.map(({ id }) => id).sort());
    const states = (await transact((tx) => listDeployments(tx, { limit: 9 }))).map(({ state }) => state);
    expect(states.sort()).toEqual(["building", "building", ...Array.from({ length: 4 }, () => "superseded")]);
  });
}

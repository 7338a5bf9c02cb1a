/** What every store does about runs of workflows, incidents and digests. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CiRun } from "../../src/model/ci.ts";
import { closeQuietDigests, tellNews } from "../../src/notify/digest.ts";
import {
  brokenIn,
  countFailure,
  endIncidentsOf,
  environmentsOf,
  forgetRuns,
  hasWorkflows,
  mendIncident,
  recordRun,
  rememberEnvironment,
  resultsFor,
  resultsSince,
} from "../../src/store/ci.ts";
import type { Store } from "../../src/store/store.ts";
import { all, type Tx, type Work } from "../../src/store/work.ts";

const sha = (digit: string | number) => String(digit).repeat(40).slice(0, 40);

export const aRun = (part: Partial<CiRun> = {}): CiRun => ({
  ...{ repoId: 4_000_000_000, repoName: "acme/shop", workflow: "CI", path: ".github/workflows/ci.yml" },
  ...{ branch: "main", runId: 5_000_000_000, runNumber: 7, attempt: 1, event: "push", commit: sha(1) },
  ...{ title: "Fix “quotes” 🚢", author: "Zoë", actorLogin: "zoe", url: null, verdict: "failed" },
  ...{ conclusion: part.verdict === "passed" ? "success" : "failure", ...part },
});

/** As a delivery does it. */
export function* take(tx: Tx, run: CiRun, nowMs: number) {
  if (!(yield* recordRun(tx, run, nowMs))) return "known" as const;
  return run.verdict === "failed" ? yield* countFailure(tx, run, nowMs) : yield* mendIncident(tx, run, nowMs);
}

export function* emptyCi(tx: Tx): Work<void> {
  for (const table of ["ci_runs", "ci_incidents", "run_environments", "channel_news", "digests", "outbox"] as const) {
    yield* all(tx.db.deleteFrom(table));
  }
}

export function ciContract(
  name: string,
  open: () => Promise<Store>,
  { propertyRuns }: { readonly propertyRuns: number },
): void {
  describe(`runs of CI on ${name}`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    beforeEach(() => store.transact(emptyCi));
    afterAll(() => store?.close());

    const took = (part: Partial<CiRun>, nowMs = 1) => store.transact((tx) => take(tx, aRun(part), nowMs));
    const broken = () => store.transact((tx) => brokenIn(tx, [4_000_000_000]));

    it("are remembered by their latest attempt", async () => {
      const record = (part: Partial<CiRun>) => store.transact((tx) => recordRun(tx, aRun(part), 1));
      expect(await record({ attempt: 2 })).toBe(true);
      expect(await record({ attempt: 2 })).toBe(false);
      expect(await record({ attempt: 1, verdict: "passed" })).toBe(false);
      const results = () => store.transact((tx) => resultsFor(tx, 4_000_000_000, sha(1)));
      const result = { workflow: "CI", path: ".github/workflows/ci.yml", branch: "main", commit: sha(1) };
      expect(await results()).toEqual([{ ...result, runId: 5_000_000_000, order: 2, verdict: "failed" }]);
      expect(await record({ attempt: 3, verdict: "passed" })).toBe(true);
      expect(await results()).toMatchObject([{ order: 3, verdict: "passed" }]);
      expect(await record({ runId: 1, order: 300 })).toBe(true);
      expect(await record({ runId: 1, order: 299 })).toBe(false);
    });

    it("decide about a commit where a push started them, with those of later pushes", async () => {
      await took({ runId: 1, event: "schedule" });
      await took({ runId: 2, repoId: 8 });
      await took({ runId: 3, verdict: "passed" });
      await took({ runId: 4, commit: sha(2) });
      const ofCommit = await store.transact((tx) => resultsFor(tx, 4_000_000_000, sha(1)));
      expect(ofCommit.map(({ runId }) => runId)).toEqual([3]);
      const later = await store.transact((tx) => resultsSince(tx, 4_000_000_000, 1));
      expect(later.map(({ runId }) => runId)).toEqual([4, 3]);
    });

    it("tell whether the repository has workflows, or suites of checks alone", async () => {
      const has = () => store.transact((tx) => hasWorkflows(tx, 4_000_000_000));
      await took({ path: "", workflow: "CircleCI" });
      expect(await has()).toBe(false);
      await took({ runId: 6 });
      expect(await has()).toBe(true);
    });

    it("remember to what they deploy, each environment once", async () => {
      for (const environment of ["staging", "production", "staging"]) {
        await store.transact((tx) => rememberEnvironment(tx, { repoId: 1, runId: 2, environment }, 1));
      }
      expect(await store.transact((tx) => environmentsOf(tx, 1, 2))).toEqual(["production", "staging"]);
      expect(await store.transact((tx) => environmentsOf(tx, 1, 3))).toEqual([]);
    });

    it("are forgotten after some time, and what is broken is not", async () => {
      await took({ runId: 1 }, 10);
      await took({ runId: 2 }, 20);
      await store.transact((tx) => rememberEnvironment(tx, { repoId: 1, runId: 2, environment: "old" }, 10));
      await store.transact((tx) => forgetRuns(tx, 20));
      const left = await store.transact((tx) => resultsFor(tx, 4_000_000_000, sha(1)));
      expect(left.map(({ runId }) => runId)).toEqual([2]);
      expect(await store.transact((tx) => environmentsOf(tx, 1, 2))).toEqual([]);
      expect(await broken()).toHaveLength(1);
    });

    it("are forgotten with what they broke, where that was mended long ago or has not failed for long", async () => {
      const incidents = () =>
        store.transact(function* (tx) {
          return (yield* all(tx.db.selectFrom("ci_incidents").select("branch").orderBy("id"))).map((it) => it.branch);
        });
      const branches = ["mended", "left", "busy", "gone"];
      for (const [index, branch] of branches.entries()) await took({ branch, runId: index + 1 }, 10);
      await took({ branch: "mended", runId: 20, verdict: "passed" }, 10);
      await took({ branch: "busy", runId: 21 }, 30);
      await store.transact((tx) => endIncidentsOf(tx, { repoId: 4_000_000_000, branch: "gone" }));
      expect((await broken()).map(({ branch }) => branch)).toEqual(["left", "busy"]);
      expect(await took({ branch: "gone", runId: 22 }, 30)).toMatchObject({ incident: { failures: 1, sinceMs: 30 } });
      await store.transact((tx) => forgetRuns(tx, 20));
      expect(await incidents()).toEqual(["busy", "gone", "gone"]);
    });

    it("open an incident at the first failure, count the others, and end it at the first success", async () => {
      const opened = await took({ runId: 1 }, 100);
      expect(opened).toMatchObject({
        incident: { repoName: "acme/shop", workflow: "CI", branch: "main", state: "broken", failures: 1, sinceMs: 100 },
      });
      expect(await took({ runId: 1, attempt: 2 }, 200)).toMatchObject({ incident: { failures: 2 } });
      expect(await took({ runId: 1, attempt: 2 }, 250)).toBe("known");
      expect(await took({ runId: 2, commit: sha(2) }, 300)).toMatchObject({
        incident: { failures: 3, sinceMs: 100, mendedAtMs: null, firstCommit: sha(1), run: { runId: 2 } },
      });
      const mended = await took({ runId: 3, commit: sha(3), verdict: "passed" }, 400);
      expect(mended).toEqual({
        id: (opened as { id: number }).id,
        incident: {
          ...{ repoName: "acme/shop", workflow: "CI", branch: "main", state: "mended", failures: 3, sinceMs: 100 },
          ...{ mendedAtMs: 400, firstCommit: sha(1) },
          run: aRun({ runId: 3, commit: sha(3), verdict: "passed" }),
        },
      });
      expect(await took({ runId: 4, verdict: "passed" }, 500)).toBeNull();
      const again = await took({ runId: 5 }, 600);
      expect(again).toMatchObject({ incident: { state: "broken", failures: 1, sinceMs: 600 } });
      expect((again as { id: number }).id).not.toBe((opened as { id: number }).id);
    });

    it("end it by running the same once more, too", async () => {
      await took({ runId: 7 });
      expect(await took({ runId: 7, attempt: 2, verdict: "passed" })).toMatchObject({ incident: { state: "mended" } });
    });

    it("that come late and are older open, mend and show nothing", async () => {
      await took({ runId: 5, verdict: "passed" });
      expect(await took({ runId: 4 })).toBeNull();
      await took({ runId: 9, commit: sha(9) });
      expect(await took({ runId: 8, verdict: "passed" })).toBeNull();
      expect(await took({ runId: 7 })).toBeNull();
      expect(await broken()).toMatchObject([{ failures: 1, run: { runId: 9 } }]);
    });

    it("that come late count among the failures, and the first of them broke the branch", async () => {
      await took({ runId: 3, commit: sha(3) });
      await took({ runId: 2, commit: sha(2) });
      expect(await broken()).toMatchObject([{ failures: 2, run: { runId: 3 }, firstCommit: sha(2) }]);
      await took({ runId: 1, commit: sha(1) });
      expect(await broken()).toMatchObject([{ failures: 3, run: { runId: 3 }, firstCommit: sha(1) }]);
    });

    it("of other workflows, branches and repositories are other incidents", async () => {
      const parts = [{}, { path: "lint.yml" }, { branch: "next" }, { repoId: 8 }, { path: "", workflow: "CI" }];
      for (const [n, part] of parts.entries()) await took({ runId: n + 1, ...part });
      expect(await broken()).toHaveLength(4);
      await took({ runId: 9, verdict: "passed" });
      const left = (await broken()).map(({ run }) => [run.path, run.branch]);
      expect(left).toEqual([
        ["lint.yml", "main"],
        [".github/workflows/ci.yml", "next"],
        ["", "main"],
      ]);
      expect(await store.transact((tx) => brokenIn(tx, [8]))).toHaveLength(1);
      expect(await store.transact((tx) => brokenIn(tx, []))).toEqual([]);
    });

    it("leave the same state in whatever order and however often they are told", async () => {
      const history = fc.uniqueArray(
        fc.record({
          runId: fc.integer({ min: 1, max: 6 }),
          attempt: fc.integer({ min: 1, max: 2 }),
          verdict: fc.constantFrom("failed" as const, "passed" as const),
        }),
        { selector: ({ runId, attempt }) => `${runId}.${attempt}`, minLength: 1, maxLength: 8 },
      );
      const told = history.chain((runs) =>
        fc.tuple(
          fc.constant(runs),
          fc
            .array(fc.constantFrom(...runs), { maxLength: 4 })
            .chain((again) => fc.shuffledSubarray([...runs, ...again], { minLength: runs.length + again.length })),
        ),
      );
      const stateAfter = (runs: ReadonlyArray<Partial<CiRun>>) =>
        store.transact(function* (tx) {
          yield* emptyCi(tx);
          for (const run of runs) yield* take(tx, aRun({ ...run, commit: sha(run.runId ?? 0) }), 1);
          const open = yield* brokenIn(tx, [4_000_000_000]);
          return open.map(({ run }) => [run.runId, run.attempt]);
        });
      await fc.assert(
        fc.asyncProperty(told, async ([runs, order]) => {
          const sorted = [...runs].sort((a, b) => a.runId - b.runId || a.attempt - b.attempt);
          const expected = await stateAfter(sorted);
          const newest = sorted.at(-1);
          expect(expected).toEqual(newest?.verdict === "failed" ? [[newest.runId, newest.attempt]] : []);
          expect(await stateAfter(order)).toEqual(expected);
        }),
        { numRuns: propertyRuns },
      );
    });

    it("are told in one digest where many news come at the same moment, and none is lost", async () => {
      const tell = (n: number) =>
        store.transact((tx) => {
          const wish = { kind: "slack.notice", key: `notice:t${n}`, deploymentId: null, desired: {} } as const;
          const item = { topic: `t${n}`, title: `T${n}`, state: n === 9 ? "good" : "bad", url: null } as const;
          return tellNews(tx, { channel: "C0CI", setting: "channel", ...item, wish }, 1000);
        });
      await Promise.all(Array.from({ length: 9 }, (_, n) => tell(n + 1)));
      await Promise.all([tell(6), tell(7), tell(8), tell(9)]);
      expect(await store.transact((tx) => closeQuietDigests(tx, 900_000))).toHaveLength(1);
      const rows = await store.transact((tx) => all(tx.db.selectFrom("outbox").selectAll().orderBy("id")));
      const digest = rows.map(({ desired }) => JSON.parse(desired).notice?.digest).find((it) => it !== undefined);
      expect(digest).toMatchObject({ sinceMs: 1000, endedAtMs: 900_000 });
      expect(digest.groups).toHaveLength(4);
      const counted = digest.groups.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
      const own = rows.filter(({ key }) => key.startsWith("notice:t"));
      expect(own).toHaveLength(5);
      expect(counted + own.reduce((sum, it) => sum + it.desired_version, 0)).toBe(13);
      expect(rows.filter(({ kind }) => kind === "slack.thread")).toMatchObject([{ desired_version: 1 }]);
    });

    it("that end at the same moment make one incident", async () => {
      await Promise.all(Array.from({ length: 12 }, (_, n) => took({ runId: n + 1 })));
      expect(await broken()).toMatchObject([{ failures: 12, run: { runId: 12 } }]);
    });
  });
}

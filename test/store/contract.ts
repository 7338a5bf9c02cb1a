/** What every store does, whatever database is behind it: the suite that SQLite and Postgres both pass. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NewDelivery } from "../../src/model/delivery.ts";
import {
  claimDeliveries,
  findDelivery,
  finishDelivery,
  listDeliveries,
  postponeDelivery,
} from "../../src/store/deliveries.ts";
import {
  abandonedDeployments,
  changeDeployment,
  claimDeployment,
  findDeployment,
  listDeployments,
  type NewDeployment,
  oldestRunningMs,
  queueDeployment,
  remarkOnDeployment,
  setDeploymentHead,
} from "../../src/store/deployments.ts";
import {
  claimOutbox,
  findTold,
  nextOutboxMs,
  type OutboxRow,
  outboxGivenUp,
  outboxRetry,
  outboxSent,
  rememberRemote,
  wasTold,
  wish,
} from "../../src/store/outbox.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import {
  findManifest,
  forgetOldReleases,
  keepRelease,
  listReleaseKeys,
  listReleases,
  releaseBeforeLive,
} from "../../src/store/releases.ts";
import {
  bindSite,
  findRepository,
  findSite,
  listSites,
  rememberRepository,
  setGithubPause,
  setLive,
} from "../../src/store/sites.ts";
import type { Store } from "../../src/store/store.ts";
import { appendTranscript, lastTranscriptSeq, readTranscript } from "../../src/store/transcripts.ts";
import { all, type Tx, type Work } from "../../src/store/work.ts";
import { buildsContract } from "./builds-contract.ts";
import { contentContract } from "./content-contract.ts";
import { deliveriesContract } from "./deliveries-contract.ts";
import { forgetBodiesContract } from "./forget-bodies-contract.ts";
import { holdsContract } from "./holds-contract.ts";
import { claim, newDeployment } from "./new-deployment.ts";
import { operationsContract } from "./operations-contract.ts";
import { secretUsesContract } from "./secret-uses-contract.ts";
import { sourcePollsContract } from "./source-polls-contract.ts";

let count = 0;
const delivery = (given: Partial<NewDelivery> = {}): NewDelivery => {
  count++;
  return {
    source: "github",
    key: `7/guid-${count}`,
    event: "push",
    digest: `digest-${count}`,
    body: Buffer.from([0, 255, 123, 10, 13]),
    receivedAtMs: 1_700_000_000_000,
    ...given,
  };
};

/** Runs the suite; `open` gives a store over an empty database, opened anew each time it is called with the same `at`. */
export function storeContract(
  name: string,
  database: { create(): Promise<string>; open(at: string): Promise<Store> },
): void {
  describe(`the store on ${name}`, () => {
    let at: string;
    let store: Store;

    beforeAll(async () => {
      at = await database.create();
    });
    beforeEach(async () => {
      store ??= await database.open(at);
      await store.transact(function* (tx): Work<void> {
        for (const table of [
          "deliveries",
          "deployments",
          "content_changes",
          "built_releases",
          "sites",
          "repositories",
          "releases",
          "lives",
          "outbox",
          "transcripts",
          "audit",
          "requests",
        ] as const) {
          yield* all(tx.db.deleteFrom(table));
        }
      });
    });
    afterAll(async () => {
      await store?.close();
    });

    it("commits what work wrote, and answers with what it returned", async () => {
      const answer = await store.transact(function* (tx): Work<string> {
        yield* setGithubPause(tx, "shop", "because");
        return "done";
      });
      expect(answer).toBe("done");
      expect(await store.transact((tx) => findSite(tx, "shop"))).toMatchObject({ githubPause: "because" });
    });

    it("rolls back work that throws, and nothing else that shares its commit", async () => {
      const results = await Promise.allSettled([
        store.transact((tx) => setGithubPause(tx, "one", "stays")),
        store.transact(function* (tx): Work<void> {
          yield* setGithubPause(tx, "two", "goes");
          throw new Error("on purpose");
        }),
        store.transact((tx) => setGithubPause(tx, "three", "stays")),
      ]);
      expect(results.map((it) => it.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(await store.transact((tx) => findSite(tx, "one"))).toBeDefined();
      expect(await store.transact((tx) => findSite(tx, "two"))).toBeUndefined();
      expect(await store.transact((tx) => findSite(tx, "three"))).toBeDefined();
    });

    it("rolls back work whose query the database refuses", async () => {
      const twice = store.transact(function* (tx): Work<void> {
        yield* setGithubPause(tx, "shop", "goes");
        yield* appendTranscript(tx, "d-1", { seq: 1, text: "a" });
        yield* appendTranscript(tx, "d-1", { seq: 1, text: "b" });
      });
      await expect(twice).rejects.toThrow();
      expect(await store.transact((tx) => findSite(tx, "shop"))).toBeUndefined();
    });

    it("shows lazy work to all at once, undoes it alone when it fails, and keeps it when it is closed", async () => {
      const lazily = (site: string, fails = false) =>
        store.transact(
          function* (tx): Work<void> {
            yield* setGithubPause(tx, site, "because");
            if (fails) throw new Error("on purpose");
          },
          { isLazy: true },
        );
      const results = await Promise.allSettled([lazily("one"), lazily("two", true), lazily("three")]);
      expect(results.map((it) => it.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      await Promise.all([lazily("four"), store.transact((tx) => setGithubPause(tx, "five", "because"))]);
      const names = async () => (await store.transact((tx) => listSites(tx))).map((it) => it.name).sort();
      expect(await names()).toEqual(["five", "four", "one", "three"]);
      await store.close();
      store = await database.open(at);
      expect(await names()).toEqual(["five", "four", "one", "three"]);
    });

    it("keeps everything when it is closed and opened again", async () => {
      const recorded = await store.transact((tx) => recordDelivery(tx, delivery({ key: "7/kept" })));
      await store.close();
      store = await database.open(at);
      const found = await store.transact((tx) => findDelivery(tx, "kept"));
      expect(found).toMatchObject({ id: recorded.id, state: "received", receivedAtMs: 1_700_000_000_000 });
      expect(Buffer.from(found?.body ?? [])).toEqual(Buffer.from([0, 255, 123, 10, 13]));
    });

    describe("deliveries", () => {
      it("records a delivery once, also when it comes a hundred times at the same moment", async () => {
        const one = delivery();
        const records = await Promise.all(
          Array.from({ length: 100 }, () => store.transact((tx) => recordDelivery(tx, one))),
        );
        expect(records.filter((it) => it.verdict === "new")).toHaveLength(1);
        expect(records.filter((it) => it.verdict === "duplicate")).toHaveLength(99);
        expect(new Set(records.map((it) => it.id)).size).toBe(1);
      });

      it("takes the same id from another source for another delivery", async () => {
        await store.transact((tx) => recordDelivery(tx, delivery({ key: "1", source: "a" })));
        const other = await store.transact((tx) => recordDelivery(tx, delivery({ key: "1", source: "b" })));
        expect(other.verdict).toBe("new");
      });

      describe("with bytes seen before under another id", () => {
        const end = { state: "done", outcome: ["did it"], nowMs: 1 } as const;
        const recorded = async (given: Partial<NewDelivery>) => {
          const one = delivery(given);
          const { id, verdict } = await store.transact((tx) => recordDelivery(tx, one));
          expect(verdict).toBe("new");
          return { ...one, id };
        };
        const finish = (one: NewDelivery & { id: number }) => store.transact((tx) => finishDelivery(tx, one, end));
        const verdicts = async () => {
          const listed = await store.transact((tx) => listDeliveries(tx, { limit: 10 }));
          return listed.map((it) => it.verdict).reverse();
        };

        it.each(["after", "before"])("are marked as a suspected replay, finished %s the first ones", async (order) => {
          const first = await recorded({ digest: "same" });
          const replay = await recorded({ digest: "same" });
          const [one, other] = order === "after" ? [first, replay] : [replay, first];
          expect(await finish(one)).toBeNull();
          expect(await finish(other)).toBe(replay.id);
          expect(await verdicts()).toEqual(["new", "suspected_replay"]);
        });

        it("are not marked when another source sent them, or when only the beginning of the digest is the same", async () => {
          const digest = "0123456789abcdef";
          for (const given of [{ digest }, { digest, source: "other" }, { digest: `${digest.slice(0, -1)}0` }]) {
            expect(await finish(await recorded(given))).toBeNull();
          }
          expect(await verdicts()).toEqual(["new", "new", "new"]);
        });

        it("stay unmarked, the first ones, when they are revived after the second ones", async () => {
          const first = await recorded({ digest: "same" });
          const second = await recorded({ digest: "same" });
          await store.transact((tx) => finishDelivery(tx, first, { ...end, state: "dead" }));
          await finish(second);
          await store.transact((tx) => recordDelivery(tx, first));
          await finish(first);
          expect(await verdicts()).toEqual(["new", "suspected_replay"]);
        });
      });

      it("keeps the first bytes when a known id comes with others", async () => {
        const first = delivery({ digest: "first" });
        await store.transact((tx) => recordDelivery(tx, first));
        const second = await store.transact((tx) => recordDelivery(tx, { ...first, digest: "other" }));
        expect(second.verdict).toBe("conflict");
        expect(await store.transact((tx) => findDelivery(tx, first.key))).toMatchObject({ digest: "first" });
      });

      it("revives a dead delivery when it comes again, and only a dead one", async () => {
        const one = delivery();
        const { id } = await store.transact((tx) => recordDelivery(tx, one));
        await store.transact((tx) =>
          finishDelivery(tx, { ...one, id }, { state: "dead", outcome: ["gave up"], nowMs: 1 }),
        );
        expect(await store.transact((tx) => recordDelivery(tx, one))).toEqual({ id, verdict: "revived" });
        expect(await store.transact((tx) => findDelivery(tx, one.key))).toMatchObject({
          state: "received",
          attempts: 0,
        });
        expect(await store.transact((tx) => recordDelivery(tx, one))).toEqual({ id, verdict: "duplicate" });
      });

      it("claims each delivery for one process only, oldest first", async () => {
        for (let i = 0; i < 20; i++) await store.transact((tx) => recordDelivery(tx, delivery()));
        const claims = await Promise.all(
          ["a", "b", "c"].map((boot) => store.transact((tx) => claimDeliveries(tx, { ...claim, boot, limit: 8 }))),
        );
        const ids = claims.flat().map((it) => it.id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.length).toBeGreaterThanOrEqual(8);
        for (const group of claims)
          expect(group.map((it) => it.id)).toEqual(group.map((it) => it.id).sort((a, b) => a - b));
      });

      it("gives a claim that ran out to somebody else, and counts the attempts", async () => {
        await store.transact((tx) => recordDelivery(tx, delivery()));
        await store.transact((tx) => claimDeliveries(tx, { ...claim, limit: 1 }));
        const early = await store.transact((tx) => claimDeliveries(tx, { ...claim, nowMs: 61_000, limit: 1 }));
        expect(early).toEqual([]);
        const late = await store.transact((tx) => claimDeliveries(tx, { ...claim, nowMs: 61_001, limit: 1 }));
        expect(late).toMatchObject([{ attempts: 2 }]);
      });

      it("leaves a postponed delivery alone until its time has come", async () => {
        const { id } = await store.transact((tx) => recordDelivery(tx, delivery()));
        await store.transact((tx) => postponeDelivery(tx, id, 5000, "the disk is full"));
        expect(await store.transact((tx) => claimDeliveries(tx, { ...claim, nowMs: 4999, limit: 1 }))).toEqual([]);
        const due = await store.transact((tx) => claimDeliveries(tx, { ...claim, nowMs: 5000, limit: 1 }));
        expect(due).toMatchObject([{ id, outcome: ["the disk is full"] }]);
      });
    });

    describe("deployments", () => {
      it("queues one deployment a cause, however often the cause is reported", async () => {
        const one = newDeployment({ cause: "push X" });
        const first = await store.transact((tx) => queueDeployment(tx, one, 1));
        const again = await store.transact((tx) => queueDeployment(tx, { ...one, id: "d-other" }, 2));
        expect(first).toMatchObject({
          isNew: true,
          deployment: { state: "queued", title: one.title, repoId: 4_000_000_000 },
        });
        expect(again).toMatchObject({ isNew: false, deployment: { id: one.id } });
      });

      it("lets a newer deployment supersede one of the same site that waits, and no other site's", async () => {
        const [old, other, young] = [newDeployment(), newDeployment({ site: "blog" }), newDeployment()];
        for (const it of [old, other]) await store.transact((tx) => queueDeployment(tx, it, 1));
        const { older } = await store.transact((tx) => queueDeployment(tx, young, 2));
        expect(older).toMatchObject([{ id: old.id, state: "superseded", supersededBy: young.id, finishedAtMs: 2 }]);
        const states = (await store.transact((tx) => listDeployments(tx, { limit: 9 }))).map((it) => [it.id, it.state]);
        expect(Object.fromEntries(states)).toEqual({
          [old.id]: "superseded",
          [other.id]: "queued",
          [young.id]: "queued",
        });
      });

      it("runs one deployment of a site at a time", async () => {
        await store.transact((tx) => queueDeployment(tx, newDeployment(), 1));
        const first = await store.transact((tx) => claimDeployment(tx, claim));
        await store.transact((tx) => queueDeployment(tx, newDeployment(), 2));
        expect(first).toMatchObject({ state: "building", stage: "checkout", attempts: 1, startedAtMs: 1000 });
        expect(await store.transact((tx) => claimDeployment(tx, claim))).toBeUndefined();
        await store.transact((tx) => queueDeployment(tx, newDeployment({ site: "blog" }), 3));
        expect(await store.transact((tx) => claimDeployment(tx, claim))).toMatchObject({ site: "blog" });
        await store.transact((tx) => changeDeployment(tx, first?.id ?? "", { state: "failed", reason: "no" }, 4));
        expect(await store.transact((tx) => claimDeployment(tx, claim))).toMatchObject({ site: "shop" });
      });

      it("gives one deployment to one of many that claim at the same moment", async () => {
        await store.transact((tx) => queueDeployment(tx, newDeployment(), 1));
        const claims = await Promise.all(
          ["a", "b", "c", "d"].map((boot) => store.transact((tx) => claimDeployment(tx, { ...claim, boot }))),
        );
        expect(claims.filter((it) => it !== undefined)).toHaveLength(1);
      });

      it("does not run what is paused or not yet due", async () => {
        await store.transact((tx) => queueDeployment(tx, newDeployment(), 1));
        await store.transact((tx) => setGithubPause(tx, "shop", "uninstalled"));
        expect(await store.transact((tx) => claimDeployment(tx, claim))).toBeUndefined();
        await store.transact((tx) => setGithubPause(tx, "shop", null));
        const running = await store.transact((tx) => claimDeployment(tx, claim));
        const back = { state: "queued", notBeforeMs: 2000 } as const;
        await store.transact((tx) => changeDeployment(tx, running?.id ?? "", back, 4));
        expect(await store.transact((tx) => claimDeployment(tx, { ...claim, nowMs: 1999 }))).toBeUndefined();
        expect(await store.transact((tx) => claimDeployment(tx, { ...claim, nowMs: 2000 }))).toMatchObject({
          attempts: 2,
        });
      });

      it("refuses a state that may not follow, and changes nothing then", async () => {
        const one = newDeployment();
        await store.transact((tx) => queueDeployment(tx, one, 1));
        expect(await store.transact((tx) => changeDeployment(tx, one.id, { state: "live" }, 2))).toBeUndefined();
        await store.transact((tx) => changeDeployment(tx, one.id, { state: "cancelled", reason: "asked" }, 3));
        for (const state of ["building", "cancelled"] as const) {
          const change = { state, reason: "asked again" };
          expect(await store.transact((tx) => changeDeployment(tx, one.id, change, 4))).toBeUndefined();
        }
        expect(await store.transact((tx) => findDeployment(tx, one.id))).toMatchObject({
          ...{ state: "cancelled", reason: "asked" },
          finishedAtMs: 3,
        });
      });

      it("finds what an earlier boot or a machine that went away left half done", async () => {
        await store.transact((tx) => queueDeployment(tx, newDeployment(), 1));
        const running = await store.transact((tx) => claimDeployment(tx, claim));
        const here = { boot: claim.boot, nowMs: claim.untilMs };
        const later = { boot: "boot-2", nowMs: claim.untilMs + 1 };
        expect(await store.transact((tx) => abandonedDeployments(tx, here))).toEqual([]);
        expect(await store.transact((tx) => abandonedDeployments(tx, later))).toMatchObject([{ id: running?.id }]);
      });

      it("notes the real head, statistics and remarks", async () => {
        const one = newDeployment();
        await store.transact((tx) => queueDeployment(tx, one, 1));
        await store.transact((tx) => claimDeployment(tx, claim));
        await store.transact((tx) =>
          setDeploymentHead(tx, one.id, { commit: "b".repeat(40), author: "Bo", title: "New" }),
        );
        for (const remark of ["told twice?", "told twice?", "other"]) {
          await store.transact((tx) => remarkOnDeployment(tx, one.id, remark));
        }
        const stats = { added: 1, changed: 2, removed: 3, unchanged: 4, uploadedBytes: 5, files: 6, bytes: 7 };
        await store.transact((tx) => changeDeployment(tx, one.id, { state: "publishing", stage: "publish", stats }, 2));
        expect(await store.transact((tx) => findDeployment(tx, one.id))).toMatchObject({
          commit: "b".repeat(40),
          author: "Bo",
          stage: "publish",
          stats,
          remarks: ["told twice?", "other"],
        });
      });
    });

    describe("deployments that lack somebody's consent", () => {
      const needed = { needs: "adopt", files: 12, paths: ["index.html", "\u00fc/\u0001"] } as const;
      const find = (id: string) => store.transact((tx) => findDeployment(tx, id));
      /** Queues one, runs it and has it refused. */
      const refused = async (one: NewDeployment, nowMs: number) => {
        await store.transact((tx) => queueDeployment(tx, one, nowMs));
        await store.transact((tx) => claimDeployment(tx, claim));
        return store.transact((tx) => changeDeployment(tx, one.id, { state: "failed", consent: needed }, nowMs + 1));
      };

      it("remember what they ask for, until a newer one of the site answers, whoever wants that one", async () => {
        const [one, other, answer] = [
          newDeployment(),
          newDeployment({ site: "blog" }),
          newDeployment({ askedBy: "alice" }),
        ];
        expect(await refused(one, 1)).toMatchObject({ state: "failed", consent: { ...needed, answer: null } });
        expect((await store.transact((tx) => queueDeployment(tx, other, 3))).older).toEqual([]);
        const {
          older: [answered],
          deployment: queued,
        } = await store.transact((tx) => queueDeployment(tx, answer, 4));
        const consent = { ...needed, answer: { deployment: answer.id, by: "alice" } };
        expect(answered).toMatchObject({ id: one.id, state: "failed", consent });
        expect(await find(one.id)).toEqual(answered);
        expect(queued).toMatchObject({ askedBy: "alice", consent: null });
      });

      it("are answered once: neither a repetition nor a later one changes by whom", async () => {
        const [one, answer, later] = [
          newDeployment(),
          newDeployment({ askedBy: "alice" }),
          newDeployment({ askedBy: "bob" }),
        ];
        await refused(one, 1);
        await store.transact((tx) => queueDeployment(tx, answer, 4));
        for (const again of [{ ...answer, id: "d-again" }, later]) {
          const { older } = await store.transact((tx) => queueDeployment(tx, again, 5));
          expect(older.filter((it) => it.consent !== null)).toEqual([]);
        }
        expect((await find(one.id))?.consent?.answer).toEqual({ deployment: answer.id, by: "alice" });
      });

      it("ask nothing when a newer one waits already", async () => {
        const [one, later] = [newDeployment(), newDeployment()];
        await store.transact((tx) => queueDeployment(tx, one, 1));
        await store.transact((tx) => claimDeployment(tx, claim));
        await store.transact((tx) => queueDeployment(tx, later, 2));
        const failed = await store.transact((tx) =>
          changeDeployment(tx, one.id, { state: "failed", consent: needed }, 3),
        );
        expect(failed?.consent).toEqual({ ...needed, answer: { deployment: later.id, by: null } });
      });
    });

    const kept = {
      transact: <T>(work: (tx: Tx) => Work<T>) => store.transact(work),
      /** As the next start of Slipway does. */
      async reopen() {
        await store.close();
        store = await database.open(at);
      },
    };
    buildsContract(kept);
    holdsContract(kept);
    contentContract(kept);
    deliveriesContract(kept);
    operationsContract(kept);
    secretUsesContract(kept);
    sourcePollsContract(kept);
    forgetBodiesContract(kept);

    describe("what another party calls a thing", () => {
      it("is found by the key under which it was told, once it was", async () => {
        const find = (key: string) => store.transact((tx) => findTold(tx, key));
        const one = { kind: "slack.deployment", key: "slack:d-1:#shop", deploymentId: "d-1", desired: {} } as const;
        await store.transact((tx) => wish(tx, one, 1));
        expect([(await find(one.key))?.remote, await find("slack:d-1:#other")]).toEqual([null, null]);
        const [row] = await store.transact((tx) => claimOutbox(tx, { boot: "b", nowMs: 1, untilMs: 2, limit: 1 }));
        await store.transact((tx) => rememberRemote(tx, row?.id ?? 0, { channel: "C0SHOP", ts: "1.1" }));
        expect((await find(one.key))?.remote).toEqual({ channel: "C0SHOP", ts: "1.1" });
      });
    });

    describe("deployments of kept releases", () => {
      const rollback = (given: Partial<NewDeployment> = {}) =>
        newDeployment({ trigger: "rollback", askedRelease: "r-1", ...given });

      it("are claimed on a paused site too, from the stage on that they begin with", async () => {
        const one = rollback({ adopt: true, allowRemovals: true });
        await store.transact((tx) => setGithubPause(tx, "shop", "uninstalled"));
        await store.transact((tx) => queueDeployment(tx, one, 1));
        const claimed = await store.transact((tx) => claimDeployment(tx, claim));
        expect(claimed).toMatchObject({ id: one.id, stage: "publish", trigger: "rollback", askedRelease: "r-1" });
        expect(claimed).toMatchObject({ adopt: true, allowRemovals: true });
        expect(await store.transact(oldestRunningMs)).toBe(claim.nowMs);
      });

      it("win over an older push that waits, with a reason, and a push that comes later wins over them", async () => {
        const [push, back, later] = [newDeployment(), rollback(), newDeployment()];
        await store.transact((tx) => queueDeployment(tx, push, 1));
        const first = await store.transact((tx) => queueDeployment(tx, back, 2));
        expect(first.older).toMatchObject([{ id: push.id, reason: `superseded by the rollback ${back.id}` }]);
        const second = await store.transact((tx) => queueDeployment(tx, later, 3));
        expect(second.older).toMatchObject([
          { id: back.id, reason: `superseded by ${later.id}; \`slipway rollback shop r-1\` deploys it anyway` },
        ]);
        expect(await store.transact((tx) => claimDeployment(tx, claim))).toMatchObject({
          id: later.id,
          stage: "checkout",
          askedRelease: null,
          adopt: false,
        });
      });
    });

    describe("releases", () => {
      const manifest = [["index.html", "ab", 3]] as const;
      const keep = (id: string, given: { site?: string; commit?: string; title?: string; nowMs?: number } = {}) =>
        store.transact((tx) =>
          keepRelease(tx, {
            site: "shop",
            id,
            manifest,
            commit: `c-${id}`,
            author: "Ada",
            title: id,
            nowMs: 1,
            ...given,
          }),
        );
      const goLive = async (id: string, nowMs: number, site = "shop") => {
        await keep(id, { site, nowMs });
        const live = { deployment: `d-${nowMs}`, release: id, commit: `c-${id}`, nowMs };
        await store.transact((tx) => setLive(tx, site, live));
      };
      const ids = async (site = "shop") => (await store.transact((tx) => listReleases(tx, site))).map(({ id }) => id);
      const liveBefore = (site = "shop") => store.transact((tx) => releaseBeforeLive(tx, site));
      const forget = (count: number) => store.transact((tx) => forgetOldReleases(tx, "shop", count));

      it("are listed by when they were live last, with what is known of them", async () => {
        for (const [index, id] of ["r-1", "r-2", "r-1"].entries()) await goLive(id, 10 + index);
        await keep("r-1", { commit: "c-9", title: "Built again", nowMs: 20 });
        expect(await store.transact((tx) => listReleases(tx, "shop"))).toEqual([
          {
            ...{ id: "r-1", commit: "c-9", author: "Ada", title: "Built again", files: 1, bytes: 3 },
            ...{ createdAtMs: 10, liveAtMs: 12 },
          },
          {
            ...{ id: "r-2", commit: "c-r-2", author: "Ada", title: "r-2", files: 1, bytes: 3 },
            ...{ createdAtMs: 11, liveAtMs: 11 },
          },
        ]);
        expect(await ids("other")).toEqual([]);
      });

      it("know which was live before the present one, also after rollbacks and after the same one twice", async () => {
        expect(await liveBefore()).toBeUndefined();
        await goLive("r-1", 1);
        expect(await liveBefore()).toBeUndefined();
        await goLive("r-2", 2);
        await goLive("r-2", 3);
        await goLive("x-1", 4, "other");
        expect(await liveBefore()).toBe("r-1");
        // The clock was set back: the order is that of the events.
        await goLive("r-3", 1);
        expect(await liveBefore()).toBe("r-2");
        await goLive("r-2", 5);
        expect(await liveBefore()).toBe("r-3");
      });

      it("are forgotten beyond the last few, but never the live one, one that is asked for, or another site's", async () => {
        await goLive("x-1", 1, "other");
        for (const [index, id] of ["r-1", "r-2", "r-3", "r-4", "r-1"].entries()) await goLive(id, 10 + index);
        const asked = newDeployment({ trigger: "rollback", askedRelease: "r-2" });
        await store.transact((tx) => queueDeployment(tx, asked, 1));
        expect(await forget(2)).toBe(1);
        expect(await ids()).toEqual(["r-1", "r-4", "r-2"]);
        await store.transact((tx) => changeDeployment(tx, asked.id, { state: "cancelled" }, 2));
        expect(await forget(1)).toBe(2);
        expect(await ids()).toEqual(["r-1"]);
        expect(await forget(1)).toBe(0);
        expect(await liveBefore()).toBe("r-4");
        expect(await store.transact(listReleaseKeys)).toHaveLength(2);
      });
    });

    describe("the outbox", () => {
      const wanted = (desired: unknown) =>
        ({ kind: "slack.deployment", key: "slack:d-1:C1", deploymentId: "d-1", desired }) as const;
      const take = (nowMs = 1000) =>
        store.transact((tx) => claimOutbox(tx, { ...claim, nowMs, untilMs: nowMs + 10, limit: 5 }));

      it("makes one row of many wishes about one thing, and shows the newest", async () => {
        for (const step of [1, 2, 3]) await store.transact((tx) => wish(tx, wanted({ step }), 1));
        expect(await take()).toMatchObject([{ desired: { step: 3 }, desiredVersion: 3, remote: null, inDoubt: false }]);
        expect(await store.transact((tx) => wasTold(tx, "d-1"))).toBe(true);
        expect(await store.transact((tx) => wasTold(tx, "d-2"))).toBe(false);
      });

      it("sends again what was wished while the last version was under way", async () => {
        await store.transact((tx) => wish(tx, wanted("first"), 1));
        const [row] = await take();
        await store.transact((tx) => wish(tx, wanted("second"), 2));
        await store.transact((tx) => outboxSent(tx, row?.id ?? 0, 1, { ts: "1.2" }));
        expect(await take()).toMatchObject([
          { desired: "second", desiredVersion: 2, remote: { ts: "1.2" }, inDoubt: false },
        ]);
      });

      it("has nothing left once the last version was sent", async () => {
        await store.transact((tx) => wish(tx, wanted("only"), 1));
        const [row] = await take();
        await store.transact((tx) => outboxSent(tx, row?.id ?? 0, 1, {}));
        expect(await take()).toEqual([]);
        expect(await store.transact(nextOutboxMs)).toBeUndefined();
      });

      it("doubts an attempt that never reported back", async () => {
        await store.transact((tx) => wish(tx, wanted("x"), 1));
        await take(1000);
        expect(await take(1005)).toEqual([]);
        expect(await take(2000)).toMatchObject([{ inDoubt: true, attempts: 2 }]);
      });

      it("does not doubt an attempt that certainly had no effect, and waits as it was told", async () => {
        await store.transact((tx) => wish(tx, wanted("x"), 1));
        const [row] = await take();
        await store.transact((tx) =>
          outboxRetry(tx, row?.id ?? 0, { notBeforeMs: 3000, inDoubt: false, error: "429" }),
        );
        expect(await store.transact(nextOutboxMs)).toBe(3000);
        expect(await take(2999)).toEqual([]);
        expect(await take(3000)).toMatchObject([{ inDoubt: false }]);
      });

      it("remembers at once what the other side called a thing, which ends the doubt", async () => {
        await store.transact((tx) => wish(tx, wanted("x"), 1));
        const [row] = await take(1000);
        await store.transact((tx) => rememberRemote(tx, row?.id ?? 0, { ts: "5" }));
        expect(await take(2000)).toMatchObject([{ remote: { ts: "5" } }]);
      });

      it("never takes up again what may have been told and cannot be looked up", async () => {
        await store.transact((tx) => wish(tx, wanted("x"), 1));
        const [row] = await take();
        await store.transact((tx) => outboxGivenUp(tx, row as OutboxRow, "unsure", "no history"));
        await store.transact((tx) => wish(tx, wanted("y"), 2));
        expect(await take(9000)).toEqual([]);
      });

      it("does not give up what was wished while something older was refused", async () => {
        await store.transact((tx) => wish(tx, wanted("x"), 1));
        const [row] = await take();
        const giveUp = (state: "dead" | "unsure") =>
          store.transact((tx) => outboxGivenUp(tx, row as OutboxRow, state, "refused"));
        expect(await giveUp("dead")).toBe(true);
        await store.transact((tx) => wish(tx, wanted("y"), 2));
        expect(await giveUp("dead")).toBe(false);
        expect(await take(9000)).toMatchObject([{ desired: wanted("y").desired, inDoubt: false }]);
        expect(await giveUp("unsure")).toBe(true);
      });
    });

    it("remembers sites, repositories, releases and transcripts", async () => {
      await store.transact(function* (tx): Work<void> {
        yield* bindSite(tx, "shop", { id: 42, boundAs: "acme/shop" });
        yield* setLive(tx, "shop", { deployment: "d-1", release: "r-1", commit: "c-1", nowMs: 1 });
        yield* rememberRepository(tx, { id: 42, name: "acme/shop", installationId: 9 });
        yield* rememberRepository(tx, { id: 42, name: "acme/store", installationId: null });
        const manifest = [["__proto__", "ab", 3]] as const;
        yield* keepRelease(tx, { site: "shop", id: "r-1", manifest, commit: "c-1", author: "", title: "", nowMs: 1 });
        yield* appendTranscript(tx, "d-1", { seq: 1, text: "one\n" });
        yield* appendTranscript(tx, "d-1", { seq: 2, text: "two\n" });
      });
      const facts = await store.transact(function* (tx): Work<unknown> {
        return {
          site: yield* findSite(tx, "shop"),
          repository: yield* findRepository(tx, 42),
          manifest: yield* findManifest(tx, "shop", "r-1"),
          after: yield* readTranscript(tx, "d-1", 1),
          last: yield* lastTranscriptSeq(tx, "d-1"),
        };
      });
      expect(facts).toEqual({
        site: {
          name: "shop",
          repoId: 42,
          boundAs: "acme/shop",
          liveDeployment: "d-1",
          liveRelease: "r-1",
          liveCommit: "c-1",
          githubPause: null,
          paused: null,
          locked: null,
        },
        repository: { id: 42, name: "acme/store", installationId: 9 },
        manifest: new Map([["__proto__", { sha256: "ab", size: 3 }]]),
        after: [{ seq: 2, text: "two\n" }],
        last: 2,
      });
    });
  });
}

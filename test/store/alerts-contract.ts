/** What every store does about alerts of monitoring: how one stands by all that is reported of it. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AlertReport, cleanReport } from "../../src/model/alert.ts";
import {
  findAlert,
  firingAlerts,
  forgetAlerts,
  markAcknowledged,
  markSilenced,
  type Recorded,
  type ReportedAlert,
  recordReport,
} from "../../src/store/alerts.ts";
import { queueDeployment } from "../../src/store/deployments.ts";
import { setLive } from "../../src/store/sites.ts";
import type { Store } from "../../src/store/store.ts";
import { all, type Tx, type Work } from "../../src/store/work.ts";
import { newDeployment } from "./new-deployment.ts";

export const MIN = 60_000;
/** When the first alert begins. */
export const T0 = Date.UTC(2026, 11, 1, 10);

export const aReport = (part: Partial<AlertReport> = {}): AlertReport => ({
  ...{ fingerprint: "f1", state: "firing", severity: "critical", title: "Shop is down", detail: "5xx above 10 %" },
  ...{ startedAtMs: T0, endedAtMs: null, labels: { instance: "web-1" }, links: [], runbookUrl: null, silenceUrl: null },
  ...part,
});

export const anAlert = (report: Partial<AlertReport> = {}, part: Partial<ReportedAlert> = {}): ReportedAlert => ({
  ...{ source: "metrics", label: "Alertmanager", channel: "C0OPS", setting: "sources.metrics.channel" },
  ...{ sites: [], canSilence: false, report: aReport(report) },
  ...part,
});

export function* emptyAlerts(tx: Tx): Work<void> {
  for (const table of ["alerts", "lives", "deployments", "channel_news", "digests", "outbox"] as const) {
    yield* all(tx.db.deleteFrom(table));
  }
}

/** An end, so many milliseconds after the first alert began. */
export const end = (afterMs: number, part: Partial<AlertReport> = {}): Partial<AlertReport> => ({
  ...{ state: "resolved", endedAtMs: T0 + afterMs },
  ...part,
});

export function alertsContract(
  name: string,
  open: () => Promise<Store>,
  { propertyRuns }: { readonly propertyRuns: number },
): void {
  describe(`alerts on ${name}`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    beforeEach(() => store.transact(emptyAlerts));
    afterAll(() => store?.close());

    const report = (part: Partial<AlertReport> = {}, nowMs = T0 + 1000, more: Partial<ReportedAlert> = {}) =>
      store.transact((tx) => recordReport(tx, anAlert(part, more), nowMs));
    const rows = () => store.transact((tx) => all(tx.db.selectFrom("alerts").selectAll().orderBy("id")));
    const alertOf = (recorded: Recorded) => {
      if (recorded.kind === "no_news") throw new Error(recorded.why);
      return recorded.known.alert;
    };

    it("open with the first report and are counted again with each further one", async () => {
      const opened = await report();
      expect(opened.kind).toBe("opened");
      const { id } = alertOf(opened);
      expect(alertOf(opened)).toMatchObject({
        ...{ source: "metrics", state: "firing", sinceMs: T0, resolvedAtMs: null, flaps: 0, acknowledged: null },
        report: aReport(),
      });
      const again = await report({ title: "Shop is quite down" }, T0 + 4 * 60 * MIN);
      expect(again).toMatchObject({ kind: "changed", known: { reports: 2 }, before: { reports: 1 } });
      expect(alertOf(again)).toMatchObject({ id, sinceMs: T0, report: { title: "Shop is quite down" } });
      expect(await rows()).toHaveLength(1);
    });

    it("are kept whatever signs their senders put into names, and labels as they are", async () => {
      const hostile = aReport({
        fingerprint: "f\0 1",
        title: "Disk\0 full\u001b[2J\ud83d",
        labels: { path: " C:\\ " },
      });
      expect(alertOf(await report(cleanReport(hostile)))).toMatchObject({
        report: { fingerprint: "f 1", title: "Disk full[2J\ud83d", labels: { path: " C:\\ " } },
      });
    });

    it("end, and a report of before the end changes nothing, however often it comes", async () => {
      await report();
      const ended = await report(end(5 * MIN, { detail: "", severity: null }), T0 + 6 * MIN);
      expect(alertOf(ended)).toMatchObject({ state: "resolved", resolvedAtMs: T0 + 5 * MIN });
      // What an end does not say is as it was said before.
      expect(alertOf(ended).report).toMatchObject({ severity: "critical", detail: "5xx above 10 %" });
      for (const late of [{}, end(5 * MIN), { startedAtMs: T0 + 5 * MIN }, end(2 * MIN)]) {
        expect(await report(late, T0 + 7 * MIN)).toEqual({
          kind: "no_news",
          why: "something later is known already",
        });
      }
      expect(await rows()).toMatchObject([{ state: "resolved", reports: 1, flaps: 0 }]);
      // The other one of two peers has seen the end a little later.
      const other = await report(end(5 * MIN + 700), T0 + 7 * MIN);
      expect(other).toEqual({ kind: "no_news", why: "it is resolved already" });
      expect(await rows()).toMatchObject([{ resolved_at: T0 + 5 * MIN }]);
    });

    it("come back as the same one within half an hour, and as another one later", async () => {
      const { id } = alertOf(await report());
      await report(end(5 * MIN), T0 + 5 * MIN);
      const back = await report({ startedAtMs: T0 + 35 * MIN }, T0 + 36 * MIN);
      expect(alertOf(back)).toMatchObject({ id, state: "firing", flaps: 1, sinceMs: T0, resolvedAtMs: null });
      await report(end(40 * MIN), T0 + 40 * MIN);
      const later = await report({ startedAtMs: T0 + 70 * MIN + 1 }, T0 + 71 * MIN);
      expect(later.kind).toBe("opened");
      expect(alertOf(later)).toMatchObject({ state: "firing", flaps: 0, sinceMs: T0 + 70 * MIN + 1 });
      expect(await rows()).toMatchObject([{ state: "resolved", flaps: 1 }, { state: "firing" }]);
    });

    it("whose end alone is reported are no news, nor is their beginning when it comes late", async () => {
      expect(await report(end(5 * MIN), T0 + 5 * MIN)).toEqual({ kind: "no_news", why: "nobody heard of it" });
      expect((await report()).kind).toBe("no_news");
      const [row] = await rows();
      expect(await store.transact((tx) => findAlert(tx, row?.id ?? 0))).toBeUndefined();
      expect(alertOf(await report({ startedAtMs: T0 + 6 * MIN }, T0 + 6 * MIN))).toMatchObject({ flaps: 0 });
    });

    it("of senders that say no times stand as was said last", async () => {
      const never = { startedAtMs: null, endedAtMs: null };
      const { id } = alertOf(await report(never, T0));
      expect(alertOf(await report({ ...never, state: "resolved" }, T0 + 90 * MIN))).toMatchObject({
        resolvedAtMs: T0 + 90 * MIN,
      });
      expect(alertOf(await report(never, T0 + 100 * MIN))).toMatchObject({ id, flaps: 1, sinceMs: T0 });
    });

    it("of senders that name the beginning alone come back within half an hour of the end", async () => {
      const { id } = alertOf(await report());
      await report({ state: "resolved" }, T0 + 120 * MIN);
      expect(alertOf(await report({ startedAtMs: T0 + 130 * MIN }, T0 + 130 * MIN))).toMatchObject({ id, flaps: 1 });
    });

    it("believe no moment that is a day ahead, or none at all", async () => {
      const ahead = { startedAtMs: T0 + 2 * 86_400_000 };
      expect(alertOf(await report(ahead, T0))).toMatchObject({ sinceMs: T0 });
      expect(alertOf(await report(end(5 * MIN, { startedAtMs: -62_135_596_800_000 }), T0 + 5 * MIN))).toMatchObject({
        state: "resolved",
      });
    });

    it("are acknowledged by their sender, or by whoever was first", async () => {
      const acknowledged = await report({ state: "acknowledged" }, T0 + MIN);
      expect(alertOf(acknowledged)).toMatchObject({
        state: "firing",
        acknowledged: { by: "Alertmanager", atMs: T0 + MIN },
      });
      const { id } = alertOf(await report({ fingerprint: "f2" }));
      await store.transact((tx) => markAcknowledged(tx, id, "alice (Slack U0ALICE)", T0 + MIN));
      const later = await report({ fingerprint: "f2", state: "acknowledged" }, T0 + 2 * MIN);
      expect(alertOf(later).acknowledged).toEqual({ by: "alice (Slack U0ALICE)", atMs: T0 + MIN });
      expect(alertOf(await report({ fingerprint: "f3" })).acknowledged).toBeNull();
      expect(alertOf(await report({ fingerprint: "f3", state: "acknowledged" })).acknowledged).toMatchObject({
        by: "Alertmanager",
      });
    });

    it("are silenced until their sender speaks of them again after that", async () => {
      const { id } = alertOf(await report());
      await store.transact((tx) => markSilenced(tx, id, "alice", T0 + 120 * MIN));
      expect(alertOf(await report({}, T0 + 60 * MIN)).silenced).toEqual({ by: "alice", untilMs: T0 + 120 * MIN });
      expect(alertOf(await report({}, T0 + 121 * MIN)).silenced).toBeNull();
    });

    it("suspect the sites that went live in the half hour before, the last one first", async () => {
      const live = (site: string, atMs: number, deployment: string) =>
        store.transact((tx) =>
          setLive(tx, site, { deployment, release: "f".repeat(64), commit: "a".repeat(40), nowMs: atMs }),
        );
      const { deployment } = await store.transact((tx) =>
        queueDeployment(tx, newDeployment({ title: "Show prices", author: "Zoë" }), T0),
      );
      await live("blog", T0 - 10 * MIN, "d-blog-1");
      await live("blog", T0 - 8 * MIN, "d-blog-2");
      await live("shop", T0 - 4 * MIN, deployment.id);
      await live("shop", T0 + MIN, "d-later");
      await live("docs", T0 - 31 * MIN, "d-early");
      await live("other", T0 - MIN, "d-other");
      const opened = await report({}, T0 + 2 * MIN, { sites: ["docs", "blog", "shop", "shop"] });
      const suspects = [
        {
          ...{ site: "shop", deployment: deployment.id, commit: "a".repeat(40), title: "Show prices", author: "Zoë" },
          liveAtMs: T0 - 4 * MIN,
        },
        expect.objectContaining({ site: "blog", deployment: "d-blog-2", title: "", author: "" }),
      ];
      expect(alertOf(opened).suspects).toEqual(suspects);
      // Found once: what goes live while it fires may be what mends it.
      expect(alertOf(await report({}, T0 + 5 * MIN, { sites: [] })).suspects).toEqual(suspects);
    });

    it("stay where they were told first, and go where they belong when they were told nowhere", async () => {
      await report({}, T0, { channel: null, setting: "channel" });
      expect(await report({}, T0)).toMatchObject({ known: { channel: "C0OPS", setting: "sources.metrics.channel" } });
      expect(await report({}, T0, { channel: "C0NEW" })).toMatchObject({ known: { channel: "C0OPS" } });
    });

    it("are one for each source and fingerprint", async () => {
      await report();
      expect((await report({ fingerprint: "f2" })).kind).toBe("opened");
      expect((await report({}, T0, { source: "uptime" })).kind).toBe("opened");
      expect((await store.transact((tx) => firingAlerts(tx, 2))).map((it) => it.fingerprint)).toEqual(["f1", "f2"]);
    });

    it("that are reported by two deliveries at once open once", async () => {
      const kinds = await Promise.all(Array.from({ length: 8 }, async () => (await report()).kind));
      expect(kinds.filter((kind) => kind === "opened")).toHaveLength(1);
      expect(await rows()).toMatchObject([{ reports: 8 }]);
    });

    it("are forgotten a while after they were resolved, and a year after nothing was heard of them", async () => {
      await report();
      await report({ fingerprint: "f2" });
      await report(end(5 * MIN), T0 + 5 * MIN);
      await report(end(5 * MIN, { fingerprint: "f3" }), T0 + 5 * MIN);
      const forget = (beforeMs: number) => store.transact((tx) => forgetAlerts(tx, beforeMs));
      await forget(T0 + 5 * MIN);
      expect(await rows()).toHaveLength(3);
      await forget(T0 + 5 * MIN + 1);
      expect(await rows()).toMatchObject([{ fingerprint: "f2" }]);
      await forget(T0 + 340 * 86_400_000);
      expect(await rows()).toEqual([]);
    });

    it("stand as the newest report says, in whatever order and however often the reports come", async () => {
      /** Episodes one after the other, the last one perhaps without an end; the gaps are short and long. */
      const history = fc
        .array(
          fc.record({
            lasts: fc.integer({ min: 1, max: 50 * MIN }),
            gap: fc.integer({ min: 1, max: 80 * MIN }),
          }),
          { minLength: 1, maxLength: 4 },
        )
        .chain((episodes) => {
          let atMs = T0;
          const reports = episodes.flatMap(({ lasts, gap }) => {
            const startedAtMs = atMs;
            const endedAtMs = atMs + lasts;
            atMs = endedAtMs + gap;
            return [
              aReport({ startedAtMs }),
              aReport({ startedAtMs, state: "acknowledged" }),
              aReport({ startedAtMs, endedAtMs, state: "resolved" }),
            ];
          });
          return fc.record({
            reports: fc.constant(reports),
            isOver: fc.boolean(),
            order: fc.array(fc.nat({ max: reports.length - 1 }), { maxLength: 20 }),
          });
        });
      await fc.assert(
        fc.asyncProperty(history, async ({ reports, isOver, order }) => {
          const told = isOver ? reports : reports.slice(0, -1);
          const some = order.map((it) => it % told.length);
          // Each of them comes at least once, some early, some late, and some again.
          const arriving = [...some, ...told.keys(), ...some.toReversed()].flatMap((it) => told[it] ?? []);
          await store.transact(function* (tx): Work<void> {
            yield* emptyAlerts(tx);
            for (const [n, one] of arriving.entries()) yield* recordReport(tx, anAlert(one), T0 + 86_400_000 + n);
          });
          const newest = told.at(-1);
          const last = (await rows()).at(-1);
          expect(last?.state === "firing").toBe(!isOver);
          expect(last?.reported_at).toBe(isOver ? newest?.endedAtMs : newest?.startedAtMs);
          // No other one is left open.
          expect((await rows()).filter(({ state }) => state === "firing")).toHaveLength(isOver ? 0 : 1);
        }),
        { numRuns: propertyRuns },
      );
    });
  });
}

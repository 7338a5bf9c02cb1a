/** The pace keeps Slack's limits whatever comes, and keeps nobody longer than it has to. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPace, type PacedRow } from "../../src/outbox/pace.ts";

const MINUTE_MS = 60_000;

let nowMs = 0;
const aPace = () => {
  nowMs = 1_000_000;
  return createPace(() => nowMs);
};

function aRow(part: Partial<PacedRow> & Pick<PacedRow, "id">): PacedRow {
  return { kind: "slack.deployment", channel: "C0ONE", isEdit: true, isUrgent: false, ...part };
}

describe("the pace", () => {
  it("lets the first of everything go at once", () => {
    const pace = aPace();
    expect(pace.waitMs(aRow({ id: 1, isEdit: false }))).toBe(0);
    expect(pace.waitMs(aRow({ id: 2, isEdit: false, channel: "C0TWO" }))).toBe(0);
    expect(pace.waitMs(aRow({ id: 3 }))).toBe(0);
    expect(pace.waitMs(aRow({ id: 4, isUrgent: true }))).toBe(0);
  });

  it("lets a thousand rows ask once each before their turn", () => {
    const pace = aPace();
    const rows = Array.from({ length: 1000 }, (_, id) => aRow({ id, isEdit: false }));
    const waits = rows.map((row) => pace.waitMs(row));
    expect(waits).toEqual(rows.map((_, n) => n * 1000));
    const startMs = nowMs;
    for (const [n, row] of rows.entries()) {
      nowMs = startMs + (waits[n] ?? 0);
      if (n > 0) expect(pace.waitMs(row)).toBe(0);
    }
  });

  it("shows the progress of one message after a second, and of a digest after thirty", () => {
    const pace = aPace();
    pace.waitMs(aRow({ id: 1, isEdit: false }));
    pace.waitMs(aRow({ id: 2, isEdit: false, channel: "C0TWO", kind: "slack.notice" }));
    expect(pace.waitMs(aRow({ id: 1 }))).toBe(1000);
    expect(pace.waitMs(aRow({ id: 2, kind: "slack.notice", isGathering: true }))).toBe(30_000);
  });

  it("shows each step of a short deployment on a quiet day, and something of a long one every five seconds", () => {
    const pace = aPace();
    pace.waitMs(aRow({ id: 1, isEdit: false }));
    const waits = Array.from({ length: 10 }, () => {
      const waitMs = pace.waitMs(aRow({ id: 1 }));
      nowMs += waitMs;
      if (waitMs > 0) expect(pace.waitMs(aRow({ id: 1 }))).toBe(0);
      return waitMs;
    });
    expect(waits).toEqual([1000, 1000, 1000, 1000, 2000, 5000, 5000, 5000, 5000, 5000]);
  });

  it("does not let a final state wait for what goes on, be it the same message's or others'", () => {
    const pace = aPace();
    for (let id = 0; id < 100; id++) pace.waitMs(aRow({ id }));
    expect(pace.waitMs(aRow({ id: 50, isUrgent: true }))).toBe(0);
    const waits = Array.from({ length: 90 }, (_, n) => pace.waitMs(aRow({ id: 200 + n, isUrgent: true })));
    // 45 a minute: their own moments, and those that were kept for progress.
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * MINUTE_MS);
  });

  it("finds another moment for whoever lost its own, or came too late for it", () => {
    const pace = aPace();
    // What goes at once is used up; 2 waits for a moment of its own.
    for (const id of [10, 11, 12, 1]) pace.waitMs(aRow({ id }));
    expect(pace.waitMs(aRow({ id: 2 }))).toBe(5000);
    // That goes to a final state.
    for (const id of [3, 4, 5, 6]) pace.waitMs(aRow({ id, isUrgent: true }));
    nowMs += 5000;
    expect(pace.waitMs(aRow({ id: 2 }))).toBe(5000);
    nowMs += 6000;
    expect(pace.waitMs(aRow({ id: 2 }))).toBe(0);
  });

  it("never lets answers and dialogs wait for edits, nor GitHub for Slack", () => {
    const pace = aPace();
    for (let id = 0; id < 500; id++) pace.waitMs(aRow({ id, isUrgent: true }));
    for (const kind of ["slack.answer", "slack.modal", "github.deployment", "github.check"] as const) {
      expect(pace.waitMs(aRow({ id: 1000, kind, isEdit: false }))).toBe(0);
    }
  });

  it("pauses one method for everybody, and no other one, and keeps their order", () => {
    const pace = aPace();
    const ids = Array.from({ length: 12 }, (_, id) => id);
    for (const id of ids) pace.waitMs(aRow({ id, isUrgent: true }));
    pace.pauseMethod("chat.update", nowMs + 30_000);
    expect(pace.waitMs(aRow({ id: 90, isEdit: false }))).toBe(0);
    expect(pace.waitMs(aRow({ id: 80, kind: "slack.modal", isEdit: false }))).toBe(0);
    // The first five are gone. Whoever asks first now is not the first for it.
    const waits = ids
      .slice(5)
      .reverse()
      .map((id) => pace.waitMs(aRow({ id, isUrgent: true })));
    expect(waits.at(-1)).toBe(30_000);
    expect(waits[0]).toBeGreaterThan(30_000);
    expect(pace.waitMs(aRow({ id: 70, isUrgent: true }))).toBeGreaterThanOrEqual(30_000);
    pace.pauseMethod("views.open", nowMs + 5000);
    expect(pace.waitMs(aRow({ id: 80, kind: "slack.modal", isEdit: false }))).toBe(5000);
  });

  it("pauses new messages for the one channel that Slack spoke of, and for all once it speaks of a second one", () => {
    const pace = aPace();
    pace.pauseMethod("chat.postMessage", nowMs + 30_000, "C0ONE");
    expect(pace.waitMs(aRow({ id: 1, channel: "C0ONE", isEdit: false }))).toBe(30_000);
    expect(pace.waitMs(aRow({ id: 2, channel: "C0TWO", isEdit: false }))).toBe(0);
    expect(pace.waitMs(aRow({ id: 3, channel: "C0ONE", isUrgent: true }))).toBe(0);
    pace.pauseMethod("chat.postMessage", nowMs + 10_000, "C0TWO");
    expect(pace.waitMs(aRow({ id: 4, channel: "C0THREE", isEdit: false }))).toBe(10_000);
    expect(pace.waitMs(aRow({ id: 1, channel: "C0ONE", isEdit: false }))).toBe(30_000);
  });

  it("never goes beyond the limits in any window, whatever comes and however late", () => {
    const asked = fc.record({
      afterMs: fc.nat(500),
      id: fc.nat(60),
      channel: fc.constantFrom("C0ONE", "C0TWO"),
      isUrgent: fc.boolean(),
      lateMs: fc.nat(1200),
    });
    fc.assert(
      fc.property(fc.array(asked, { minLength: 200, maxLength: 400 }), fc.nat(200), (arrivals, pauseAt) => {
        const gone = drive(arrivals, pauseAt);
        expectAtMost(gone.edits, 50, MINUTE_MS);
        for (const posts of gone.posts.values()) {
          expectAtMost(posts, 3, 1000);
          expectAtMost(posts, 12, 10_000);
          expectAtMost(posts, 62, MINUTE_MS);
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

type Arrival = { afterMs: number; id: number; channel: string; isUrgent: boolean; lateMs: number };

/** Runs an outbox's time: whoever has to wait comes again, more or less late. The first time a row goes it is a post. */
function drive(arrivals: readonly Arrival[], pauseAt: number) {
  const pace = aPace();
  const edits: number[] = [];
  const posts = new Map<string, number[]>();
  const isThere = new Set<number>();
  let atMs = nowMs;
  const due = arrivals.map((it) => {
    atMs += it.afterMs;
    return { ...it, atMs };
  });
  for (let steps = 0; due.length > 0; steps++) {
    if (steps > 20_000) throw new Error("somebody never goes");
    due.sort((a, b) => a.atMs - b.atMs);
    const next = due.shift() as (typeof due)[number];
    nowMs = Math.max(nowMs, next.atMs);
    if (steps === pauseAt) pace.pauseMethod("chat.update", nowMs + 7000);
    const row = aRow({ ...next, isEdit: isThere.has(next.id) });
    const waitMs = pace.waitMs(row);
    if (waitMs > 0) {
      due.push({ ...next, lateMs: Math.floor(next.lateMs / 2), atMs: nowMs + waitMs + next.lateMs });
      continue;
    }
    if (row.isEdit) edits.push(nowMs);
    else posts.set(next.channel, [...(posts.get(next.channel) ?? []), nowMs]);
    isThere.add(next.id);
  }
  return { edits, posts };
}

function expectAtMost(times: readonly number[], count: number, windowMs: number): void {
  for (const [n, atMs] of times.entries()) {
    const within = times.slice(n).filter((it) => it < atMs + windowMs).length;
    expect(within).toBeLessThanOrEqual(count);
  }
}

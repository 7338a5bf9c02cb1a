import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { sourceSettings } from "../../src/config/source-settings.ts";
import { createIntake } from "../../src/inbox/intake.ts";
import { startPolling } from "../../src/inbox/polling.ts";
import { type ResolvedSource, resolveSource } from "../../src/presets/resolve-source.ts";
import type { Loop } from "../../src/queue/loop.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { secret } from "../../src/secrets/secret.ts";
import { isPollDelivery, pollEvents } from "../../src/sources/polling/poll-delivery.ts";
import { claimDeliveries, findDelivery, finishDelivery, listDeliveries } from "../../src/store/deliveries.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import { lastPoll, rememberPoll } from "../../src/store/source-polls.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { all } from "../../src/store/work.ts";
import { PATIENCE } from "../patience.ts";
import { type Cms, changedAt, startCms } from "../sources/polling/cms.ts";

const T0 = Date.parse("2026-11-30T10:00:00Z");

let cms: Cms;
let store: Store;
let polling: Loop | undefined;
let folder: string;
let lines: Array<Record<string, unknown>>;
/** The clock of what is polled. */
let nowMs: number;

beforeAll(async () => {
  cms = await startCms();
  folder = mkdtempSync(join(tmpdir(), "slipway-polling-"));
  store = await openSqlite(join(folder, "slipway.db"));
});
beforeEach(() => {
  lines = [];
  nowMs = T0;
  cms.asked.length = 0;
  cms.answer((_request, response) => response.writeHead(503).end());
});
afterEach(async () => {
  await polling?.stop();
  polling = undefined;
  await store.transact(function* (tx) {
    yield* all(tx.db.deleteFrom("deliveries"));
    yield* all(tx.db.deleteFrom("source_polls"));
  });
});
afterAll(async () => {
  await store.close();
  await cms.stop();
  rmSync(folder, { recursive: true });
});

function blog(more: object = {}): ResolvedSource {
  const poll = { url: `${cms.url}?key=hush`, updated: "json:/data/0/updatedAt", token: "env:CMS_TOKEN" };
  const settings = sourceSettings.parse({ kind: "strapi", secret: "env:S", sites: ["shop"], poll, ...more });
  const source = resolveSource("blog", settings);
  if ("kind" in source) return source;
  throw new Error(JSON.stringify(source));
}

const log = () => pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });

function start(sources: readonly ResolvedSource[] = [blog()]): void {
  const intake = createIntake({ store, queue: createMemoryQueue(), log: log(), sources: [], door: null as never });
  const { receive } = intake;
  const secretOf = () => secret("the token of the tests");
  polling = startPolling({ store, log: log(), sources, secretOf, receive, now: () => nowMs, everyMs: 5 });
}

const deliveries = () => store.transact((tx) => listDeliveries(tx, { limit: 100 }));
const said = () => store.transact((tx) => lastPoll(tx, "blog"));
/** Resolves once it was asked several times more: what the first of them found is done with by then. */
async function askedAgain(): Promise<void> {
  const before = cms.asked.length;
  await vi.waitFor(() => expect(cms.asked.length).toBeGreaterThan(before + 2), PATIENCE);
}
const remembers = (updated: string) => vi.waitFor(async () => expect((await said())?.updated).toBe(updated), PATIENCE);

/** A delivery of the sender's, worked off. */
async function told(receivedAtMs: number, outcome: string, event = "entry.publish"): Promise<void> {
  const key = `${receivedAtMs} ${outcome}`;
  const body = Buffer.from(key);
  await store.transact(function* (tx) {
    const { id } = yield* recordDelivery(tx, { source: "blog", key, event, digest: key, body, receivedAtMs });
    yield* claimDeliveries(tx, { boot: "b", nowMs: receivedAtMs, untilMs: receivedAtMs + 1, limit: 10 });
    yield* finishDelivery(
      tx,
      { id, source: "blog", digest: key },
      { state: "done", outcome: [outcome], nowMs: receivedAtMs },
    );
  });
}

describe("polling", () => {
  it("only remembers what it hears first, and asks with the token and under conditions", async () => {
    cms.answer(changedAt("2026-11-30T09:00:00Z"));
    start();
    await remembers("2026-11-30T09:00:00Z");
    await askedAgain();
    expect(await deliveries()).toEqual([]);
    expect(cms.asked[0]?.headers.authorization).toBe("Bearer the token of the tests");
    expect(cms.asked.at(-1)?.headers["if-none-match"]).toBe('"2026-11-30T09:00:00Z"');
  });

  it("records a change once, as a delivery that rebuilds the sites of the source", async () => {
    cms.answer(changedAt("2026-11-30T09:00:00Z"));
    start([blog({ quiet: "10s" })]);
    await remembers("2026-11-30T09:00:00Z");
    nowMs += 900_000;
    cms.answer(changedAt("2026-11-30T10:05:00Z"));
    await remembers("2026-11-30T10:05:00Z");
    await askedAgain();

    const [delivery, ...others] = await deliveries();
    expect(others).toEqual([]);
    expect(delivery).toMatchObject({ source: "blog", event: "poll", state: "received" });
    const whole = await store.transact((tx) => findDelivery(tx, delivery?.key ?? ""));
    if (!whole) throw new Error("there is no such delivery");
    expect(JSON.parse(Buffer.from(whole.body).toString())).toMatchObject({ updated: "2026-11-30T10:05:00Z" });
    expect(isPollDelivery(whole)).toBe(true);
    expect(pollEvents(blog({ quiet: "10s" }), whole)).toEqual([
      {
        type: "content_changed",
        source: "Strapi",
        titles: [],
        by: null,
        sites: ["shop"],
        debounce: { quietMs: 10_000 },
        cause: `blog ${whole.id}.0`,
      },
    ]);
  });

  it("takes a value that comes back for another change", async () => {
    cms.answer(changedAt("a"));
    start();
    await remembers("a");
    for (const value of ["b", "a", "b"]) {
      nowMs += 900_000;
      cms.answer(changedAt(value));
      await remembers(value);
    }
    expect(await deliveries()).toHaveLength(3);
  });

  it("finds a change again after a crash, and records it once all the same", async () => {
    await store.transact((tx) => rememberPoll(tx, "blog", { updated: "a", askedAtMs: T0 }));
    cms.answer(changedAt("b"));
    start();
    await remembers("b");
    await polling?.stop();
    // As if it had gone away before it could remember.
    await store.transact((tx) => rememberPoll(tx, "blog", { updated: "a", askedAtMs: T0 }));
    start();
    await remembers("b");
    expect(await deliveries()).toHaveLength(1);
  });

  it.each([
    ["after it", T0 + 60_000, "queued deployment d1 of shop", 0],
    // It waits for 30 seconds and reads what is there then.
    ["shortly before it", T0 - 20_000, "queued deployment d1 of shop", 0],
    ["long before it", T0 - 120_000, "queued deployment d1 of shop", 1],
    ["after it, of a draft", T0 + 60_000, "skipped: a draft was saved", 1],
  ])("says nothing of a change that the sender told of %s", async (_when, receivedAtMs, outcome, expected) => {
    await store.transact((tx) =>
      rememberPoll(tx, "blog", { updated: "2026-11-30T09:00:00Z", askedAtMs: T0 - 300_000 }),
    );
    await told(receivedAtMs, outcome);
    nowMs = T0 + 600_000;
    cms.answer(changedAt("2026-11-30T10:00:00Z"));
    start();
    await remembers("2026-11-30T10:00:00Z");
    expect((await deliveries()).filter(({ event }) => event === "poll")).toHaveLength(expected);
  });

  it.each([
    ["since it was last asked", T0 + 1, 0],
    ["before that", T0 - 1, 1],
  ])("where the value is no time, counts what the sender told %s", async (_when, receivedAtMs, expected) => {
    await store.transact((tx) => rememberPoll(tx, "blog", { updated: "41", askedAtMs: T0 }));
    await told(receivedAtMs, "queued deployment d1 of shop");
    nowMs = T0 + 600_000;
    cms.answer(changedAt("42"));
    start();
    await remembers("42");
    expect((await deliveries()).filter(({ event }) => event === "poll")).toHaveLength(expected);
  });

  it("says once that it fails, and once that it works again, without the key of the address", async () => {
    start();
    await askedAgain();
    cms.answer(changedAt("a"));
    await remembers("a");
    await askedAgain();
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringContaining("could not be polled"),
      "a source can be polled again",
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/hush|the token of the tests/);
    expect(lines[0]?.error).toContain("answers 503");
  });

  it("leaves sources without it alone, and ends at once while an answer is waited for", async () => {
    const { poll: _, ...settings } = blog().settings;
    const quiet = { ...blog(), name: "quiet", settings };
    cms.answer(() => {});
    start([quiet, blog()]);
    await vi.waitFor(() => expect(cms.asked).toHaveLength(1), PATIENCE);
    await polling?.stop();
    expect(lines).toEqual([]);
  });

  it("takes nothing that a sender signed for its own finding", () => {
    const body = Buffer.from('{"updated":"x"}');
    const sent = { event: "poll", key: "poll x", body, request: { method: "POST", headers: {}, query: "" } };
    expect(isPollDelivery(sent as unknown as Parameters<typeof isPollDelivery>[0])).toBe(false);
  });
});

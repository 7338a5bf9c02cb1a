/** What is done because time went by. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { type Chore, startClock } from "../../src/inbox/clock.ts";
import { createLog } from "../../src/log.ts";
import { openDigest, tellNews } from "../../src/notify/digest.ts";
import { summaryOf } from "../../src/notify/tell-summary.ts";
import type { Loop } from "../../src/queue/loop.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { recordReport } from "../../src/store/alerts.ts";
import { changeDeployment, claimDeployment, queueDeployment } from "../../src/store/deployments.ts";
import { insertSkipped } from "../../src/store/insert-deployment.ts";
import { bindSite, setPaused } from "../../src/store/sites.ts";
import { all } from "../../src/store/work.ts";
import { openToldWorld, type ToldWorld } from "../notify/outbox-rows.ts";
import { anAlert } from "../store/alerts-contract.ts";
import { aRun, take } from "../store/ci-contract.ts";
import { newDeployment } from "../store/new-deployment.ts";

const config = parseConfig(
  `
channel: C0OPS
slack: { summary: { at: "09:00", timeZone: Europe/Berlin } }
sites:
  shop: { repo: acme/shop, publish: "dir:/srv/shop", channel: C0SHOP }
  blog: { repo: acme/blog, publish: "dir:/srv/blog", channel: C0SHOP }
  docs: { repo: acme/docs, publish: "dir:/srv/docs" }
`,
  "the tests",
);
const log = createLog({ level: "silent", pretty: false });
/** 09:00 in Berlin. */
const NINE = Date.parse("2026-11-30T08:00:00Z");
const HOUR = 3_600_000;

let world: ToldWorld;
let clocks: Loop[] = [];
let nowMs = NINE;
beforeEach(async () => {
  world = await openToldWorld();
});
afterEach(async () => {
  await Promise.all(clocks.map((clock) => clock.stop()));
  clocks = [];
  await world.stop();
});

function start(
  options: {
    chores?: Chore[];
    everyMs?: number;
    hasSlack?: boolean;
    queue?: ReturnType<typeof createMemoryQueue>;
  } = {},
) {
  const { hasSlack = true, queue = createMemoryQueue(), ...others } = options;
  const clock = startClock({
    store: world.store,
    queue,
    log,
    config,
    telling: { hasSlack },
    now: () => nowMs,
    ...others,
  });
  clocks.push(clock);
  return clock;
}

/** Starts a clock, and stops it after its first round, as a restart does. */
async function oneRound(atMs: number, options: Parameters<typeof start>[0] = {}): Promise<void> {
  nowMs = atMs;
  await start(options).stop();
}

const deploy = (site: string, startMs: number, tookMs: number, state: "live" | "failed") =>
  world.store.transact(function* (tx) {
    const { deployment } = yield* queueDeployment(tx, newDeployment({ site }), startMs);
    yield* claimDeployment(tx, { boot: "b", nowMs: startMs, untilMs: startMs + 1 });
    if (state === "live") yield* changeDeployment(tx, deployment.id, { state: "publishing" }, startMs);
    yield* changeDeployment(tx, deployment.id, { state }, startMs + tookMs);
  });

const summaries = async () =>
  (await world.notices()).flatMap(({ key, versions, channel, notice }) =>
    notice.about === "summary" ? [{ key, versions, channel, ...notice }] : [],
  );

describe("the summary of the day", () => {
  it("tells each channel what happened on its sites since the day before", async () => {
    await deploy("shop", NINE - 25 * HOUR, 1000, "live");
    await deploy("shop", NINE - 20 * HOUR, 1000, "live");
    await deploy("shop", NINE - 19 * HOUR, 4000, "live");
    await deploy("shop", NINE - 18 * HOUR, 500, "failed");
    await deploy("docs", NINE, 500, "live");
    await world.store.transact(function* (tx) {
      yield* insertSkipped(tx, newDeployment({ site: "blog" }), "because", NINE - HOUR);
      yield* bindSite(tx, "shop", { id: 4_000_000_000, boundAs: "acme/shop" });
      yield* setPaused(tx, "shop", { by: "ada", reason: "the fair", atMs: 1 });
      yield* take(tx, aRun(), NINE - HOUR);
    });
    await oneRound(NINE - 1);
    expect(await summaries()).toEqual([]);
    await oneRound(NINE + 2 * HOUR);
    const none = { live: 0, failed: 0, other: 0, medianMs: null, hold: null };
    expect(await summaries()).toMatchObject([
      {
        ...{ key: "notice:summary C0OPS 2026-11-30:C0OPS", channel: "C0OPS", setting: "channel" },
        summary: { sites: [{ site: "docs", ...none }], broken: [] },
      },
      {
        ...{ key: "notice:summary C0SHOP 2026-11-30:C0SHOP", channel: "C0SHOP", setting: "sites.shop.channel" },
        summary: {
          ...{ fromMs: NINE - 24 * HOUR, toMs: NINE },
          sites: [
            {
              site: "shop",
              live: 2,
              failed: 1,
              other: 0,
              medianMs: 2500,
              hold: expect.stringMatching(/^paused by ada/),
            },
            { site: "blog", ...none, other: 1 },
          ],
          broken: ["ci.yml on main of acme/shop"],
        },
      },
    ]);
  });

  it("is told once, whatever starts again or runs beside it, and every day anew", async () => {
    await deploy("shop", NINE - HOUR, 1000, "live");
    await oneRound(NINE);
    nowMs = NINE + HOUR;
    await Promise.all([start(), start()].map((clock) => clock.stop()));
    expect((await summaries()).map(({ versions }) => versions)).toEqual([1, 1]);
    await oneRound(NINE + 24 * HOUR);
    expect((await summaries()).map(({ key, versions }) => [key.split(" ")[2], versions])).toEqual([
      ["2026-11-30:C0OPS", 1],
      ["2026-11-30:C0SHOP", 1],
      ["2026-12-01:C0OPS", 1],
      ["2026-12-01:C0SHOP", 1],
    ]);
  });

  it("is told up to six hours late, and not of days before Slipway was there", async () => {
    await oneRound(NINE + HOUR);
    await deploy("shop", NINE + HOUR, 1000, "live");
    await oneRound(NINE + 2 * HOUR);
    expect(await summaries()).toEqual([]);
    await oneRound(NINE + 30 * HOUR + 1);
    expect(await summaries()).toEqual([]);
    await oneRound(NINE + 54 * HOUR);
    expect((await summaries()).map(({ key }) => key)).toEqual([
      "notice:summary C0OPS 2026-12-02:C0OPS",
      "notice:summary C0SHOP 2026-12-02:C0SHOP",
    ]);
  });

  it("has the median of an odd number of times too, and nothing of other channels", async () => {
    for (const ms of [1000, 9000, 2000]) await deploy("shop", NINE - HOUR, ms, "live");
    const summary = await world.store.transact((tx) => summaryOf(tx, config, "C0SHOP", 0, NINE));
    expect(summary.sites.map(({ site, medianMs }) => [site, medianMs])).toEqual([
      ["shop", 2000],
      ["blog", null],
    ]);
  });

  it("is told nobody where there is no Slack", async () => {
    await deploy("shop", NINE - HOUR, 1000, "live");
    await oneRound(NINE, { hasSlack: false });
    expect(await world.notices()).toEqual([]);
  });
});

describe("the clock", () => {
  it("ends digests that were quiet", async () => {
    await world.store.transact(function* (tx) {
      yield* openDigest(tx, "C0CI", "channel", 0);
      const wish = { kind: "slack.notice", key: "k", deploymentId: null, desired: {} } as const;
      const item = { channel: "C0CI", setting: "channel", topic: "t", title: "T", state: "bad", url: null } as const;
      yield* tellNews(tx, { ...item, wish }, 1000);
    });
    await oneRound(200_000);
    await oneRound(400_000);
    expect(await world.notices()).toMatchObject([{ notice: { about: "digest", digest: { endedAtMs: 400_000 } } }]);
  });

  it("does the chores of others round after round, though one fails, and nudges when something was done", async () => {
    const queue = createMemoryQueue();
    let nudges = 0;
    queue.listen("outbox", () => nudges++);
    let rounds = 0;
    const causes: string[] = [];
    const chores: Chore[] = [
      function* (tx) {
        yield* all(tx.db.selectFrom("sites").select("name"));
        throw new Error("the first one fails");
      },
      function* (tx, moment) {
        yield* all(tx.db.selectFrom("sites").select("name"));
        causes.push(moment.cause);
        rounds++;
        return rounds === 2 ? ["did something"] : [];
      },
    ];
    start({ chores, everyMs: 5, queue });
    await vi.waitFor(() => expect([rounds > 3, nudges]).toEqual([true, 1]), { timeout: 60_000, interval: 10 });
    expect(causes[0]).toBe(`clock ${nowMs}.1`);
  });

  it("forgets what is older than thirty days", async () => {
    const count = () =>
      world.store.transact(function* (tx) {
        return (yield* all(tx.db.selectFrom("ci_runs").select("run_id"))).map(({ run_id: id }) => id);
      });
    await world.store.transact((tx) => take(tx, aRun({ runId: 1 }), NINE - 31 * 24 * HOUR));
    await world.store.transact((tx) => take(tx, aRun({ runId: 2 }), NINE - 29 * 24 * HOUR));
    const over = (days: number) => {
      const nowMs = NINE - days * 24 * HOUR;
      const ended = { fingerprint: String(days), state: "resolved", endedAtMs: nowMs } as const;
      return world.store.transact((tx) => recordReport(tx, anAlert(ended), nowMs));
    };
    for (const days of [31, 29]) await over(days);
    await oneRound(NINE);
    expect(await count()).toEqual([2]);
    const alerts = await world.store.transact((tx) => all(tx.db.selectFrom("alerts").select("fingerprint")));
    expect(alerts).toEqual([{ fingerprint: "29" }]);
  });

  it("that is stopped makes no further round", async () => {
    let rounds = 0;
    const chore: Chore = function* (tx) {
      rounds++;
      yield* all(tx.db.selectFrom("sites").select("name"));
      return [];
    };
    await start({ chores: [chore], everyMs: 1 }).stop();
    const before = rounds;
    await new Promise((resolve) => setImmediate(resolve));
    expect([before, rounds]).toEqual([1, 1]);
  });
});

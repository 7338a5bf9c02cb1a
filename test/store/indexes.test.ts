/** What is asked every few seconds, or while somebody waits, finds its rows by an index: SQLite's own plan says so. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { recordReport } from "../../src/store/alerts.ts";
import { listAudit } from "../../src/store/audit.ts";
import {
  brokenIn,
  countFailure,
  endIncidentsOf,
  environmentsOf,
  mendIncident,
  resultsFor,
  resultsSince,
} from "../../src/store/ci.ts";
import { countNewTopics, digestOf, findOpenDigest, hasNews, quietDigests } from "../../src/store/digests.ts";
import { findDeploymentByMessage } from "../../src/store/find-message.ts";
import { forgetBodies, sourcesWithBodies } from "../../src/store/forget-bodies.ts";
import { expireRequests, openRequests } from "../../src/store/requests.ts";
import { wasToldSince } from "../../src/store/source-polls.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { wasThereBefore } from "../../src/store/summary.ts";
import { outEventsOf } from "../../src/store/webhooks-out.ts";
import type { Tx, Work } from "../../src/store/work.ts";
import { anAlert } from "./alerts-contract.ts";
import { aRun } from "./ci-contract.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-indexes-"));
let store: Store;
let database: Database.Database;
beforeAll(async () => {
  store = await openSqlite(join(folder, "slipway.db"));
  database = new Database(join(folder, "slipway.db"), { readonly: true });
});
afterAll(async () => {
  database.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

/** The plans of all queries of a piece of work, each a line. */
async function plansOf(work: (tx: Tx) => Work<unknown>): Promise<string[]> {
  const plans: string[] = [];
  await store.transact(function* (tx) {
    const steps = work(tx);
    for (let step = steps.next(); !step.done; ) {
      const { sql, parameters } = step.value;
      const rows = database.prepare(`explain query plan ${sql}`).all(...parameters) as Array<{ detail: string }>;
      plans.push(rows.map(({ detail }) => detail).join("; "));
      step = steps.next(yield step.value);
    }
  });
  return plans;
}

const digest = { id: 1, channel: "C0CI", setting: "channel", openedAtMs: 1, lastAtMs: 1, endedAtMs: null };

it.each<[string, (tx: Tx) => Work<unknown>]>([
  ["the requests whose time is up", (tx) => expireRequests(tx, 1)],
  ["the open requests of a site", (tx) => openRequests(tx, "shop", 1)],
  ["the digests that were quiet", (tx) => quietDigests(tx, 1)],
  ["the open digest of a channel", (tx) => findOpenDigest(tx, "C0CI")],
  ["what a channel was told of a topic", (tx) => hasNews(tx, "C0CI", "ci 1")],
  ["how many new messages a channel got", (tx) => countNewTopics(tx, "C0CI", 1)],
  ["what a digest tells", (tx) => digestOf(tx, digest)],
  ["what CI said of a commit", (tx) => resultsFor(tx, 42, "1".repeat(40))],
  ["what it said since", (tx) => resultsSince(tx, 42, 1)],
  ["where a run deploys to", (tx) => environmentsOf(tx, 42, 1)],
  ["what a failure breaks", (tx) => countFailure(tx, aRun(), 1)],
  ["what a success mends", (tx) => mendIncident(tx, aRun(), 1)],
  ["what is broken", (tx) => brokenIn(tx, [42])],
  ["what was broken on a branch", (tx) => endIncidentsOf(tx, { repoId: 42, branch: "main" })],
  ["the deployment of a message", (tx) => findDeploymentByMessage(tx, { channel: "C0CI", ts: "1700000000.000100" }, 1)],
  ["how an alert stands", (tx) => recordReport(tx, anAlert(), 1)],
  ["what others were told of a deployment", (tx) => outEventsOf(tx, "d-1")],
  ["the audit log of a site", (tx) => listAudit(tx, { site: "shop", limit: 20 })],
])("%s", async (_, work) => {
  const plans = await plansOf(work);
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans) {
    // A sorted copy of what was found is no table.
    expect(plan.replace(/SCAN (topics|\(subquery-\d+\))/g, "")).not.toMatch(
      /SCAN (?!\S+ USING (COVERING )?INDEX (digests|requests)_open)/,
    );
  }
});

it("neither the storm nor its digest reads all that a channel was ever told", async () => {
  const [storm, told] = [
    await plansOf((tx) => countNewTopics(tx, "C0CI", 1)),
    await plansOf((tx) => digestOf(tx, digest)),
  ];
  expect(storm[0]).toContain("SEARCH earlier USING INDEX channel_news_by_topic (channel=? AND topic=? AND at<?)");
  expect(told[0]).toContain("channel_news_by_digest (digest_id=?)");
});

it("whether Slipway was there is seen by the first row of each table", async () => {
  for (const plan of await plansOf((tx) => wasThereBefore(tx, 1))) expect(plan).not.toContain("TEMP B-TREE");
});

it.each<[string, (tx: Tx) => Work<unknown>]>([
  ["is to be forgotten", (tx) => forgetBodies(tx, { source: "shop", beforeMs: 1 })],
  ["came since a source was polled", (tx) => wasToldSince(tx, "shop", 1, "poll")],
])("what %s is found among what is not forgotten, however many deliveries there ever were", async (_, work) => {
  expect((await plansOf(work)).join()).toContain(
    "SEARCH deliveries USING INDEX deliveries_with_content (source=? AND finished_at",
  );
});

it("whose deliveries are to be forgotten is found without a look at each of them", async () => {
  expect(await plansOf(sourcesWithBodies)).toEqual([
    "SEARCH deliveries USING INDEX deliveries_with_content (source>?)",
  ]);
});

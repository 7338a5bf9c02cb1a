/** The alerts that fire, as the command line tells them. */
import { expect, test } from "vitest";
import { alertLine } from "../../src/cli/alert-line.ts";
import { type KnownAlert, markAcknowledged, markSilenced, recordReport } from "../../src/store/alerts.ts";
import { anAlert, end, MIN, T0 } from "../store/alerts-contract.ts";
import { createOperations } from "./operations-world.ts";

test("Alerts that fire are listed, the newest first, with all that happened to them", async () => {
  const { ask, store, refusal } = await createOperations();
  const report = (...given: Parameters<typeof anAlert>) =>
    store.transact((tx) => recordReport(tx, anAlert(...given), T0 + MIN));
  expect(await ask("alerts", {})).toEqual([]);
  await report();
  await report({ fingerprint: "f2", title: "Disk\u001b[31m full", severity: null });
  await report({ fingerprint: "f3" });
  await report(end(MIN, { fingerprint: "f3" }));
  await report(end(MIN));
  await report({ startedAtMs: T0 + 2 * MIN });
  await store.transact((tx) => markAcknowledged(tx, 1, "ada", T0));
  await store.transact((tx) => markSilenced(tx, 1, "bob", T0 + 60 * MIN));
  const lines = (await ask<KnownAlert[]>("alerts", { limit: 5 })).map(alertLine);
  const more = "reported 2 times; came back 1 time; acknowledged by ada; silenced until 2026-12-01 11:00:00 by bob";
  expect(lines).toEqual([
    "    2  alert     2026-12-01 10:00:00  Alertmanager  Disk [31m full",
    `    1  critical  2026-12-01 10:00:00  Alertmanager  Shop is down (${more})`,
  ]);
  expect(await refusal("alerts", { limit: 0 })).not.toBe("it did not");
});

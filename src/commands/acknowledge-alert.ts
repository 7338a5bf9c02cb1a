/** Somebody says that they look after an alert. */

import { tellAlertOut } from "../notify/outgoing/announce-out.ts";
import type { Telling } from "../notify/tell.ts";
import { showAlert } from "../notify/tell-alert.ts";
import { findAlert, lockAlerts, markAcknowledged } from "../store/alerts.ts";
import type { Tx, Work } from "../store/work.ts";

/** Marks it, and has its message say so. False, and nothing changed, where it is over, or somebody has it already. */
export function* acknowledgeAlert(
  tx: Tx,
  telling: Pick<Telling, "hasSlack" | "hasButtons" | "config">,
  { alert: id, by }: { readonly alert: number; readonly by: string },
  { nowMs }: { readonly nowMs: number },
): Work<boolean> {
  const found = yield* findAlert(tx, id);
  if (!found) return false;
  yield* lockAlerts(tx, found.alert.source);
  const known = yield* findAlert(tx, id);
  if (known?.alert.state !== "firing" || known.alert.acknowledged !== null) return false;
  const marked = yield* markAcknowledged(tx, id, by, nowMs);
  yield* tellAlertOut(tx, telling.config.webhooks ?? [], marked.alert, nowMs, marked.sites);
  yield* showAlert(tx, telling, marked, nowMs);
  return true;
}

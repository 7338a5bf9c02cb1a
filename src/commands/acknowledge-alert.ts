/** Somebody says that they look after an alert. */

import type { Telling } from "../notify/tell.ts";
import { showAlert } from "../notify/tell-alert.ts";
import { findAlert, lockAlerts, markAcknowledged } from "../store/alerts.ts";
import type { Tx, Work } from "../store/work.ts";

/** Marks it, and has its message say so. False, and nothing changed, where it is over, or somebody has it already. */
export function* acknowledgeAlert(
  tx: Tx,
  telling: Pick<Telling, "hasSlack" | "hasButtons">,
  { alert: id, by }: { readonly alert: number; readonly by: string },
  { nowMs }: { readonly nowMs: number },
): Work<boolean> {
  const found = yield* findAlert(tx, id);
  if (!found) return false;
  yield* lockAlerts(tx, found.alert.source);
  const known = yield* findAlert(tx, id);
  if (known?.alert.state !== "firing" || known.alert.acknowledged !== null) return false;
  yield* showAlert(tx, telling, yield* markAcknowledged(tx, id, by, nowMs), nowMs);
  return true;
}

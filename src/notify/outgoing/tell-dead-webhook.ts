/** Tells the operator that events for an endpoint were given up: one message for each endpoint and day, edited. */
import type { OutboxRow } from "../../store/outbox.ts";
import { countDeadWebhooks, type OutWish, WEBHOOK } from "../../store/webhooks-out.ts";
import type { Tx, Work } from "../../store/work.ts";
import { type Telling, tellNotice } from "../tell.ts";

/** Does nothing for what is no webhook. Called in the transaction that gives the row up. */
export function* tellDeadWebhook(
  tx: Tx,
  telling: Telling,
  row: Pick<OutboxRow, "kind" | "desired">,
  reason: string,
  nowMs: number,
): Work<void> {
  if (row.kind !== WEBHOOK) return;
  const { endpoint, host } = row.desired as OutWish;
  const dead = yield* countDeadWebhooks(tx, endpoint);
  const day = new Date(nowMs).toISOString().slice(0, 10);
  yield* tellNotice(tx, telling, { about: "webhook", host, dead, reason }, `webhook ${endpoint} ${day}`, nowMs);
}

/** An alert is silenced by its sender: the wish, and what is recorded and told once it was fulfilled, or will not be. */
import type { SilenceAlertEffect } from "../model/effect.ts";
import { announceAnswer } from "../notify/announce.ts";
import type { SilenceWish } from "../notify/silence.ts";
import type { Telling } from "../notify/tell.ts";
import { alertName, showAlert } from "../notify/tell-alert.ts";
import { findAlert, lockAlerts, markSilenced } from "../store/alerts.ts";
import { addAudit } from "../store/audit.ts";
import { findTold, isWished, wish } from "../store/outbox.ts";
import type { Tx, Work } from "../store/work.ts";

/** One wish for each alert: what is wished again meanwhile is the same. */
const silenceKey = (alert: number) => `silence:${alert}`;

/** Whether its sender is being asked at present. */
export function* isBeingSilenced(tx: Tx, alert: number): Work<boolean> {
  return (yield* findTold(tx, silenceKey(alert)))?.state === "pending";
}

/** Puts the wish into the outbox. False where there is no such alert. */
export function* wishSilence(tx: Tx, effect: SilenceAlertEffect, { nowMs }: { readonly nowMs: number }): Work<boolean> {
  const { do: _, alert: id, forMs, ...asked } = effect;
  const known = yield* findAlert(tx, id);
  if (!known) return false;
  const { source, report } = known.alert;
  const desired: SilenceWish = {
    ...{ ...asked, alert: id, source, labels: report.labels, fromMs: nowMs, untilMs: nowMs + forMs },
  };
  const key = silenceKey(id);
  yield* wish(tx, { kind: "alertmanager.silence", key, deploymentId: null, desired, isUrgent: true }, nowMs);
  return true;
}

/** It is silenced: the alert's message says so. Done again, it changes nothing. */
export function* alertSilenced(
  tx: Tx,
  telling: Pick<Telling, "hasSlack" | "hasButtons" | "config">,
  wished: SilenceWish,
  { nowMs }: { readonly nowMs: number },
): Work<void> {
  const { alert: id, source, by, untilMs } = wished;
  yield* lockAlerts(tx, source);
  const known = yield* findAlert(tx, id);
  if (!known || known.alert.silenced?.untilMs === untilMs) return;
  yield* showAlert(tx, telling, yield* markSilenced(tx, id, by, untilMs), nowMs);
  const until = new Date(untilMs).toISOString();
  yield* addAudit(
    tx,
    entryOf(wished, { result: "done", outcome: `${alertName(known.alert)} is silenced until ${until}.`, nowMs }),
  );
}

/** It is not silenced, and nobody tries any more: whoever asked is told why. Done again, it changes nothing. */
export function* silenceRefused(
  tx: Tx,
  wished: SilenceWish,
  reason: string,
  { nowMs }: { readonly nowMs: number },
): Work<void> {
  const { alert: id, to, site, cause } = wished;
  const known = yield* findAlert(tx, id);
  const text = `${known ? alertName(known.alert) : `Alert ${id}`} could not be silenced: ${reason}.`;
  if (to !== null) {
    const answer = announceAnswer({ to, site, answer: { kind: "text", text } }, `${cause}.refused`, nowMs);
    if (yield* isWished(tx, answer.key)) return;
    yield* wish(tx, answer, nowMs);
  }
  yield* addAudit(tx, entryOf(wished, { result: "refused", outcome: text, nowMs }));
}

function entryOf(
  { by: who, where, site, what, rule }: SilenceWish,
  { nowMs, ...end }: { readonly result: "done" | "refused"; readonly outcome: string; readonly nowMs: number },
) {
  return { atMs: nowMs, who, where, verb: "silence", site, what, rule, deployment: null, ...end };
}

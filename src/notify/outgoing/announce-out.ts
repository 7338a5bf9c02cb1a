/** Puts events for other programs into the outbox, inside the transaction that makes them true: one row for each endpoint. */
import type { OutgoingSettings } from "../../config/outgoing-settings.ts";
import type { Alert } from "../../model/alert.ts";
import type { Deployment } from "../../model/deployment.ts";
import { alertOut, deploymentOut, endpointId, isNamed, type OutType } from "../../model/outgoing.ts";
import { isWished, wish } from "../../store/outbox.ts";
import { outEventsOf, outKey, outWish } from "../../store/webhooks-out.ts";
import type { Tx, Work } from "../../store/work.ts";

/** Where events go, as slipway.yaml has it. */
export type Outgoing = readonly OutgoingSettings[];

/** Tells of a deployment whose state changed; what changes within a state is no event. */
export function* announceOut(
  tx: Tx,
  outgoing: Outgoing,
  { deployment, liveUrl }: { readonly deployment: Deployment; readonly liveUrl: string | null },
  nowMs: number,
): Work<void> {
  const { id, site, state } = deployment;
  const wanted = endpointsFor(outgoing, `deployment.${state}`, [site]);
  if (wanted.length === 0) return;
  const told = yield* outEventsOf(tx, id);
  for (const { endpoint, host } of wanted) {
    const own = told.filter((it) => it.endpoint === endpoint);
    const data = deploymentOut(deployment, { sequence: own.length + 1, liveUrl });
    const last = own.at(-1)?.event.data;
    // One that was begun again goes through the same states once more.
    if (last && last.state === data.state && last.startedAt === data.startedAt) continue;
    const event = { type: `deployment.${state}`, timestamp: new Date(nowMs).toISOString(), data } as const;
    const about = { subject: id, version: String(data.sequence), deploymentId: id };
    yield* wish(tx, outWish({ endpoint, host, event }, about), nowMs);
  }
}

/**
 * Tells of an alert that fires, is acknowledged or is resolved, once for each time it came back; each time it fires
 * first, whoever has it by then. `sites` are those that it is about besides those that went live shortly before it.
 */
export function* tellAlertOut(
  tx: Tx,
  outgoing: Outgoing,
  alert: Alert,
  nowMs: number,
  sites: readonly string[] = [],
): Work<void> {
  const isTaken = alert.state === "firing" && alert.acknowledged !== null;
  const concerned = [...sites, ...alert.suspects.map(({ site }) => site)];
  for (const data of [...(isTaken ? [alertOut({ ...alert, acknowledged: null })] : []), alertOut(alert)]) {
    const type = `alert.${data.state}` as const;
    for (const { endpoint, host } of endpointsFor(outgoing, type, concerned)) {
      const about = { subject: `alert-${alert.id}`, version: `${alert.flaps}-${data.state}`, deploymentId: null };
      if (yield* isWished(tx, outKey(endpoint, about.subject, about.version))) continue;
      const event = { type, timestamp: new Date(nowMs).toISOString(), data };
      yield* wish(tx, outWish({ endpoint, host, event }, about), nowMs);
    }
  }
}

/** Those that want such an event about any of these sites. */
function endpointsFor(outgoing: Outgoing, type: OutType, about: readonly string[]) {
  return outgoing
    .filter(
      ({ events, sites }) => isNamed(events, type) && (sites.length === 0 || sites.some((it) => about.includes(it))),
    )
    .map(({ url }) => ({ endpoint: endpointId(url), host: new URL(url).host }));
}

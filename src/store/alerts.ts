/** Alerts of monitoring, in the store: how each stands by all that was reported of it, and what went live before it. */
import { type Selectable, sql } from "kysely";
import { type Alert, type AlertReport, believable, isOvertaken, momentOf, type Suspect } from "../model/alert.ts";
import type { AlertEffect } from "../model/effect.ts";
import { lockName } from "./lock-name.ts";
import type { Tables } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

type Row = Selectable<Tables["alerts"]>;

/** An alert, where it is told, and the sites that may be to blame. */
export type KnownAlert = {
  readonly alert: Alert;
  readonly channel: string | null;
  /** The key of slipway.yaml that names the channel. */
  readonly setting: string;
  readonly sites: readonly string[];
  /** How often it was reported to fire. */
  readonly reports: number;
  readonly fingerprint: string;
};

/** What a report did. */
export type Recorded =
  /** It is older than what is known, or says the end of what nobody heard of. */
  | { readonly kind: "no_news"; readonly why: string }
  | { readonly kind: "opened"; readonly known: KnownAlert }
  | { readonly kind: "changed"; readonly known: KnownAlert; readonly before: KnownAlert };

export type ReportedAlert = Omit<AlertEffect, "do">;

/** What fires again this soon after it was resolved is the same incident. In milliseconds. */
const FLAP_MS = 30 * 60_000;
/** So long before an alert a site went live that is suspected. In milliseconds. */
const SUSPECT_MS = 30 * 60_000;
const MAX_SUSPECTS = 5;
/** What was never resolved is forgotten, too, when nothing was heard of it for so much longer. In milliseconds. */
const SILENT_MS = 335 * 86_400_000;

/** One transaction at a time decides about the alerts of a source. Whoever tells channels of them takes this lock first. */
export const lockAlerts = (tx: Tx, source: string) => lockName(tx, `alerts of ${source}`);

/** Remembers what a report says, unless something later is known already. */
export function* recordReport(tx: Tx, given: ReportedAlert, nowMs: number): Work<Recorded> {
  const { source, report } = given;
  yield* lockAlerts(tx, source);
  const row = yield* newestRow(tx, source, report.fingerprint);
  const isResolved = report.state === "resolved";
  const atMs = momentOf(report, nowMs);
  if (row && isOvertaken({ isResolved, atMs }, { isResolved: row.state !== "firing", atMs: row.reported_at })) {
    return { kind: "no_news", why: "something later is known already" };
  }
  if (isResolved) return yield* recordEnd(tx, given, row, atMs, nowMs);
  if (!row || row.state === "unheard" || !isSameIncident(row, atMs ?? nowMs)) {
    return { kind: "opened", known: yield* open(tx, given, atMs, nowMs) };
  }
  return yield* recordFiring(tx, given, row, atMs, nowMs);
}

/** Whether what fires is the incident that is known: it goes on, or comes back soon. */
function isSameIncident({ state, reported_at, resolved_at }: Row, atMs: number): boolean {
  return state === "firing" || atMs - Math.max(reported_at ?? 0, resolved_at ?? 0) <= FLAP_MS;
}

function* recordEnd(
  tx: Tx,
  given: ReportedAlert,
  row: Row | undefined,
  atMs: number | null,
  nowMs: number,
): Work<Recorded> {
  const unheard: Recorded = { kind: "no_news", why: "nobody heard of it" };
  if (!row) {
    // Its beginning may come late, and is no news then.
    if (atMs !== null) yield* insert(tx, given, { state: "unheard", atMs, nowMs, suspects: [] });
    return unheard;
  }
  const heard = { heard_at: nowMs, ...(atMs !== null && { reported_at: atMs }) };
  if (row.state !== "firing") {
    yield* update(tx, row.id, heard);
    return row.state === "unheard" ? unheard : { kind: "no_news", why: "it is resolved already" };
  }
  const resolved_at = believable(given.report.endedAtMs, nowMs) ?? nowMs;
  const known = yield* update(tx, row.id, {
    ...{ ...heard, ...told(row, given), state: "resolved", resolved_at },
    report: JSON.stringify(endOf(given.report, row)),
  });
  return { kind: "changed", known, before: toKnown(row) };
}

/** Many senders say less of an end than they said before. */
function endOf(report: AlertReport, row: Row): AlertReport {
  const before = JSON.parse(row.report) as AlertReport;
  return {
    ...report,
    severity: report.severity ?? before.severity,
    detail: report.detail || before.detail,
    labels: Object.keys(report.labels).length > 0 ? report.labels : before.labels,
    links: report.links.length > 0 ? report.links : before.links,
    runbookUrl: report.runbookUrl ?? before.runbookUrl,
    silenceUrl: report.silenceUrl ?? before.silenceUrl,
  };
}

function* recordFiring(tx: Tx, given: ReportedAlert, row: Row, atMs: number | null, nowMs: number): Work<Recorded> {
  const isBack = row.state === "resolved";
  const isAcknowledged = given.report.state === "acknowledged" && row.acknowledged_by === null;
  const known = yield* update(tx, row.id, {
    ...told(row, given),
    heard_at: nowMs,
    ...(atMs !== null && { reported_at: atMs }),
    report: JSON.stringify(given.report),
    reports: row.reports + 1,
    silence_ms: silenceOf(given),
    ...(isBack && { state: "firing", resolved_at: null, flaps: row.flaps + 1 }),
    ...(isAcknowledged && { acknowledged_by: given.label, acknowledged_at: nowMs }),
    ...((row.silenced_until ?? nowMs) < nowMs && { silenced_by: null, silenced_until: null }),
  });
  return { kind: "changed", known, before: toKnown(row) };
}

/** It stays where it was told at first; what was told nowhere goes where it would go now. */
function told({ channel }: Row, given: ReportedAlert) {
  return channel === null ? { channel: given.channel, setting: given.setting } : {};
}

function* open(tx: Tx, given: ReportedAlert, atMs: number | null, nowMs: number): Work<KnownAlert> {
  const suspects = yield* suspectsFor(tx, given.sites, atMs ?? nowMs);
  return toKnown(yield* insert(tx, given, { state: "firing", atMs, nowMs, suspects }));
}

function* insert(
  tx: Tx,
  given: ReportedAlert,
  how: { state: "firing" | "unheard"; atMs: number | null; nowMs: number; suspects: readonly Suspect[] },
): Work<Row> {
  const { source, label, report, channel, setting, sites } = given;
  const { state, atMs, nowMs, suspects } = how;
  const isAcknowledged = report.state === "acknowledged";
  const row = yield* first(
    tx.db
      .insertInto("alerts")
      .values({
        ...{ source, fingerprint: report.fingerprint, label, state, channel, setting },
        since: atMs ?? nowMs,
        reported_at: atMs,
        heard_at: nowMs,
        resolved_at: state === "firing" ? null : nowMs,
        reports: state === "firing" ? 1 : 0,
        report: JSON.stringify(report),
        sites: JSON.stringify(sites),
        suspects: JSON.stringify(suspects),
        silence_ms: silenceOf(given),
        acknowledged_by: isAcknowledged ? label : null,
        acknowledged_at: isAcknowledged ? nowMs : null,
        silenced_by: null,
        silenced_until: null,
      })
      .returningAll(),
  );
  if (!row) throw new Error(`an alert of ${source} was not inserted`);
  return row;
}

const silenceOf = ({ canSilence, silenceForMs = 2 * 3_600_000 }: ReportedAlert) => (canSilence ? silenceForMs : null);

/** Those of the sites that went live shortly before, the last one first; of each the last time. */
function* suspectsFor(tx: Tx, sites: readonly string[], atMs: number): Work<Suspect[]> {
  const suspects: Suspect[] = [];
  for (const site of new Set(sites)) {
    const row = yield* first(
      tx.db
        .selectFrom("lives")
        .leftJoin("deployments", "deployments.id", "lives.deployment_id")
        .select(["lives.deployment_id", "lives.commit", "lives.live_at", "deployments.title", "deployments.author"])
        .where("lives.site", "=", site)
        .where("lives.live_at", "<=", atMs)
        .orderBy("lives.id", "desc")
        .limit(1),
    );
    if (!row || row.live_at < atMs - SUSPECT_MS) continue;
    const { deployment_id: deployment, commit, live_at: liveAtMs, title, author } = row;
    suspects.push({ site, deployment, commit, title: title ?? "", author: author ?? "", liveAtMs });
  }
  return suspects.sort((a, b) => b.liveAtMs - a.liveAtMs).slice(0, MAX_SUSPECTS);
}

/** Somebody has it from now on. Whoever calls it has seen that nobody had it, under the lock. */
export function* markAcknowledged(tx: Tx, id: number, by: string, nowMs: number): Work<KnownAlert> {
  return yield* update(tx, id, { acknowledged_by: by, acknowledged_at: nowMs });
}

/** Its sender does not speak of it until then. */
export function* markSilenced(tx: Tx, id: number, by: string, untilMs: number): Work<KnownAlert> {
  return yield* update(tx, id, { silenced_by: by, silenced_until: untilMs });
}

/** The alert of that number; undefined where there is none that anybody heard of. */
export function* findAlert(tx: Tx, id: number): Work<KnownAlert | undefined> {
  const row = yield* first(tx.db.selectFrom("alerts").selectAll().where("id", "=", id));
  return row && row.state !== "unheard" ? toKnown(row) : undefined;
}

/** Those that fire, the newest first. */
export function* firingAlerts(tx: Tx, limit: number): Work<KnownAlert[]> {
  const firing = tx.db.selectFrom("alerts").selectAll().where("state", "=", sql.lit("firing"));
  return (yield* all(firing.orderBy("id", "desc").limit(limit))).map(toKnown);
}

/** Forgets alerts that were resolved, and not heard of since then; and, much later, those that were never resolved. */
export function* forgetAlerts(tx: Tx, beforeMs: number): Work<void> {
  yield* all(tx.db.deleteFrom("alerts").where("state", "<>", "firing").where("heard_at", "<", beforeMs));
  yield* all(tx.db.deleteFrom("alerts").where("heard_at", "<", beforeMs - SILENT_MS));
}

function* newestRow(tx: Tx, source: string, fingerprint: string): Work<Row | undefined> {
  const ofAlert = tx.db.selectFrom("alerts").selectAll().where("source", "=", source);
  return yield* first(ofAlert.where("fingerprint", "=", fingerprint).orderBy("id", "desc").limit(1));
}

function* update(tx: Tx, id: number, change: Partial<Omit<Row, "id">>): Work<KnownAlert> {
  const row = yield* first(tx.db.updateTable("alerts").set(change).where("id", "=", id).returningAll());
  if (!row) throw new Error(`there is no alert ${id}`);
  return toKnown(row);
}

function toKnown(row: Row): KnownAlert {
  const { id, source, label, channel, setting, reports, fingerprint, silence_ms: silenceForMs } = row;
  const { acknowledged_by, acknowledged_at, silenced_by, silenced_until } = row;
  const isKnown = acknowledged_by !== null && acknowledged_at !== null;
  const isSilenced = silenced_by !== null && silenced_until !== null;
  const alert: Alert = {
    ...{ id, source, label, state: row.state === "firing" ? "firing" : "resolved", sinceMs: row.since },
    ...{ resolvedAtMs: row.resolved_at, flaps: row.flaps },
    acknowledged: isKnown ? { by: acknowledged_by, atMs: acknowledged_at } : null,
    silenced: isSilenced ? { by: silenced_by, untilMs: silenced_until } : null,
    suspects: JSON.parse(row.suspects) as Suspect[],
    report: JSON.parse(row.report) as AlertReport,
    canSilence: silenceForMs !== null,
    ...(silenceForMs !== null && { silenceForMs }),
  };
  return { alert, channel, setting, sites: JSON.parse(row.sites) as string[], reports, fingerprint };
}

/** Reads the deliveries of a declared source into events: by its preset, or by the places that its routes name. */
import type { RouteCondition, RouteSettings } from "../../config/source-settings.ts";
import { UnparseableError } from "../../errors.ts";
import { type AlertReport, SEVERITIES } from "../../model/alert.ts";
import type { Delivery } from "../../model/delivery.ts";
import type { Event } from "../../model/event.ts";
import { fitsPattern } from "../../model/event-pattern.ts";
import { type Extractor, extract, parseExtractor } from "../../model/extractor.ts";
import { type Note, shapeNote } from "../../model/note.ts";
import type { Received } from "../../model/received.ts";
import type { Reading, Verified } from "../../presets/preset.ts";
import type { ResolvedSource } from "../../presets/resolve-source.ts";
import { isPollDelivery, pollEvents } from "../polling/poll-delivery.ts";
import { payloadOf } from "./payload-of.ts";

export type DeclaredReaderDeps = {
  /** Visits the address by which SNS wants a subscription confirmed, if this is what a delivery asks for. */
  readonly confirm?: (source: ResolvedSource, delivery: Verified) => Promise<string | null>;
};

/** Creates the reader. It throws UnparseableError for what is verified and does not fit. */
export function createDeclaredReader(source: ResolvedSource, deps: DeclaredReaderDeps = {}) {
  return async (delivery: Delivery): Promise<Event[]> => {
    // Nobody sent it: the net below senders that never retry found that there is something new.
    if (isPollDelivery(delivery)) return pollEvents(source, delivery);
    const { request } = delivery;
    if (!request) throw new UnparseableError("what was kept of the request is gone");
    const verified = await verifiedOf(source, delivery, request);
    const confirmed = await deps.confirm?.(source, verified);
    if (confirmed) return [{ type: "ignored", reason: confirmed }];
    const reading = source.preset?.read(verified) ?? {};
    const idle = reading.ping ?? reading.ignored;
    if (idle !== undefined) return [{ type: "ignored", reason: idle }];
    const isReleased = delivery.releasedBy !== null;
    const events = source.routes.flatMap((route, index) =>
      fits(route.when, verified)
        ? eventOf(source, route, { verified, reading, cause: causeOf(source, delivery, index), isReleased })
        : [],
    );
    if (events.length > 0) return events;
    return [{ type: "ignored", reason: `no route of sources.${source.name} fits ${verified.event}` }];
  };
}

async function verifiedOf(
  { definition, settings }: ResolvedSource,
  delivery: Delivery,
  request: NonNullable<Delivery["request"]>,
): Promise<Verified> {
  const received: Received = {
    method: request.method,
    target: "",
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value]])),
    query: new URLSearchParams(request.query),
    token: "",
    body: Buffer.from(delivery.body),
  };
  const payload = await payloadOf(definition, received);
  // A source that takes anything reads nothing.
  const isAnything = definition.accept.types.length === 0;
  if (payload.json === undefined && !isAnything)
    throw new UnparseableError("the body is not what its content type says");
  return { received, payload, event: delivery.event, receivedAtMs: delivery.receivedAtMs, settings };
}

/** Identifies what one route makes of a delivery. What somebody had run again is something new. */
function causeOf({ name }: ResolvedSource, { id, releasedBy }: Delivery, index: number): string {
  return `${name} ${id}.${index}${releasedBy === null ? "" : " again"}`;
}

function fits(when: RouteCondition | undefined, { event, received, payload }: Verified): boolean {
  if (!when) return true;
  const isNamed = when.event === undefined || when.event.some((pattern) => fitsPattern(pattern, event));
  const at = (place: string) => {
    const extractor = parseExtractor(place);
    return extractor ? extract(extractor, received, payload) : null;
  };
  return (
    isNamed &&
    Object.entries(when.is).every(([place, values]) => values.includes(at(place) ?? "")) &&
    when.exists.every((extractor) => extract(extractor, received, payload) !== null)
  );
}

type Made = {
  readonly verified: Verified;
  readonly reading: Reading;
  readonly cause: string;
  /** Whether somebody said that it shall run although it looks like one that came before. */
  readonly isReleased: boolean;
};

function eventOf(source: ResolvedSource, route: RouteSettings, made: Made): Event[] {
  const { rebuild, deploy, alert, notice } = route;
  const from = { source: source.name, label: source.label, cause: made.cause };
  if (rebuild) return [contentEvent(source, rebuild, made)];
  if (deploy) {
    const { push: pushes } = made.reading;
    const sites = deploy.sites ?? null;
    if (pushes)
      return pushes.map((push) => ({ type: "git_push", ...from, ...push, sites, isReleased: made.isReleased }));
    return [{ type: "deploy_asked", ...from, sites: deploy.sites ?? [] }];
  }
  if (alert) {
    const { channel = null, sites } = alert;
    const reports = made.reading.alerts ?? [pickAlert(source, alert, made.verified)];
    return [{ type: "alerts", ...from, channel, sites, alerts: reports }];
  }
  if (notice) return [{ type: "note", ...from, channel: notice.channel ?? null, note: noteOf(source, notice, made) }];
  return [{ type: "ignored", reason: "kept" }];
}

function contentEvent(
  { label }: ResolvedSource,
  rebuild: NonNullable<RouteSettings["rebuild"]>,
  { reading, verified, cause }: Made,
): Event {
  const pick = (extractor: Extractor | undefined) => (extractor ? textAt(extractor, verified) : null);
  const title = pick(rebuild.title);
  const { titles, by } = reading.content ?? { titles: [], by: null };
  const debounce = {
    ...(rebuild.quiet !== undefined && { quietMs: rebuild.quiet }),
    ...(rebuild.longest !== undefined && { longestMs: rebuild.longest }),
  };
  return {
    type: "content_changed",
    sites: rebuild.sites,
    source: label,
    titles: title === null ? titles : [title],
    by: pick(rebuild.by) ?? by,
    debounce,
    cause,
  };
}

const textAt = (extractor: Extractor, { received, payload }: Verified) => extract(extractor, received, payload);

/** The report that the places of a route make. Throws UnparseableError where the alert has no name or no state. */
function pickAlert(
  { name }: ResolvedSource,
  picks: NonNullable<RouteSettings["alert"]>,
  verified: Verified,
): AlertReport {
  const at = (extractor: Extractor | undefined) => (extractor ? textAt(extractor, verified) : null);
  const fingerprint = at(picks.fingerprint);
  const word = at(picks.state?.from);
  const state = (["firing", "resolved", "acknowledged"] as const).find((it) => picks.state?.[it].includes(word ?? ""));
  if (fingerprint === null)
    throw new UnparseableError(`nothing stands where sources.${name} looks for the fingerprint`);
  if (!state) throw new UnparseableError(`what stands where sources.${name} looks for the state is none that it names`);
  const severity = at(picks.severity)?.toLowerCase();
  const link = at(picks.link);
  return {
    fingerprint,
    state,
    severity: SEVERITIES.find((it) => it === severity) ?? null,
    title: at(picks.title) ?? fingerprint,
    detail: at(picks.detail) ?? "",
    startedAtMs: timeOf(at(picks.since)),
    endedAtMs: null,
    labels: {},
    links: link === null ? [] : [{ label: "Open", url: link }],
    runbookUrl: at(picks.runbook),
    silenceUrl: null,
  };
}

/** An ISO date, or seconds or milliseconds since 1970; null where it is none of these. */
function timeOf(text: string | null): number | null {
  if (text === null) return null;
  const number = Number(text);
  // Seconds have ten digits until the year 2286.
  if (/^\d{9,13}(\.\d+)?$/.test(text)) return Math.round(number < 1e11 ? number * 1000 : number);
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** The preset's words, or those of the settings, with everything personal masked that is not to be shown. */
function noteOf(
  { label }: ResolvedSource,
  notice: NonNullable<RouteSettings["notice"]>,
  { reading, verified }: Made,
): Note {
  const { received, payload, event } = verified;
  return shapeNote(reading.note ?? null, notice, { received, payload, title: `${label}: ${event}` });
}

/**
 * How fast Slack is told: slower than it allows, so that it never has to say "not now". Each row that has to wait gets a
 * moment of its own, so that a thousand of them need not ask again and again.
 *
 * Slack's limits hold for each method, app and workspace (docs.slack.dev/apis/web-api/rate-limits):
 * - chat.postMessage: about one message a second and channel, with short bursts, and several hundred a minute in all;
 * - chat.update: tier 3, some 50 a minute. At most 45 are planned, so that a few are left for messages that are looked
 *   up and edited in one go;
 * - chat.postEphemeral, views.open: tier 4, some 100 a minute, more than people ask for: these wait for nothing.
 */
import type { OutboxKind } from "../store/outbox.ts";
import { createLane, type Lane, type Slot } from "./lane.ts";

export type SlackMethod = "chat.postMessage" | "chat.update" | "chat.postEphemeral" | "views.open";

/** What the pace has to know of a row of the outbox. */
export type PacedRow = {
  readonly id: number;
  readonly kind: OutboxKind;
  /** As the wish names it; "" where there is none. */
  readonly channel: string;
  /** The message is there already. */
  readonly isEdit: boolean;
  /** As in `Wish`. */
  readonly isUrgent: boolean;
  /** It gathers many news, and is edited seldom until its end. */
  readonly isGathering?: boolean;
};

export type Pace = {
  /** How long the row has to wait, in milliseconds; 0: it goes now, and counts. */
  waitMs(row: PacedRow): number;
  /**
   * Slack asks to wait with this method until then, in milliseconds since 1970. Where it said so of a message for a
   * channel, the others go on, until it says so of a second one meanwhile: then it means all of them.
   */
  pauseMethod(method: SlackMethod, untilMs: number, channel?: string): void;
};

const POST_GAP_MS = 1000;
/** 30 a minute for final states, which take the others' moments too when theirs are gone, and 15 for what goes on: */
const FINAL_GAP_MS = 2000;
/** 12 at even distances, and 3 whenever they are wanted, so that whoever watches sees each step of a short deployment. */
const PROGRESS_GAP_MS = 5000;
const SPARES = 3;
const SPARE_GAP_MS = 60_000;
/** So long a message stays as it is before its progress is shown again. */
const REST_MS = 1000;
const GATHERING_REST_MS = 30_000;
/** A row that comes a little late for its moment goes all the same: within a minute that makes one more at most. */
const LATE_MS = 500;

/** Creates the pace. `now` tells the time in milliseconds since 1970. */
export function createPace(now: () => number): Pace {
  const finals = createLane({ gapMs: FINAL_GAP_MS, lateMs: LATE_MS });
  const progress = [
    createLane({ gapMs: PROGRESS_GAP_MS, lateMs: LATE_MS }),
    ...Array.from({ length: SPARES }, () => createLane({ gapMs: SPARE_GAP_MS, lateMs: LATE_MS })),
  ];
  const edits = [finals, ...progress];
  const posts = new Map<string, Lane>();
  const paused = new Map<SlackMethod, number>();
  /** Channels that take no new messages until then. */
  const full = new Map<string, number>();
  /** The moments that rows wait for. */
  const kept = new Map<number, { readonly lane: Lane; readonly slot: Slot }>();
  /** When the message of a row was posted or edited last. */
  const shown = new Map<number, number>();

  function lanesOf({ isEdit, isUrgent, channel }: PacedRow): readonly Lane[] {
    if (isEdit) return isUrgent ? edits : progress;
    const lane = posts.get(channel) ?? createLane({ gapMs: POST_GAP_MS, lateMs: LATE_MS });
    posts.set(channel, lane);
    return [lane];
  }

  function forget(nowMs: number): void {
    for (const lane of [...edits, ...posts.values()]) for (const id of lane.forget(nowMs)) kept.delete(id);
    for (const [channel, lane] of posts) if (lane.isEmpty()) posts.delete(channel);
    for (const [id, atMs] of shown) if (atMs + GATHERING_REST_MS <= nowMs) shown.delete(id);
    for (const [channel, untilMs] of full) if (untilMs <= nowMs) full.delete(channel);
  }

  /** The earliest moment at which the row may go, as far as it alone is concerned. */
  function earliestMs(row: PacedRow, nowMs: number): number {
    const fullUntilMs = methodOf(row) === "chat.postMessage" ? full.get(row.channel) : undefined;
    const fromMs = Math.max(nowMs, paused.get(methodOf(row)) ?? 0, fullUntilMs ?? 0);
    if (!row.isEdit || row.isUrgent) return fromMs;
    const restMs = row.isGathering ? GATHERING_REST_MS : REST_MS;
    return Math.max(fromMs, (shown.get(row.id) ?? Number.NEGATIVE_INFINITY) + restMs);
  }

  /** The moment that is kept for the row, unless it is none for what the row has become. */
  function keptFor(row: PacedRow, lanes: readonly Lane[], isUrgent: boolean, fromMs: number): Slot | undefined {
    const own = kept.get(row.id);
    if (!own) return undefined;
    const { lane, slot } = own;
    const isStillGood = lanes.includes(lane) && slot.isUrgent === isUrgent && slot.atMs + LATE_MS >= fromMs;
    if (isStillGood) return slot;
    lane.giveBack(slot);
    kept.delete(row.id);
    return undefined;
  }

  function keepFor({ id }: PacedRow, lanes: readonly Lane[], isUrgent: boolean, fromMs: number): Slot {
    const [best] = lanes.map((lane) => ({ lane, atMs: lane.freeMs(fromMs, isUrgent) })).sort((a, b) => a.atMs - b.atMs);
    if (!best) throw new Error("every row has a lane");
    const { slot, lost } = best.lane.keep({ id, atMs: best.atMs, isUrgent });
    for (const loser of lost) kept.delete(loser);
    kept.set(id, { lane: best.lane, slot });
    return slot;
  }

  return {
    waitMs(row) {
      const nowMs = now();
      if (!row.kind.startsWith("slack.")) return 0;
      const fromMs = earliestMs(row, nowMs);
      if (row.kind === "slack.answer" || row.kind === "slack.modal") return fromMs - nowMs;
      forget(nowMs);
      const lanes = lanesOf(row);
      // In a channel everybody waits in line: nobody's first message goes before another's.
      const isUrgent = row.isEdit && row.isUrgent;
      const slot = keptFor(row, lanes, isUrgent, fromMs) ?? keepFor(row, lanes, isUrgent, fromMs);
      if (slot.atMs > nowMs) return slot.atMs - nowMs;
      slot.hasGone = true;
      kept.delete(row.id);
      shown.set(row.id, nowMs);
      return 0;
    },
    pauseMethod(method, untilMs, channel = "") {
      forget(now());
      if (method === "chat.postMessage" && channel !== "" && [...full.keys()].every((it) => it === channel)) {
        full.set(channel, Math.max(untilMs, full.get(channel) ?? 0));
        posts.get(channel)?.delay(untilMs);
        return;
      }
      paused.set(method, Math.max(untilMs, paused.get(method) ?? 0));
      const lanes = { "chat.update": edits, "chat.postMessage": [...posts.values()] };
      if (method === "chat.update" || method === "chat.postMessage") for (const it of lanes[method]) it.delay(untilMs);
    },
  };
}

/** The method by which a row is told. */
export function methodOf({ kind, isEdit }: Pick<PacedRow, "kind" | "isEdit">): SlackMethod {
  if (kind === "slack.answer") return "chat.postEphemeral";
  if (kind === "slack.modal") return "views.open";
  return isEdit ? "chat.update" : "chat.postMessage";
}

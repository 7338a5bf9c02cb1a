/** A lane: moments that lie at least so far apart, given out ahead of time, each to one row. Pure. */

/** A moment that is kept for a row until it goes, or that it went at. */
export type Slot = {
  readonly id: number;
  /** In milliseconds since 1970. */
  atMs: number;
  /** Whoever is not urgent may lose its slot to somebody who is. */
  readonly isUrgent: boolean;
  hasGone: boolean;
};

export type Lane = {
  /** The first free moment from `fromMs` on; for an urgent row also those that are kept for others. */
  freeMs(fromMs: number, isUrgent: boolean): number;
  /** Keeps a moment that `freeMs` named. Answers with the slot, and with the rows that lost theirs. */
  keep(slot: Pick<Slot, "id" | "atMs" | "isUrgent">): { readonly slot: Slot; readonly lost: readonly number[] };
  /** Gives back a moment that was not used. */
  giveBack(slot: Slot): void;
  /** Moves everybody who waits back, in their order, so that nobody goes before `untilMs`. */
  delay(untilMs: number): void;
  /** Forgets what matters no more at `nowMs`. Answers with the rows that did not come for their moment. */
  forget(nowMs: number): readonly number[];
  isEmpty(): boolean;
};

/** Creates a lane. Whoever comes more than `lateMs` after its moment has lost it. */
export function createLane({ gapMs, lateMs }: { readonly gapMs: number; readonly lateMs: number }): Lane {
  /** In the order of time. */
  let slots: Slot[] = [];

  const isInTheWay = (slot: Slot, isUrgent: boolean) => !isUrgent || slot.isUrgent || slot.hasGone;

  return {
    freeMs(fromMs, isUrgent) {
      let atMs = fromMs;
      for (const slot of slots) {
        if (slot.atMs >= atMs + gapMs) break;
        if (isInTheWay(slot, isUrgent) && slot.atMs > atMs - gapMs) atMs = slot.atMs + gapMs;
      }
      return atMs;
    },
    keep({ id, atMs, isUrgent }) {
      const slot: Slot = { id, atMs, isUrgent, hasGone: false };
      const lost = slots.filter((it) => Math.abs(it.atMs - atMs) < gapMs);
      slots = slots.filter((it) => !lost.includes(it));
      const after = slots.findIndex((it) => it.atMs > atMs);
      slots.splice(after === -1 ? slots.length : after, 0, slot);
      return { slot, lost: lost.map((it) => it.id) };
    },
    giveBack(slot) {
      slots = slots.filter((it) => it !== slot);
    },
    delay(untilMs) {
      const waiting = slots.filter(({ hasGone }) => !hasGone);
      const byMs = untilMs - (waiting[0]?.atMs ?? untilMs);
      if (byMs > 0) for (const slot of waiting) slot.atMs += byMs;
    },
    forget(nowMs) {
      const isPast = ({ hasGone, atMs }: Slot) => (hasGone ? atMs + gapMs <= nowMs : atMs + lateMs < nowMs);
      const past = slots.filter(isPast);
      if (past.length > 0) slots = slots.filter((it) => !isPast(it));
      return past.filter(({ hasGone }) => !hasGone).map(({ id }) => id);
    },
    isEmpty: () => slots.length === 0,
  };
}

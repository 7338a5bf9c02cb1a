/** Times of day in a time zone, on days that are not always 24 hours long. */

const DAY_MS = 86_400_000;

/** A moment that comes once a day: its date there, when it is, and when it was the day before. */
export type DailyMoment = { readonly date: string; readonly atMs: number; readonly dayBeforeMs: number };

/**
 * The last time it was `at` ("09:00") in the time zone. Where clocks are put forward over that time it is as much later;
 * where they are put back it is the first of the two.
 */
export function lastTimeAt(at: string, timeZone: string, nowMs: number): DailyMoment {
  const wallMs = wallClockOf(timeZone);
  const today = startOfDay(wallMs(nowMs));
  const momentOf = (dayMs: number) => instantOf(wallMs, dayMs + timeOfDayMs(at));
  const day = momentOf(today) <= nowMs ? today : today - DAY_MS;
  return {
    date: new Date(day).toISOString().slice(0, 10),
    atMs: momentOf(day),
    dayBeforeMs: momentOf(day - DAY_MS),
  };
}

/** What a clock there shows, as if it were UTC. */
type WallClock = (ms: number) => number;

function wallClockOf(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  });
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}

/** When a clock there shows `wall`: no zone changes its offset twice within two days. */
function instantOf(wallMs: WallClock, wall: number): number {
  const candidates = [-DAY_MS, DAY_MS]
    .map((away) => wall - (wallMs(wall + away) - (wall + away)))
    .sort((a, b) => a - b);
  const [earlier = wall, later = wall] = candidates;
  if (wallMs(earlier) === wall) return earlier;
  return later;
}

const startOfDay = (wall: number) => Math.floor(wall / DAY_MS) * DAY_MS;

function timeOfDayMs(at: string): number {
  const [hours = 0, minutes = 0] = at.split(":").map(Number);
  return (hours * 60 + minutes) * 60_000;
}

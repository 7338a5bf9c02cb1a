import { describe, expect, it } from "vitest";
import { lastTimeAt } from "../../src/model/day.ts";

const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16);
const last = (at: string, zone: string, now: string) => {
  const { date, atMs, dayBeforeMs } = lastTimeAt(at, zone, Date.parse(now));
  return [date, iso(atMs), iso(dayBeforeMs)];
};

describe("the last time it was that time of day", () => {
  it.each([
    ["09:00", "UTC", "2026-11-30T08:59:59.999Z", "2026-11-29", "2026-11-29T09:00", "2026-11-28T09:00"],
    ["09:00", "UTC", "2026-11-30T09:00:00Z", "2026-11-30", "2026-11-30T09:00", "2026-11-29T09:00"],
    ["00:00", "UTC", "2026-11-30T00:00:00Z", "2026-11-30", "2026-11-30T00:00", "2026-11-29T00:00"],
    ["09:00", "Europe/Berlin", "2026-11-30T09:00:00Z", "2026-11-30", "2026-11-30T08:00", "2026-11-29T08:00"],
    ["23:30", "Pacific/Auckland", "2026-11-30T12:00:00Z", "2026-11-30", "2026-11-30T10:30", "2026-11-29T10:30"],
    ["01:00", "America/Los_Angeles", "2026-11-30T08:00:00Z", "2026-11-29", "2026-11-29T09:00", "2026-11-28T09:00"],
    ["09:00", "Asia/Kathmandu", "2026-11-30T03:15:00Z", "2026-11-30", "2026-11-30T03:15", "2026-11-29T03:15"],
  ])("%s in %s, at %s", (at, zone, now, ...expected) => {
    expect(last(at, zone, now)).toEqual(expected);
  });
});

describe("where clocks are put forward (Berlin, 2026-03-29, 02:00 to 03:00)", () => {
  it("the day before is 23 hours away", () => {
    expect(last("09:00", "Europe/Berlin", "2026-03-29T12:00:00Z")).toEqual([
      ...["2026-03-29", "2026-03-29T07:00", "2026-03-28T08:00"],
    ]);
  });

  it("a time that is left out is as much later", () => {
    expect(last("02:30", "Europe/Berlin", "2026-03-29T12:00:00Z")).toEqual([
      ...["2026-03-29", "2026-03-29T01:30", "2026-03-28T01:30"],
    ]);
  });
});

describe("where clocks are put back (Berlin, 2026-10-25, 03:00 to 02:00)", () => {
  it("the day before is 25 hours away", () => {
    expect(last("09:00", "Europe/Berlin", "2026-10-25T12:00:00Z")).toEqual([
      ...["2026-10-25", "2026-10-25T08:00", "2026-10-24T07:00"],
    ]);
  });

  it("of a time that comes twice it is the first", () => {
    for (const now of ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T12:00:00Z"]) {
      expect(last("02:30", "Europe/Berlin", now)).toEqual(["2026-10-25", "2026-10-25T00:30", "2026-10-24T00:30"]);
    }
  });
});

it("Goes on from day to day without a gap, through a whole year, in every kind of zone", () => {
  for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "UTC"]) {
    let previous = lastTimeAt("02:15", zone, Date.UTC(2026, 0, 1, 18));
    for (let day = 1; day <= 365; day++) {
      const next = lastTimeAt("02:15", zone, Date.UTC(2026, 0, 1 + day, 18));
      expect([next.dayBeforeMs, next.date > previous.date], `${zone} ${next.date}`).toEqual([previous.atMs, true]);
      previous = next;
    }
  }
});

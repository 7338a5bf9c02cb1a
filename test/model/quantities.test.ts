import { expect, test } from "vitest";
import { bytesText, durationText, sizeLimitText, timeLimitText } from "../../src/model/quantities.ts";

test("Quantities are written as people write them", () => {
  expect([0, 999, 1000, 9949, 12_345, 999_499, 999_600, 1_234_567, 60_400_000, 5e9].map(bytesText)).toEqual([
    ..."0 B,999 B,1 KB,9.9 KB,12 KB,999 KB,1 MB,1.2 MB,60 MB,5 GB".split(","),
  ]);
  expect([0, 80, 2300, 42_000, 59_400, 120_000, 185_000, 7_800_000, 7_200_000].map(durationText)).toEqual([
    ..."0.00 s,0.08 s,2.3 s,42 s,59 s,2 min,3 min 5 s,2 h 10 min,2 h".split(","),
  ]);
});

test("Limits are written in the units that they are configured in", () => {
  expect([500, 1000, 90_000, 60_000, 600_000].map(timeLimitText)).toEqual([
    ..."500 milliseconds,1 second,90 seconds,1 minute,10 minutes".split(","),
  ]);
  expect([1, 1023, 64 * 1024 ** 2, 1.5 * 1024 ** 3].map(sizeLimitText)).toEqual([
    ..."1 bytes,1023 bytes,64 MB,1.5 GB".split(","),
  ]);
});

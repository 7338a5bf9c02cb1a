/** How many connections an upload gets, played through without a network. */
import { describe, expect, it } from "vitest";
import { createGrowth } from "../../../src/publishers/ftp/lanes.ts";

type Link = {
  readonly files: number;
  readonly bytesPerFile: number;
  /** What one connection sends in a second, however many others there are, in files. */
  readonly filesPerSecond: number;
  /** What all of them together can send in a second, in bytes. */
  readonly bytesPerSecond?: number;
  readonly isChosen?: boolean;
  readonly max?: number;
};

const LOGIN_MS = 400;

/** Plays an upload. Answers with when each login began, in milliseconds, beside the first connection's. */
function play(link: Link): number[] {
  const { files, bytesPerFile, filesPerSecond, bytesPerSecond = Number.POSITIVE_INFINITY } = link;
  const { isChosen = false, max = 6 } = link;
  const growth = createGrowth({ loginMs: () => LOGIN_MS, isChosen });
  const begun: number[] = [];
  let sent = 0;
  for (let atMs = 0; sent < files; atMs += 50) {
    const joined = begun.filter((beginning) => beginning + LOGIN_MS <= atMs).length;
    const working = 1 + joined;
    sent += Math.min(working * filesPerSecond, bytesPerSecond / bytesPerFile) / 20;
    const filesSent = Math.floor(sent);
    const filesLeft = Math.max(0, files - filesSent - working);
    const loggingIn = begun.length - joined;
    const done = { filesSent, bytesSent: sent * bytesPerFile };
    const state = {
      atMs: 1_000_000 + atMs,
      working,
      loggingIn,
      filesLeft,
      bytesLeft: filesLeft * bytesPerFile,
      ...done,
    };
    if (working + loggingIn < max && growth.wantsOneMore(state)) begun.push(atMs);
  }
  return begun;
}

describe("the connections of an upload", () => {
  it("are one for a few files, and two or three for ten", () => {
    expect(play({ files: 3, bytesPerFile: 4000, filesPerSecond: 8 })).toHaveLength(0);
    const forTen = play({ files: 10, bytesPerFile: 4000, filesPerSecond: 8 }).length + 1;
    expect(forTen).toBeGreaterThanOrEqual(2);
    expect(forTen).toBeLessThanOrEqual(3);
  });

  it("begin with two, and double until they are as many as may be for a long queue", () => {
    const begun = play({ files: 1000, bytesPerFile: 4000, filesPerSecond: 8 });
    expect(begun).toHaveLength(5);
    expect(begun[0]).toBe(0);
    expect(begun.slice(1, 3).every((atMs) => atMs >= LOGIN_MS && atMs < 2 * LOGIN_MS)).toBe(true);
    expect(begun.slice(3).every((atMs) => atMs >= 2 * LOGIN_MS && atMs < 3 * LOGIN_MS)).toBe(true);
  });

  it("become eight within a few seconds when the operator says so", () => {
    const begun = play({ files: 5000, bytesPerFile: 4000, filesPerSecond: 8, isChosen: true, max: 8 });
    expect(begun).toHaveLength(7);
    expect(begun.at(-1)).toBeLessThan(3000);
  });

  it("stay few where the line is full: one more is tried now and then", () => {
    const begun = play({ files: 300, bytesPerFile: 1_000_000, filesPerSecond: 20, bytesPerSecond: 20_000_000 });
    expect(begun.filter((atMs) => atMs < 5000).length).toBeLessThanOrEqual(3);
    expect(begun.length).toBeLessThanOrEqual(5);
  });

  it("become more for a few large files, too", () => {
    expect(play({ files: 8, bytesPerFile: 50_000_000, filesPerSecond: 0.1 }).length).toBeGreaterThanOrEqual(4);
  });
});

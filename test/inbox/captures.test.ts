import { describe, expect, it } from "vitest";
import { type Captures, createCaptures } from "../../src/inbox/captures.ts";
import type { Received } from "../../src/model/received.ts";

const received: Received = {
  ...{ method: "POST", target: "/hooks/new", headers: {}, query: new URLSearchParams(), token: "" },
  body: Buffer.from("{}"),
};
const FOREVER = new AbortController().signal;

function create() {
  let nowMs = 0;
  const captures = createCaptures({ now: () => nowMs });
  return {
    captures,
    passes(ms: number) {
      nowMs += ms;
    },
  };
}

/** Whether a request would be let through; it is not. */
function isOpen(captures: Captures, name: string): boolean {
  const claim = captures.claim(name);
  claim?.release();
  return claim !== null;
}

describe("a window for one request", () => {
  it("is closed until somebody opens it, and lets one request through", async () => {
    const { captures } = create();
    expect(captures.claim("new")).toBe(null);
    captures.open("new", 60_000);
    expect([isOpen(captures, "new"), isOpen(captures, "other")]).toEqual([true, false]);
    const waiting = captures.wait("new", FOREVER);
    captures.claim("new")?.give(received);
    expect(captures.claim("new")).toBe(null);
    expect(await waiting).toBe(received);
    expect(await captures.wait("new", FOREVER)).toBe(null);
  });

  it("keeps what came for whoever asks next, and hands it out once", async () => {
    const { captures } = create();
    captures.open("new", 60_000);
    captures.claim("new")?.give(received);
    expect(await captures.wait("new", FOREVER)).toBe(received);
    expect(await captures.wait("new", FOREVER)).toBe(null);
  });

  it("is open again when the request broke off", async () => {
    const { captures } = create();
    captures.open("new", 60_000);
    captures.claim("new")?.release();
    expect(isOpen(captures, "new")).toBe(true);
  });

  it("closes when its time is over, also for whoever waits", async () => {
    const captures = createCaptures({ now: Date.now });
    captures.open("new", Date.now() + 30);
    expect(await captures.wait("new", FOREVER)).toBe(null);
    expect(isOpen(captures, "new")).toBe(false);
    const { captures: others, passes } = create();
    others.open("new", 5000);
    passes(5000);
    expect(isOpen(others, "new")).toBe(false);
  });

  it("closes when nobody asks for it any more", async () => {
    const { captures, passes } = create();
    captures.open("new", 600_000);
    for (let time = 0; time < 3; time++) {
      passes(10_000);
      expect(await captures.wait("new", AbortSignal.abort())).toBe(undefined);
    }
    expect(isOpen(captures, "new")).toBe(true);
    passes(15_001);
    expect(isOpen(captures, "new")).toBe(false);
  });

  it("is closed by whoever opened it, and replaced by the next", async () => {
    const { captures } = create();
    captures.open("new", 60_000);
    const waiting = captures.wait("new", FOREVER);
    captures.open("new", 60_000);
    expect(await waiting).toBe(null);
    captures.close("new");
    expect(isOpen(captures, "new")).toBe(false);
  });

  it("is one of ten", () => {
    const { captures } = create();
    for (let at = 0; at < 12; at++) captures.open(`new-${at}`, 60_000);
    expect([isOpen(captures, "new-1"), isOpen(captures, "new-2"), isOpen(captures, "new-11")]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

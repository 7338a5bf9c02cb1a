import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRejections, type Refused } from "../../src/inbox/rejections.ts";

function create({ everyMs = 60_000, now = (): number => 1_000_000 } = {}) {
  const lines: Array<{ msg: string; source: string; times: number }> = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const rejections = createRejections({ log, now, sources: ["shop", "docs"], everyMs });
  onTestFinished(() => rejections.stop());
  return { rejections, lines, said: () => lines.map((it) => it.msg) };
}

const refused = (given: Partial<Refused> = {}): Refused => ({
  ...{ source: "shop", client: "192.0.2.77", status: 401, bytes: 12 },
  headers: { "content-type": "application/json", "x-signature": "deadbeef" },
  ...given,
});
const finding = (sentence: string) => async () => [{ code: "why", sentence }];

describe("what was refused", () => {
  it("is remembered without its body, the values of its headers and the whole address", () => {
    const { rejections } = create();
    rejections.add(refused());
    const report = rejections.report("shop");
    expect(report).toEqual({
      sinceMs: 1_000_000,
      counts: { 401: 1 },
      last: [
        {
          ...{ atMs: 1_000_000, source: "shop", client: "192.0.2.0/24", status: 401, bytes: 12, findings: null },
          ...{ headers: ["content-type", "x-signature"], contentType: "application/json" },
        },
      ],
    });
    expect(JSON.stringify(report)).not.toContain("deadbeef");
  });

  it.each([
    "0123456789abcdef0123456789abcdef",
    "3f2b8c1e-77aa-4d02-9c55-1b2c3d4e5f60",
    "k3y-of-somebody-1",
    "Not A Name",
  ])("is not called as the path says where that may be a secret in the wrong place: %s", (name) => {
    const { rejections, lines } = create();
    rejections.add(refused({ source: name, status: 404 }));
    rejections.add(refused({ source: "strip", status: 404 }));
    expect(JSON.stringify([lines, rejections.report(name)])).not.toContain(name);
    expect(rejections.report("strip").last).toHaveLength(1);
  });

  it("is counted all, but of a flood only some are remembered, the newest first", () => {
    let nowMs = 0;
    const { rejections } = create({ now: () => nowMs });
    for (let time = 0; time < 10_000; time++) {
      nowMs = time;
      rejections.add(refused({ bytes: time }));
    }
    const { counts, last } = rejections.report("shop");
    expect([counts[401], last.length]).toEqual([10_000, 50]);
    expect(last.slice(0, 6).map((it) => it.bytes)).toEqual([9004, 9003, 9002, 9001, 9000, 8004]);
  });

  it("is explained after the answer, at most once a second for each source, and small bodies alone", async () => {
    let nowMs = 5000;
    const asked: string[] = [];
    const { rejections } = create({ now: () => nowMs });
    const explain = (name: string) => async () => {
      asked.push(name);
      return [{ code: name, sentence: `It was ${name}.` }];
    };
    rejections.add(refused({ explain: explain("first") }));
    rejections.add(refused({ explain: explain("too soon") }));
    rejections.add(refused({ source: "docs", explain: explain("docs") }));
    expect(asked).toEqual([]);
    await expect.poll(() => asked).toEqual(["first", "docs"]);
    nowMs += 1000;
    rejections.add(refused({ explain: explain("later") }));
    rejections.add(refused({ explain: explain("large"), bytes: 1_000_000 }));
    await expect.poll(() => asked).toEqual(["first", "docs", "later"]);
    await expect
      .poll(() => rejections.report("shop").last.map((it) => it.findings?.[0]?.code))
      .toEqual(["body-too-large-to-explain", "later", undefined, "first"]);
  });

  it("is logged at once with the reason, and then as one line for each minute", async () => {
    const { rejections, said } = create({ everyMs: 150 });
    for (let time = 0; time < 1201; time++)
      rejections.add(refused({ explain: finding("The secret ends in a space.") }));
    rejections.add(refused({ status: 403 }));
    await expect
      .poll(said)
      .toEqual([
        "shop: a request was refused with 403",
        "shop: a request was refused with 401: The secret ends in a space.",
        "shop: refused 1,200 times in the last minute with 401: The secret ends in a space.",
      ]);
    rejections.add(refused({ status: 403 }));
    await expect.poll(() => said().length).toBe(4);
    expect(said().at(-1)).toBe("shop: a request was refused with 403");
  });

  it("goes on when the explanation fails", async () => {
    const { rejections, said } = create();
    rejections.add(refused({ explain: () => Promise.reject(new Error("no idea")) }));
    await expect
      .poll(said)
      .toEqual(["why a request was refused could not be found out", "shop: a request was refused with 401"]);
  });

  it("of sources that nobody configured is kept in one place, under names that can be names alone", async () => {
    const { rejections, lines } = create();
    for (let time = 0; time < 1000; time++) rejections.add(refused({ source: `guess-${time}`, status: 404 }));
    rejections.add(refused({ source: "guess-1", status: 405 }));
    rejections.add(refused({ source: "S3cret\n", status: 400 }));
    expect(rejections.report("guess-1")).toMatchObject({
      counts: { 404: 1, 405: 1 },
      last: [{ status: 405 }, { status: 404 }],
    });
    expect(rejections.report("guess-999").last).toEqual([]);
    expect(lines.map((it) => [it.source, it.msg])).toEqual([
      ["guess-0", "a source that is not configured: a request was refused with 404"],
      ["guess-1", "a source that is not configured: a request was refused with 405"],
      ["?", "a source that is not configured: a request was refused with 400"],
    ]);
  });
});

/** The records on a host: what is written is read back, and nothing that was tampered with is believed. */
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FileEntry, type Manifest, releaseOf } from "../../src/model/release.ts";
import { packJournal, packManifest, UNKNOWN, unpackJournal, unpackManifest } from "../../src/releases/host-manifest.ts";
import { collectClaims, settleClaims } from "../../src/releases/ownership.ts";

const entry = (digit: string, size: number): FileEntry => ({ sha256: digit.repeat(64), size });
const files: Manifest = new Map([
  ["__proto__", entry("a", 1)],
  ["index.html", entry("b", 2)],
]);
const record = {
  releaseId: releaseOf(files).id,
  atMs: 1_700_000_000_000,
  files,
  folders: new Set(["about"]),
  retained: new Map([["app-OLDOLD01.js", { ...entry("d", 4), sinceMs: 1_600_000_000_000, releases: 2 }]]),
  overwrites: false,
};

/** The manifest with something changed, packed again. */
function tampered(change: (json: Record<string, unknown>) => void): Buffer {
  const json = JSON.parse(gunzipSync(packManifest(record)).toString()) as Record<string, unknown>;
  change(json);
  return gzipSync(JSON.stringify(json));
}

describe("the records on a host", () => {
  it("are read back as they were written", () => {
    expect(unpackManifest(packManifest(record))).toEqual(record);
    const journal = { ...record, stage: "s-abc123", before: new Map([["old.html", entry(UNKNOWN, 7)]]) };
    expect(unpackJournal(packJournal(journal))).toEqual(journal);
  });

  it("are not believed when they are cut off anywhere", () => {
    const bytes = packManifest(record);
    for (let length = 0; length < bytes.length; length += 1)
      expect(unpackManifest(bytes.subarray(0, length))).toBe("damaged");
  });

  it("are not believed, and do no harm, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.constantFrom("null", "[]", "{}")), fc.uint8Array(), (json, bytes) => {
        expect(unpackManifest(gzipSync(json))).toBe("damaged");
        expect(unpackJournal(Buffer.from(bytes))).toBe("damaged");
      }),
    );
  });

  it.each([
    ["another schema", (json: Record<string, unknown>) => Object.assign(json, { schema: 0 })],
    [
      "a retained file outside",
      (json: Record<string, unknown>) => Object.assign(json, { retained: [["../x", "", 1, 1, 1]] }),
    ],
    ["another id", (json: Record<string, unknown>) => Object.assign(json, { releaseId: "0".repeat(64) })],
    ["no folders", (json: Record<string, unknown>) => Object.assign(json, { folders: null })],
    ["a folder outside", (json: Record<string, unknown>) => Object.assign(json, { folders: ["../.."] })],
  ])("are not believed with %s", (_, change) => {
    expect(unpackManifest(tampered((json) => void change(json)))).toBe("damaged");
  });

  it("of a newer version are told from damaged ones", () => {
    expect(unpackManifest(tampered((json) => void Object.assign(json, { schema: 2 })))).toBe("newer");
  });

  it("name no stage outside Slipway's folder", () => {
    const journal = { ...record, stage: "../../site", before: new Map() };
    expect(unpackJournal(packJournal(journal))).toBe("damaged");
  });

  it.each([
    "../x",
    "/etc/passwd",
    "a//b",
    "a/./b",
    "a\r\nDELE b",
    "a\\b",
    ".slipway/manifest.json.gz",
    "index.html/below",
  ])("are not believed with the path %j, although the id fits", (path) => {
    const hostile = new Map([...files, [path, entry("c", 3)]]);
    const bytes = packManifest({ ...record, releaseId: releaseOf(hostile).id, files: hostile });
    expect(unpackManifest(bytes)).toBe("damaged");
  });
});

describe("settleClaims", () => {
  const settle = (published: Manifest[], intended: Manifest, sizes: Record<string, number>) => {
    const claims = collectClaims(published, intended);
    return Object.fromEntries(
      settleClaims(
        claims,
        [...claims.keys()].map((path) => sizes[path]),
      ),
    );
  };
  const old = entry("1", 10);
  const next = entry("2", 12);

  it("knows the content by its size where the records differ in size", () => {
    const claims = [[new Map([["a", old]])], new Map([["a", next]])] as const;
    expect(settle([...claims[0]], claims[1], { a: 10 })).toEqual({ a: old });
    expect(settle([...claims[0]], claims[1], { a: 12 })).toEqual({ a: next });
  });

  it("is not sure of the content where they do not", () => {
    expect(settle([new Map([["a", old]])], new Map([["a", entry("2", 10)]]), { a: 10 })).toEqual({
      a: entry(UNKNOWN, 10),
    });
  });

  it("forgets what is gone", () => {
    expect(settle([new Map([["a", old]])], new Map(), {})).toEqual({});
  });

  it("keeps what others changed as ours if we had published it, with the size we gave it", () => {
    expect(settle([new Map([["a", old]])], new Map(), { a: 99 })).toEqual({ a: entry(UNKNOWN, 10) });
  });

  it("counts what others put under an intended name as theirs", () => {
    expect(settle([], new Map([["a", next]]), { a: 99 })).toEqual({});
    expect(settle([], new Map([["a", next]]), { a: 12 })).toEqual({ a: next });
  });
});

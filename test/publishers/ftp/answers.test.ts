/** What replies tell about a file, with what real servers were seen to say. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PermanentError } from "../../../src/errors.ts";
import { readDigest, readModified, readSize } from "../../../src/publishers/ftp/answers.ts";

const reply = (message: string) => ({ code: Number(message.slice(0, 3)), message });
const SHA256 = "8e56b639882ef91f67c597965dfb451cbd2e4b41d1a8cd9b01dd3241aa518796";

describe("the size of a file", () => {
  it.each([
    ["213 12", 12],
    ["213 0", 0],
    ["213 9007199254740991", Number.MAX_SAFE_INTEGER],
    ["550 none: No such file or directory", undefined],
    ["550 Could not get file size.", undefined],
    ["550 Can't check for file existence", undefined],
    ["550 dir: not a regular file", undefined],
    ["550 I can only retrieve regular files", undefined],
  ])("%s", (message, size) => {
    expect(readSize(reply(message))).toBe(size);
  });

  it("is asked for again after an answer that may change, and never where SIZE is unknown", () => {
    expect(() => readSize(reply("502 SIZE not implemented"))).toThrow(PermanentError);
    for (const message of ["213 many", "451 Local error in processing", "213 99999999999999999999"]) {
      expect(() => readSize(reply(message))).toThrow(Error);
      expect(() => readSize(reply(message))).not.toThrow(PermanentError);
    }
  });
});

describe("when a file was changed", () => {
  it.each([
    ["213 20261124160456", Date.UTC(2026, 10, 24, 16, 4, 56)],
    ["213 20261124160456.789", Date.UTC(2026, 10, 24, 16, 4, 56)],
    ["213 20161231235960", Date.UTC(2016, 11, 31, 23, 59, 59)],
    ["213 191000101000000", undefined],
    ["213 20261324160456", undefined],
    ["550 Could not get file modification time.", undefined],
    ["550 dir: not a plain file", undefined],
    ["500 Unknown command.", undefined],
  ])("%s", (message, timeMs) => {
    expect(readModified(reply(message))).toBe(timeMs);
  });

  it("is read as it was written, for every second", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (second) => {
        const text = new Date(second * 1000).toISOString().replace(/\D/g, "").slice(0, 14);
        expect(readModified(reply(`213 ${text}`))).toBe(second * 1000);
      }),
    );
  });
});

describe("the digest of a file", () => {
  it.each([
    ["HASH", `213-Computing SHA-256 digest\r\n213 SHA-256 0-12 ${SHA256} a b.txt`, SHA256],
    ["HASH", `213 SHA-256 0-49 ${SHA256.toUpperCase()} filename.ext`, SHA256],
    ["HASH", "213-Computing SHA-1 digest\r\n213 SHA-1 0-12 d12dd1884be7c07e5a8041ad03403d89552db5dc a.txt", undefined],
    ["HASH", `213 SHA-1 0-12 d12dd1884be7c07e5a8041ad03403d89552db5dc SHA-256 0-1 ${SHA256} x`, undefined],
    ["HASH", "550 none: No such file or directory", undefined],
    ["HASH", "553 dir: Not a regular file", undefined],
    ["HASH", "500 HASH not understood", undefined],
    ["XSHA256", `250-Computing SHA256 digest\r\n250 ${SHA256.toUpperCase()}`, SHA256],
    ["XSHA256", `250 ${SHA256}`, SHA256],
    ["XSHA256", "550 dir: Not a regular file", undefined],
    ["XSHA256", "250 D12DD1884BE7C07E5A8041AD03403D89552DB5DC", undefined],
  ] as const)("%s: %s", (command, message, digest) => {
    expect(readDigest(reply(message), command)).toBe(digest);
  });

  it("is asked for again when the server is busy", () => {
    expect(() => readDigest(reply("450 Computing another digest"), "HASH")).toThrow(/450/);
  });
});

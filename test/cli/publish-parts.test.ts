/** The small parts of `slipway publish`: how values are read, what is remembered, and how things are said. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { errorAnnotation } from "../../src/cli/github-actions.ts";
import { barText, createProgress } from "../../src/cli/progress-bar.ts";
import { readCount, readDuration, readFingerprint, readHostKey } from "../../src/cli/publish-arguments.ts";
import { resultText } from "../../src/cli/publish-report.ts";
import { stateFile } from "../../src/cli/publish-state.ts";
import { isEncrypted } from "../../src/cli/publish-target.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { releaseOf } from "../../src/model/release.ts";
import { UNKNOWN_HOST } from "../../src/publishers/host-profile.ts";

describe("values of options", () => {
  it("reads lengths of time", () => {
    expect(["90s", "15m", "1h 30m", "0.5s", "2h"].map((text) => readDuration("--timeout", text))).toEqual([
      90_000, 900_000, 5_400_000, 500, 7_200_000,
    ]);
  });

  it("refuses every text that is no length of time, naming the option", () => {
    for (const text of ["", "x", "10", "-5s", "0s", "5 s m", "60d"]) {
      expect(() => readDuration("--timeout", text), text).toThrow(/^--timeout: is /);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const ms = readDuration("--timeout", text);
          return ms > 0 && ms < 2 ** 31;
        } catch (error) {
          return error instanceof UsageError;
        }
      }),
    );
  });

  it("reads counts, fingerprints and host keys in the forms that other programs print", () => {
    expect(readCount("--connections", "4", 1)).toBe(4);
    for (const text of ["0", "-1", "1.5", "x", "", "1e3"]) {
      expect(() => readCount("--connections", text, 1), text).toThrow(UsageError);
    }
    const hex = "ab".repeat(32);
    const colons = hex.toUpperCase().replace(/..(?!$)/g, "$&:");
    for (const text of [hex, colons, `sha256 Fingerprint=${colons}`, `SHA256:${hex}`]) {
      expect(readFingerprint("--fingerprint", text)).toBe(hex);
    }
    expect(() => readFingerprint("--fingerprint", "abc")).toThrow(/64 hex digits/);
    const key = `SHA256:${"a".repeat(43)}`;
    expect(readHostKey("--host-key", key)).toBe(key);
    expect(() => readHostKey("--host-key", "MD5:00:11")).toThrow(UsageError);
  });
});

describe("isEncrypted", () => {
  const pem = (options: object) =>
    String(
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(options as { format: "pem"; type: "pkcs8" }),
    );
  const opensshKey = (cipher: string) => {
    const name = Buffer.from(cipher);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(name.length);
    const body = Buffer.concat([Buffer.from("openssh-key-v1\0"), length, name, Buffer.alloc(40)]).toString("base64");
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
  };

  it("knows which private keys need a passphrase", () => {
    const passphrase = { cipher: "aes-256-cbc", passphrase: "word" };
    expect(isEncrypted(pem({ format: "pem", type: "pkcs8" }))).toBe(false);
    expect(isEncrypted(pem({ format: "pem", type: "pkcs8", ...passphrase }))).toBe(true);
    expect(isEncrypted(pem({ format: "pem", type: "sec1" }))).toBe(false);
    expect(isEncrypted(pem({ format: "pem", type: "sec1", ...passphrase }))).toBe(true);
    expect(isEncrypted(opensshKey("none"))).toBe(false);
    expect(isEncrypted(opensshKey("aes256-ctr"))).toBe(true);
  });

  it("says something about any text without failing", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        isEncrypted(`-----BEGIN OPENSSH PRIVATE KEY-----${text}-----END`);
      }),
    );
  });
});

describe("what --state remembers", () => {
  const release = releaseOf(new Map([["index.html", { sha256: "a".repeat(64), size: 4 }]]));
  const profile = { ...UNKNOWN_HOST, passive: "EPSV" as const, hostKey: "SHA256:x" };

  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), "slipway-state-"));
    onTestFinished(() => rm(path, { recursive: true }));
    return path;
  }

  it("is read back as it was written, per target, for nobody else to see", async () => {
    const place = join(await folder(), "made", "on demand");
    await stateFile(place, "ftps://a@h/x").write(release, profile);
    expect(await stateFile(place, "ftps://a@h/x").read(() => {})).toEqual({ manifest: release.files, profile });
    expect(await stateFile(place, "ftps://a@h/y").read(() => {})).toEqual({ manifest: null, profile: null });
    const [name, ...others] = await readdir(place);
    expect(others).toEqual([]);
    expect((await stat(join(place, name ?? ""))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["cut off", (text: string) => text.slice(0, -10)],
    ["of another schema", (text: string) => text.replace('"schema":1', '"schema":2')],
    ["changed by hand", (text: string) => text.replace("index.html", "other.html")],
    ["about a path outside", (text: string) => text.replace("index.html", "../x.html")],
    ["no object", () => "null"],
  ])("is not used when it is %s, and a line says so", async (_, damage) => {
    const place = await folder();
    const state = stateFile(place, "dir:/x");
    await state.write(release, profile);
    const path = join(place, (await readdir(place))[0] ?? "");
    await writeFile(path, damage(await readFile(path, "utf8")));
    const lines: string[] = [];
    expect(await state.read((line) => lines.push(line))).toEqual({ manifest: null, profile: null });
    expect(lines).toEqual([expect.stringContaining("is damaged")]);
    await state.write(release, profile);
    expect((await state.read(() => {})).manifest).toEqual(release.files);
  });
});

describe("words and numbers", () => {
  it("sums a publish up in one line", () => {
    const stats = { added: 5, changed: 12, removed: 5, unchanged: 0, uploadedBytes: 1_200_000, files: 17, bytes: 1 };
    expect(resultText({ stats, changeoverMs: 80, profile: UNKNOWN_HOST }, 2300)).toBe(
      "12 changed, 5 new, 5 removed; 1.2 MB in 2.3 s; the site changed over within 0.08 s",
    );
  });

  it("lets no message end an annotation and begin another command", () => {
    expect(errorAnnotation("50 %\n::set-output name=x::y")).toBe(
      "::error title=slipway publish::50 %25%0A::set-output name=x::y",
    );
  });
});

describe("progress", () => {
  /** A terminal of 80 columns that keeps what is written. */
  function terminal() {
    const written: string[] = [];
    const output = Object.assign(Object.create(process.stdout), {
      isTTY: true,
      columns: 80,
      write: (text: string) => written.push(text) > 0,
    });
    return { output, written };
  }

  it("shows phase, files, bytes, rate and the time left", () => {
    const text = barText("upload", { files: 50, ofFiles: 200, bytes: 1_000_000, ofBytes: 4_000_000 }, 2000);
    expect(text).toBe(`upload   ${"█".repeat(4)}${"░".repeat(12)}  50/200 files  1 MB/4 MB  500 KB/s  6 s left`);
    expect(barText("verify", null, 3400)).toBe("verify   3 s");
  });

  it("writes a line above the bar in one go, erases nothing first, and takes the bar away at the end", () => {
    const { output, written } = terminal();
    const progress = createProgress(output, false);
    progress.phase("connect");
    progress.say("a line with \x1b[2J in it");
    progress.end();
    const plain = written.map((text) => text.replaceAll("\x1b[36m", "").replaceAll("\x1b[39m", ""));
    expect(plain).toEqual(["\rconnect  0 s\x1b[K", "\ra line with  [2J in it\x1b[K\nconnect  0 s", "\r\x1b[K"]);
  });

  it("never fills the last column", () => {
    const { output, written } = terminal();
    const progress = createProgress(Object.assign(output, { columns: 20 }), false);
    progress.upload({ files: 50, ofFiles: 200, bytes: 1, ofBytes: 2 });
    progress.phase("upload");
    progress.end();
    expect(stripVTControlCharacters(written[0] ?? "").trimStart()).toHaveLength(19);
  });
});

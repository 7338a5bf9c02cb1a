import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OperatorError } from "../../src/errors.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { parseSecretReference, resolveSecret } from "../../src/secrets/secret-reference.ts";

describe("a secret", () => {
  it("prints as [secret] wherever it is shown", () => {
    const hidden = secret("hunter2");
    const shown = [
      `${hidden}`,
      String(hidden),
      JSON.stringify({ hidden }),
      inspect({ hidden }, { depth: 9 }),
      inspect(hidden),
    ];
    for (const text of shown) {
      expect(text).toContain("[secret]");
      expect(text).not.toContain("hunter2");
    }
    expect(hidden.reveal()).toBe("hunter2");
  });
});

describe("a reference to a secret", () => {
  it("is env: or file:, and never a literal", () => {
    expect(parseSecretReference("env:SHOP_PASSWORD")).toEqual({ kind: "env", name: "SHOP_PASSWORD" });
    expect(parseSecretReference("file:/run/secrets/x")).toEqual({ kind: "file", name: "/run/secrets/x" });
    for (const text of ["hunter2", "env:", "env:A B", "file:", "ENV:X", ""])
      expect(parseSecretReference(text)).toBeUndefined();
  });

  it("is read anew each time, without the file's last line break", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-secret-"));
    const path = join(folder, "password");
    const reference = { kind: "file", name: path } as const;
    writeFileSync(path, "first\n");
    expect(resolveSecret(reference, "sites.shop.password", {}).reveal()).toBe("first");
    writeFileSync(path, " second ");
    expect(resolveSecret(reference, "sites.shop.password", {}).reveal()).toBe(" second ");
    rmSync(folder, { recursive: true });
  });

  it("that leads nowhere names the key and the place", () => {
    const wrong = () => resolveSecret({ kind: "env", name: "NOPE" }, "sites.shop.password", {});
    expect(wrong).toThrow(OperatorError);
    expect(wrong).toThrow(/sites\.shop\.password: the environment variable NOPE is empty or missing/);
    expect(() => resolveSecret({ kind: "file", name: "/nope" }, "k", {})).toThrow(
      /k: the file \/nope cannot be read \(ENOENT\)/,
    );
  });
});

describe("the key of a transcript", () => {
  const now = 1_700_000_000_000;
  const keys = createLogKeys([secret("one"), secret("two")]);

  it("opens its own deployment for at least 30 days, and no other one", () => {
    const key = keys.sign("d-1", now);
    expect(keys.check("d-1", key, now + 30 * 86_400_000)).toBe(true);
    expect(keys.check("d-1", key, now + 32 * 86_400_000)).toBe(false);
    expect(keys.check("d-2", key, now)).toBe(false);
  });

  it("stays good while the secret is rotated", () => {
    expect(createLogKeys([secret("new"), secret("one")]).check("d-1", keys.sign("d-1", now), now)).toBe(true);
    expect(createLogKeys([secret("new")]).check("d-1", keys.sign("d-1", now), now)).toBe(false);
  });

  it("cannot be made up or stretched", () => {
    const [expires, mac] = keys.sign("d-1", now).split(".");
    expect(keys.check("d-1", `${Number(expires) + 1}.${mac}`, now)).toBe(false);
    fc.assert(fc.property(fc.string(), (key) => !keys.check("d-1", key, now)));
  });
});

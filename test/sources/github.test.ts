import { sign } from "@octokit/webhooks-methods";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SenderError } from "../../src/errors.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createGithubSource } from "../../src/sources/github.ts";

const [current, previous] = ["a current secret of ours", "the previous secret"];
const source = createGithubSource([secret(current), secret(previous)]);
const headers = {
  "content-type": "application/json",
  "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  "x-github-event": "push",
  "x-github-hook-id": "292430182",
};
const isAccepted = (body: Buffer, signature: string | undefined) => {
  try {
    source.verify({ headers: signature === undefined ? {} : { "x-hub-signature-256": signature } }, body);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SenderError);
    expect(error).toMatchObject({ status: 401, message: "unauthorized" });
    return false;
  }
};

describe("GitHub as a source", () => {
  it("accepts what an independent implementation signed, with either secret", async () => {
    const property = fc.asyncProperty(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.constantFrom(current, previous),
      async (text, key) => {
        const body = Buffer.from(text);
        expect(isAccepted(body, await sign(key, body.toString("utf8")))).toBe(true);
      },
    );
    await fc.assert(property);
  });

  it("refuses any change of one bit in the body or the signature", async () => {
    const body = Buffer.from(JSON.stringify({ ref: "refs/heads/main", text: "Zoë" }));
    const signature = await sign(current, body.toString("utf8"));
    const flips = fc.property(fc.nat(body.length - 1), fc.nat(7), (at, bit) => {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      expect(isAccepted(changed, signature)).toBe(false);
    });
    fc.assert(flips);
    const digits = fc.property(fc.nat(63), fc.constantFrom(..."0123456789abcdef"), (at, digit) => {
      const changed = `${signature.slice(0, 7 + at)}${digit}${signature.slice(8 + at)}`;
      expect(isAccepted(body, changed)).toBe(changed === signature);
    });
    fc.assert(digits);
  });

  it("refuses other secrets, algorithms, forms and no signature at all", async () => {
    const body = Buffer.from("{}");
    const good = await sign(current, "{}");
    const others = [
      undefined,
      "",
      "sha256=",
      good.slice(7),
      `sha1=${good.slice(7, 47)}`,
      `${good}00`,
      good.slice(0, -1),
      good.replace("sha256=", "sha512="),
      `sha256=${"0".repeat(64)}`,
      `sha256=${"zz".repeat(32)}`,
      await sign("another secret entirely", "{}"),
    ];
    for (const signature of others) expect(isAccepted(body, signature), String(signature)).toBe(false);
    fc.assert(fc.property(fc.string(), (signature) => !isAccepted(body, signature)));
  });

  it("accepts nothing once a secret is gone", async () => {
    const rotated = createGithubSource([secret(current)]);
    const signature = await sign(previous, "{}");
    expect(() => rotated.verify({ headers: { "x-hub-signature-256": signature } }, Buffer.from("{}"))).toThrow(
      SenderError,
    );
  });

  it("names a delivery by hook and GUID, so that two hooks make two deliveries", () => {
    expect(source.readHeaders({ headers })).toEqual({
      key: `292430182/${headers["x-github-delivery"]}`,
      event: "push",
    });
    expect(source.readHeaders({ headers: { ...headers, "x-github-hook-id": "5" } }).key).toBe(
      `5/${headers["x-github-delivery"]}`,
    );
    expect(source.readHeaders({ headers: { ...headers, "x-github-hook-id": undefined } }).key).toBe(
      `0/${headers["x-github-delivery"]}`,
    );
  });

  it("answers 400 to a missing or malformed id or event and 415 to another content type", () => {
    const status = (changed: Record<string, string | undefined>) => {
      try {
        source.readHeaders({ headers: { ...headers, ...changed } });
        return 200;
      } catch (error) {
        return (error as SenderError).status;
      }
    };
    expect(status({ "x-github-delivery": undefined })).toBe(400);
    expect(status({ "x-github-event": undefined })).toBe(400);
    expect(status({ "x-github-event": "push\nx" })).toBe(400);
    expect(status({ "x-github-delivery": "" })).toBe(400);
    expect(status({ "x-github-delivery": "a".repeat(101) })).toBe(400);
    expect(status({ "content-type": undefined })).toBe(415);
    expect(status({ "content-type": "application/x-www-form-urlencoded" })).toBe(415);
    expect(status({ "content-type": "application/jsonp" })).toBe(415);
    expect(status({ "content-type": "application/json; charset=utf-8" })).toBe(200);
  });
});

import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Verification } from "../../../src/config/source-definition.ts";
import { OperatorError } from "../../../src/errors.ts";
import { secret } from "../../../src/secrets/secret.ts";
import type { ActiveSecret } from "../../../src/secrets/secret-list.ts";
import { createVerifier } from "../../../src/sources/declared/verifier.ts";
import { active, createTrial, NOW, received, type Setting, verifierDeps } from "./verifying.ts";

const github = { hmac: { header: "x-hub-signature-256", prefix: "sha256=" } } as const;
const signature = (key: string, body: string) => `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;

describe("The verifier of a declared source", () => {
  it("asks for everything that is listed", async () => {
    const verify: Setting["verify"] = [github, { token: { in: "header:x-token" } }, { ip: ["192.0.2.0/24"] }];
    const trial = createTrial({ verify, secrets: ["s3cret", "other"] });
    const headers = { "x-hub-signature-256": signature("s3cret", "body"), "x-token": "other" };
    expect(await trial(received("body", headers))).toEqual({ matched: "env:SECRET_1", skewMs: null });
    expect(await trial(received("body", { ...headers, "x-token": "none" }))).toBe(401);
    expect(await trial(received("body", { ...headers, "x-hub-signature-256": "none" }))).toBe(401);
  });

  it("leaves addresses and reasons for verifying nothing to others", async () => {
    const open = createTrial({ verify: [{ none: "the sender can only call an address" }, { ip: ["192.0.2.7"] }] });
    expect(await open(received("body", {}))).toEqual({ matched: null, skewMs: null });
  });

  it("is not created for an empty list or a way to verify that it does not know", () => {
    const deps = verifierDeps({ verify: [github] });
    const of =
      (...verify: unknown[]) =>
      () =>
        createVerifier({ ...deps, definition: { ...deps.definition, verify: verify as Verification[] } });
    expect(of()).toThrow(OperatorError);
    for (const entry of [{}, { oauth: {} }, { none: "a reason to do so", other: 1 }, { __proto__: { none: "x" } }]) {
      expect(of(deps.definition.verify[0], entry), JSON.stringify(entry)).toThrow(OperatorError);
    }
  });

  it("answers 404 to everything that is wrong where a token stands in the path", async () => {
    const trial = createTrial({ verify: [{ token: { in: "path" } }, github], secrets: ["s3cret"] });
    const headers = { "x-hub-signature-256": signature("s3cret", "body") };
    expect(await trial(received("body", headers, { token: "s3cret" }))).not.toBe(404);
    expect(await trial(received("body", headers, { token: "other" }))).toBe(404);
    expect(await trial(received("body", {}, { token: "s3cret" }))).toBe(404);
  });

  it("refuses a header with the id of the delivery that came twice, even where it is not signed", async () => {
    const trial = createTrial({
      verify: [github],
      secrets: ["s3cret"],
      id: "join(header:x-hook-id, header:x-delivery)",
    });
    const answer = (delivery: string | string[] | undefined) =>
      trial(received("body", { "x-hub-signature-256": signature("s3cret", "body"), "x-delivery": delivery }));
    expect(await answer("1")).not.toBe(401);
    expect(await answer(undefined)).not.toBe(401);
    expect(await answer(["1", "1"])).toBe(401);
  });

  it("knows whether it needs the payload", () => {
    const needs = (...verify: Setting["verify"]) => createVerifier(verifierDeps({ verify })).needsPayload;
    expect(needs(github, { token: { in: "path" } }, { contentful: {} }, { netlify: {} })).toBe(false);
    expect(needs(github, { token: { in: "json:/secret" } })).toBe(true);
    expect(needs({ token: { in: "join(path, form:secret)" } })).toBe(true);
    expect(needs({ hmac: { header: "x", message: "{form.payload}" } })).toBe(true);
    expect(needs({ sns: { topics: ["arn:aws:sns:eu-west-1:1:a"] } })).toBe(true);
  });

  it("asks for the secrets of each request anew, and makes each key once", async () => {
    let reads = 0;
    const counted = (text: string) => {
      const reveal = () => {
        reads++;
        return text;
      };
      return { ...secret(text), reveal };
    };
    let list: ActiveSecret[] = [{ name: "env:OLD", secret: counted("old"), untilMs: null }];
    const verifier = createVerifier({ ...verifierDeps({ verify: [github] }), secrets: () => list });
    const verify = (key: string) =>
      verifier.verify(received("body", { "x-hub-signature-256": signature(key, "body") }), null);
    expect(await verify("old")).toEqual({ matched: "env:OLD", skewMs: null });
    await verify("old");
    expect(reads).toBe(1);
    list = [{ name: "env:NEW", secret: counted("new"), untilMs: null }];
    await expect(verify("old")).rejects.toMatchObject({ status: 401, message: "unauthorized" });
    expect(await verify("new")).toEqual({ matched: "env:NEW", skewMs: null });
  });

  it("never fits where there are no secrets, or only empty ones", async () => {
    const all: Setting["verify"] = [github, { token: { in: "header:x-token" } }, { contentful: {} }, { netlify: {} }];
    for (const entry of all) {
      for (const secrets of [[], [""]]) {
        const headers = { "x-hub-signature-256": signature("", "body"), "x-token": "", "x-webhook-signature": ".." };
        expect(await createTrial({ verify: [entry], secrets })(received("body", headers)), JSON.stringify(entry)).toBe(
          401,
        );
      }
    }
  });
});

const definitions: Setting["verify"] = [
  github,
  { hmac: { header: "x-s", layout: "pairs", pick: "v1", message: "{ts}.{body}", timestamp: "pair:t" } },
  {
    hmac: {
      header: "x-s",
      layout: "list",
      pick: "v1",
      encoding: "base64",
      key: "whsec",
      message: "{id}.{ts}.{body}",
      id: "x-id",
      timestamp: "header:x-t",
    },
  },
  { hmac: { header: "x-s", message: "{form.payload}", encoding: "base64url" } },
  { hmac: { header: "x-s", message: "{ts}:{body}", timestamp: "header:x-t", optionalTimestamp: true } },
  { hmac: { header: "x-s", algorithm: "ed25519", key: "whsec" } },
  { token: { in: "header:x-s", scheme: "basic" } },
  { token: { in: "header:x-s", scheme: "bearer" } },
  { token: { in: "json:/a/b" } },
  { token: { in: "form:a" } },
  { token: { in: "path" } },
  { contentful: {} },
  { netlify: {} },
  { sns: { topics: ["arn:aws:sns:eu-west-1:1:a"] } },
];

describe("Whatever comes", () => {
  const names = ["x-hub-signature-256", "x-s", "x-t", "x-id", "authorization", "content-type", "x-webhook-signature"];
  const contentful = ["x-contentful-signature", "x-contentful-signed-headers", "x-contentful-timestamp"];
  const odd = fc.constantFrom(
    "",
    ",",
    "=",
    "t=1,v1=",
    "v1,",
    "sha256=",
    `t=${NOW / 1000},v1=${"0".repeat(64)}`,
    String(NOW),
    "0".repeat(64),
    "a,b".repeat(5000),
    "Basic ====",
    "Bearer",
    "__proto__,constructor",
    "eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
    "multipart/form-data; boundary=",
    "application/json",
    "application/x-www-form-urlencoded",
  );
  const value = fc.oneof(odd, fc.string({ unit: "binary" }));
  const headers = fc.dictionary(
    fc.constantFrom(...names, ...contentful),
    fc.oneof(value, fc.array(value, { maxLength: 3 })),
    { noNullPrototype: true },
  );
  const json = fc.constantFrom(
    '{"Type":"Notification","SignatureVersion":"1","Signature":"AA=="}',
    "[".repeat(5000),
    '{"a":{"b":"x"}}',
    "payload=%",
    "\u0000",
  );
  const body = fc.oneof(
    fc.uint8Array().map((it) => Buffer.from(it)),
    json.map((it) => Buffer.from(it)),
  );
  const target = fc.constantFrom("/hooks/shop", "/hooks/shop?%", "/?a=1?b", "*", "", "/\ud800");

  it.each(definitions.map((entry) => [JSON.stringify(entry), entry] as const))(
    "is answered 401 or 404: %s",
    async (_, entry) => {
      const secrets = active(
        "s3cret",
        "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      );
      const trial = createTrial({ verify: [entry], secrets });
      const property = fc.asyncProperty(body, headers, target, fc.string(), async (bytes, sent, path, token) => {
        expect([401, 404]).toContain(await trial(received(bytes, sent, { target: path, token })));
      });
      await fc.assert(property, { numRuns: 60 });
    },
  );

  it("is answered soon, however long it is", async () => {
    const long = "v1,".repeat(5000);
    const [headers, big] = [
      {
        "x-hub-signature-256": long,
        "x-s": `${"t=1,".repeat(4000)}`,
        "x-t": "9".repeat(16_000),
        "x-id": long,
        "x-webhook-signature": `${"a".repeat(8000)}.`.repeat(2),
      },
      Buffer.alloc(1024 ** 2, 0x7b),
    ];
    const started = performance.now();
    for (const entry of definitions)
      expect([401, 404]).toContain(await createTrial({ verify: [entry], secrets: ["s3cret"] })(received(big, headers)));
    // Quadratic work on a megabyte takes minutes; this is some 200 ms on an idle machine.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

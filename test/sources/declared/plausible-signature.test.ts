import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { type DefinitionInput, sourceDefinition } from "../../../src/config/source-definition.ts";
import { couldBeVerified, type Head } from "../../../src/sources/declared/plausible-signature.ts";

const NOW_MS = Date.parse("2026-12-01T12:00:00Z");

function head(headers: Record<string, string | string[]>, rest: { query?: string; token?: string } = {}): Head {
  const values = Object.entries(headers).map(([name, value]) => [name, [value].flat()] as const);
  const { query = "", token = "" } = rest;
  return {
    method: "POST",
    target: "/hooks/x",
    headers: Object.fromEntries(values),
    query: new URLSearchParams(query),
    token,
  };
}

const could = (verify: DefinitionInput["verify"], given: Head) =>
  couldBeVerified(sourceDefinition.parse({ verify }), given, NOW_MS);

const STANDARD: DefinitionInput["verify"] = [
  {
    hmac: {
      ...{ header: "webhook-signature", layout: "list", pick: "v1", encoding: "base64", key: "whsec" },
      ...{ message: "{id}.{ts}.{body}", id: "webhook-id", timestamp: "header:webhook-timestamp" },
    },
  },
];
const STRIPE: DefinitionInput["verify"] = [
  { hmac: { header: "stripe-signature", layout: "pairs", pick: "v1", message: "{ts}.{body}", timestamp: "pair:t" } },
];
const GITHUB: DefinitionInput["verify"] = [{ hmac: { header: "x-hub-signature-256", prefix: "sha256=" } }];

describe("a request that could be verified", () => {
  it("has what real signers make, whatever they sign and with whatever secret", () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ minLength: 24, maxLength: 64 }), (body, key) => {
        const signed = new Webhook(Buffer.from(key).toString("base64")).sign("msg_1", new Date(NOW_MS), body);
        const standard = {
          "webhook-id": "msg_1",
          "webhook-timestamp": String(NOW_MS / 1000),
          "webhook-signature": signed,
        };
        expect(could(STANDARD, head(standard))).toBe(true);
        const stripe = Stripe.webhooks.generateTestHeaderString({
          payload: body,
          secret: "whsec_x",
          timestamp: NOW_MS / 1000,
        });
        expect(could(STRIPE, head({ "stripe-signature": stripe }))).toBe(true);
        const github = `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;
        expect(could(GITHUB, head({ "x-hub-signature-256": github }))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("fits each algorithm and encoding", () => {
    for (const algorithm of ["sha1", "sha256", "sha512"] as const) {
      for (const encoding of ["hex", "base64", "base64url"] as const) {
        const signature = createHmac(algorithm, "k").update(randomBytes(9)).digest(encoding);
        const verify: DefinitionInput["verify"] = [{ hmac: { header: "x-sig", algorithm, encoding } }];
        expect([algorithm, encoding, could(verify, head({ "x-sig": signature }))]).toEqual([algorithm, encoding, true]);
        expect(could(verify, head({ "x-sig": signature.slice(0, -3) }))).toBe(false);
      }
    }
  });

  it("has its signature, and once", () => {
    const hex = "a".repeat(64);
    for (const given of [
      {},
      { "x-hub-signature-256": "" },
      { "x-hub-signature-256": "sha256=" },
      { "x-hub-signature-256": hex },
    ])
      expect(could(GITHUB, head(given as Record<string, string>))).toBe(false);
    expect(could(GITHUB, head({ "x-hub-signature-256": [`sha256=${hex}`, `sha256=${hex}`] }))).toBe(false);
  });

  it("is of these minutes, where its time stands in a header", () => {
    const given = { "webhook-id": "msg_1", "webhook-signature": `v1,${"a".repeat(43)}=` };
    const at = (seconds: unknown) => could(STANDARD, head({ ...given, "webhook-timestamp": String(seconds) }));
    const now = NOW_MS / 1000;
    expect([now, now - 299, now + 299].map(at)).toEqual([true, true, true]);
    expect([now - 301, now + 301, "soon", NOW_MS, ""].map(at)).not.toContain(true);
    expect(could(STANDARD, head(given))).toBe(false);
  });

  it("bears a token where that does not stand in the body", () => {
    const bearer: DefinitionInput["verify"] = [{ token: { in: "header:authorization", scheme: "bearer" } }];
    expect(could(bearer, head({ authorization: "Bearer wrong" }))).toBe(true);
    expect(could(bearer, head({ authorization: "Basic eA==" }))).toBe(false);
    expect(could(bearer, head({}))).toBe(false);
    expect(could([{ token: { in: "path" } }], head({}))).toBe(false);
    expect(could([{ token: { in: "path" } }], head({}, { token: "x" }))).toBe(true);
    expect(could([{ token: { in: "query:key" } }], head({}, { query: "key=x" }))).toBe(true);
    expect(could([{ token: { in: "json:/secret" } }], head({}))).toBe(true);
  });

  it("passes all that is asked for", () => {
    const both: DefinitionInput["verify"] = [...GITHUB, { token: { in: "path" } }];
    expect(could(both, head({ "x-hub-signature-256": `sha256=${"a".repeat(64)}` }))).toBe(false);
    expect(could([{ none: "an old sender that cannot sign" }], head({}))).toBe(true);
    expect(could([{ sns: { topics: ["arn:aws:sns:eu-west-1:1:x"] } }], head({}))).toBe(false);
    expect(could([{ netlify: {} }], head({ "x-webhook-signature": "a.b.c" }))).toBe(true);
    expect(could([{ contentful: {} }], head({ "x-contentful-signature": "f".repeat(64) }))).toBe(true);
  });
});

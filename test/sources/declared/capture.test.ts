/** What a captured request shows, held against signers that were not written here and vectors that senders publish. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/load-config.ts";
import { type Payload, type Received, readPayload } from "../../../src/model/received.ts";
import { presets } from "../../../src/presets/presets.ts";
import { secret } from "../../../src/secrets/secret.ts";
import { guessSenders } from "../../../src/sources/declared/guess-sender.ts";
import { guessRequest } from "../../../src/sources/declared/guess-signature.ts";
import { redactRequest } from "../../../src/sources/declared/redact-request.ts";
import { suggestSource } from "../../../src/sources/declared/suggest-source.ts";
import { trySecret } from "../../../src/sources/declared/try-secret.ts";

const NOW_MS = Date.parse("2026-12-01T12:00:00Z");
const NOW = String(NOW_MS / 1000);

async function request(headers: Record<string, string | string[]>, body: string, target = "/hooks/new") {
  const values = Object.entries({ "content-type": "application/json", ...headers }).map(
    ([name, it]) => [name, [it].flat()] as const,
  );
  const query = new URLSearchParams(target.split("?")[1] ?? "");
  const token = target.split("?")[0]?.split("/")[3] ?? "";
  const received: Received = {
    method: "POST",
    target,
    headers: Object.fromEntries(values),
    query,
    token,
    body: Buffer.from(body),
  };
  return { received, payload: await readPayload(received, "payload") };
}

type Request = { received: Received; payload: Payload };
const tried = ({ received, payload }: Request, text: string, nowMs = NOW_MS) =>
  trySecret(received, payload, guessRequest(received, payload, nowMs), secret(text));

const SIGNED: Record<string, { request: () => Promise<Request>; secret: string; nowMs?: number; fits: unknown }> = {
  "GitHub's published vector": {
    // docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries, "Testing the webhook payload validation"
    request: () =>
      request(
        { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
        "Hello, World!",
      ),
    secret: "It's a Secret to Everybody",
    fits: { hmac: { header: "x-hub-signature-256", layout: undefined, prefix: "sha256=" } },
  },
  "Slack's published vector": {
    // docs.slack.dev/authentication/verifying-requests-from-slack
    request: () =>
      request(
        {
          "x-slack-request-timestamp": "1531420618",
          "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        },
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
      ),
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    nowMs: 1531420618_000,
    fits: {
      hmac: {
        ...{ header: "x-slack-signature", prefix: "v0=", message: "v0:{ts}:{body}" },
        timestamp: "header:x-slack-request-timestamp",
      },
    },
  },
  "Stripe's own library": {
    request: () => {
      const payload = '{"id":"evt_1","object":"event","type":"charge.failed"}';
      const signature = Stripe.webhooks.generateTestHeaderString({
        payload,
        secret: "whsec_test",
        timestamp: NOW_MS / 1000,
      });
      return request({ "stripe-signature": signature }, payload);
    },
    secret: "whsec_test",
    fits: {
      hmac: { header: "stripe-signature", layout: "pairs", pick: "v1", message: "{ts}.{body}", timestamp: "pair:t" },
    },
  },
  "the package standardwebhooks": {
    request: () => {
      const signature = new Webhook("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign("msg_1", new Date(NOW_MS), '{"type":"a"}');
      return request(
        { "webhook-id": "msg_1", "webhook-timestamp": NOW, "webhook-signature": signature },
        '{"type":"a"}',
      );
    },
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    fits: {
      hmac: {
        ...{
          header: "webhook-signature",
          layout: "list",
          pick: "v1",
          encoding: "base64",
          key: "whsec",
          id: "webhook-id",
        },
        ...{ message: "{id}.{ts}.{body}", timestamp: "header:webhook-timestamp" },
      },
    },
  },
  "Sanity's published vector": {
    // github.com/sanity-io/webhook-toolkit, test/signature.test.ts
    request: () =>
      request(
        { "sanity-webhook-signature": "t=1633519811129,v1=tLa470fx7qkLLEcMOcEUFuBbRSkGujyskxrNXcoh0N0" },
        '{"_id":"resume"}',
      ),
    secret: "test",
    nowMs: 1633519811129,
    fits: {
      hmac: {
        ...{ header: "sanity-webhook-signature", layout: "pairs", pick: "v1", encoding: "base64url", unit: "ms" },
        ...{ message: "{ts}.{body}", timestamp: "pair:t" },
      },
    },
  },
};

describe("with its secret a request tells how it is signed:", () => {
  for (const [name, { request: make, secret: text, nowMs, fits }] of Object.entries(SIGNED)) {
    it(`${name}`, async () => {
      const made = await make();
      expect(tried(made, text, nowMs)).toEqual({ verification: fits, remark: null });
      expect(tried(made, `x${text}`, nowMs)).toBe(null);
    });
  }

  it("a token, wherever it stands", async () => {
    const basic = `Basic ${Buffer.from("us:er:pass").toString("base64")}`;
    const cases: Array<[Request, unknown]> = [
      [await request({ authorization: "Bearer us:er:pass" }, "{}"), { in: "header:authorization", scheme: "bearer" }],
      [await request({ authorization: basic }, "{}"), { in: "header:authorization", scheme: "basic" }],
      [await request({ "x-gitlab-token": "us:er:pass" }, "{}"), { in: "header:x-gitlab-token" }],
      [await request({}, '{"a/b":"us:er:pass"}'), { in: "json:/a~1b" }],
      [await request({}, "{}", "/hooks/new?key=us:er:pass"), { in: "query:key" }],
      [await request({}, "{}", "/hooks/new/us:er:pass"), { in: "path" }],
    ];
    for (const [made, token] of cases)
      expect(tried(made, "us:er:pass")).toEqual({ verification: { token }, remark: null });
  });

  it("white space around the secret, which is said", async () => {
    const signature = createHmac("sha1", "secret").update("{}").digest("base64");
    const made = await request({ "x-signature": signature }, "{}");
    expect(tried(made, "secret\n")).toEqual({
      verification: { hmac: { header: "x-signature", algorithm: "sha1", encoding: "base64" } },
      remark: "the secret has white space around it, and fits without that",
    });
  });

  it("or nothing, after a bounded number of tries", async () => {
    const hex = "a".repeat(64);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`x-signature-${at}`, hex]));
    const times = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`x-id-${at}-id`, NOW]));
    const made = await request({ ...many, ...times }, "x".repeat(64 * 1024));
    const startMs = performance.now();
    expect(tried(made, "c2VjcmV0")).toBe(null);
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

describe("what a request may be", () => {
  it("is read from the names and forms of its headers and fields", async () => {
    const { received, payload } = await request(
      {
        ...{
          "x-sig": "ab".repeat(32),
          "x-request-id": "ab".repeat(32),
          "x-acme-topic": "entry.publish",
          "x-time": String(NOW_MS),
        },
        ...{ host: "x", "content-length": NOW },
      },
      '{"event":{"id":7},"action":"publish"}',
    );
    const { signatures, timestamps, ids, events } = guessRequest(received, payload, NOW_MS);
    expect(signatures).toMatchObject([
      { header: "x-sig", algorithm: "sha256", encoding: "hex", isNamed: true },
      { header: "x-request-id", isNamed: false },
    ]);
    expect(timestamps).toEqual([{ from: "header:x-time", text: String(NOW_MS), unit: "ms" }]);
    expect(ids).toEqual(["header:x-request-id", "json:/event/id"]);
    expect(events).toEqual(["header:x-acme-topic", "json:/action"]);
  });

  it("is a known sender, where its headers are that sender's", async () => {
    const headers = { "webhook-id": "msg_1", "webhook-timestamp": NOW, "webhook-signature": `v1,${"a".repeat(43)}=` };
    const { received, payload } = await request(headers, '{"type":"entry.publish","data":{}}');
    expect(guessSenders(presets, received, payload, NOW_MS)[0]).toMatchObject({ kind: "standard-webhooks" });
    const { received: other, payload: others } = await request({ "x-acme": "1" }, '{"hello":"world"}');
    expect(guessSenders(presets, other, others, NOW_MS)).toEqual([]);
  });

  it("never throws, whatever comes", async () => {
    const headers = fc.dictionary(
      fc.stringMatching(/^[a-z-]{1,12}$/),
      fc.oneof(fc.string(), fc.base64String(), fc.constant("t=1,v1=ab")),
    );
    const body = fc.oneof(fc.json(), fc.string());
    await fc.assert(
      fc.asyncProperty(headers, body, fc.webQueryParameters(), async (given, text, query) => {
        const { received, payload } = await request(given, text, `/hooks/new/x?${query}`);
        guessSenders(presets, received, payload, NOW_MS);
        tried({ received, payload }, text || "x");
        redactRequest(received, payload, ["x"]);
      }),
      { numRuns: 20 },
    );
  });
});

describe("what to write for a request", () => {
  const suggested = async (made: Request, text: string | null, nowMs = NOW_MS) => {
    const guess = guessRequest(made.received, made.payload, nowMs);
    const fit = text === null ? null : trySecret(made.received, made.payload, guess, secret(text));
    const senders = guessSenders(presets, made.received, made.payload, nowMs);
    return suggestSource({ presets, senders, guess, fit, secret: "env:NEW", mediaType: "application/json" });
  };

  it("is the preset where the secret proves it, and else what fits, spelled out", async () => {
    const standard = SIGNED["the package standardwebhooks"];
    if (!standard) throw new Error("no such case");
    expect(await suggested(await standard.request(), standard.secret)).toEqual({
      kind: "standard-webhooks",
      secret: "env:NEW",
    });
    const other = createHmac("sha256", "k").update(`${NOW}.{"type":"a"}`).digest("base64");
    const made = await request(
      { "webhook-id": "msg_1", "webhook-timestamp": NOW, "webhook-signature": `v1,${other}` },
      '{"type":"a"}',
    );
    expect(await suggested(made, "k")).toMatchObject({
      kind: "custom",
      verify: [{ hmac: { message: "{ts}.{body}" } }],
    });
  });

  it("is a configuration that Slipway takes", async () => {
    for (const { request: make, secret: text, nowMs } of Object.values(SIGNED)) {
      const source = await suggested(await make(), text, nowMs);
      const config = parseConfig(
        JSON.stringify({ sources: { new: { ...source, routes: [{ store: true }] } } }),
        "the tests",
      );
      expect(config.sources.new?.kind).toBe(source.kind);
    }
    expect(await suggested(await request({}, "{}"), null)).toMatchObject({ kind: "custom", secret: "env:NEW" });
  });
});

describe("a request that is shown", () => {
  it("has no token, cookie, secret field, signature or address of a person in it", async () => {
    const secrets = [
      "s3cr3t-bearer",
      "s3cr3t-cookie",
      "s3cr3t-key",
      "s3cr3t-field",
      "s3cr3t-query",
      "s3cr3t-path",
      "ab".repeat(32),
      "jane@corp.example",
    ];
    const [bearer, cookie, key, field, query, path, hex, email] = secrets;
    const { received, payload } = await request(
      {
        ...{
          authorization: `Bearer ${bearer}`,
          cookie: `sid=${cookie}`,
          "x-api-key": key ?? "",
          "x-sig": `t=${NOW},v1=${hex}`,
        },
        "user-agent": "acme/1",
      },
      JSON.stringify({ deep: [{ client_secret: field, note: `${path} of ${email}` }], isToken: true, id: 7 }),
      `/hooks/new/${path}?api_key=${query}&page=2`,
    );
    const shown = redactRequest(received, payload, []);
    for (const it of secrets) expect(JSON.stringify(shown)).not.toContain(it);
    expect(shown).toMatchObject({
      target: "/hooks/new/[masked]?api_key=[masked]&page=2",
      headers: { "user-agent": ["acme/1"], "x-sig": [`t=${NOW},v1=[64 hex digits]`] },
      body: { deep: [{ client_secret: "[masked]", note: "[masked] of someone@example.com" }], isToken: true, id: 7 },
    });
  });

  it.each([
    ["authorization", "Basic dTpw", "Basic [4 characters]"],
    ["authorization", "Bearer hunter2!", "Bearer [8 characters]"],
    ["authorization", "bearer", "[6 characters]"],
    ["x-token", "pass!word", "[9 characters]"],
    ["x-token", "a1.b2.c3", "[8 characters]"],
    ["x-token", "0xbad=", "[6 characters]"],
    ["x-hub-signature-256", `sha256=${"ab".repeat(32)}`, "sha256=[64 hex digits]"],
    ["webhook-signature", "v1,abc+/w== v1a,def", "v1,[8 characters] v1a,[3 hex digits]"],
    ["cookie", "sid=abc; theme=x", "[3 characters]=[3 hex digits]; [5 characters]=[1 characters]"],
  ])("has of the header %s only how it is made: %s", async (name, value, shape) => {
    const { received, payload } = await request({ [name]: value }, "{}");
    expect(redactRequest(received, payload, []).headers[name]).toEqual([shape]);
  });

  it("is text or fields where it is no JSON, and no bytes that are neither", async () => {
    const form = await request({ "content-type": "application/x-www-form-urlencoded" }, "a=1&password=s3cr3t");
    expect(redactRequest(form.received, form.payload, []).body).toEqual({ a: "1", password: "[masked]" });
    const binary = await request({ "content-type": "image/png" }, "");
    const bytes = { ...binary.received, body: Buffer.from([0x89, 0x50, 0, 0xff]) };
    expect(redactRequest(bytes, { json: undefined, form: null }, []).body).toBe(
      "[4 bytes that are no text, image/png]",
    );
  });

  it("has the given secret in it nowhere, whatever the request", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.string(), async (json, text) => {
        const { received, payload } = await request(
          { "x-a": `${text}s3cr3t` },
          `{"a":${json},"b":"s3cr3t","s3cr3t":1}`,
        );
        expect(JSON.stringify(redactRequest(received, payload, ["s3cr3t"]))).not.toContain("s3cr3t");
      }),
      { numRuns: 50 },
    );
  });
});

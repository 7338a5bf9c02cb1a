/** The doctor for signatures: every ailment is made, found and named, and nothing secret is said. */
import { createHash, createHmac, createPublicKey, generateKeyPairSync, sign as signWith } from "node:crypto";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { signRequest } from "@contentful/node-apps-toolkit";
import fc from "fast-check";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { type Payload, readPayload } from "../../../src/model/received.ts";
import { secret } from "../../../src/secrets/secret.ts";
import type { ActiveSecret } from "../../../src/secrets/secret-list.ts";
import { explainSignature } from "../../../src/sources/declared/signature-findings.ts";
import { CERTIFICATE_PATH, makeCertificate, signMessage, TOPIC } from "./amazon.ts";
import { NOW, received, type Setting, verifierDeps } from "./verifying.ts";

const SECRET = "kept-very-s3cret";
const SECONDS = String(NOW / 1000);
const BODY = '{"event":"entry.publish","slug":"ein/Zoë","list":[1,2],"none":{}}';
const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

const mac = (message: string | Buffer, key: string | Buffer = SECRET, algorithm = "sha256") =>
  createHmac(algorithm, key).update(message);
const hub = (message: string | Buffer, key?: string | Buffer, algorithm?: string) => ({
  "x-hub": `sha256=${mac(message, key, algorithm).digest("hex")}`,
});
const raw: Setting["verify"] = [{ hmac: { header: "x-hub", prefix: "sha256=" } }];
const timed: Setting["verify"] = [
  { hmac: { header: "x-hub", prefix: "sha256=", message: "{ts}.{body}", timestamp: "header:x-time" } },
];

type Ailing = {
  readonly verify?: Setting["verify"];
  readonly secrets?: Setting["secrets"];
  readonly body?: string | Buffer;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly target?: string;
  readonly token?: string;
  readonly certificates?: Setting["certificates"];
};

async function codesOf({
  verify = raw,
  secrets = [SECRET],
  body = BODY,
  headers,
  target = "/hooks/shop",
  token = "",
  certificates,
}: Ailing) {
  const request = received(body, { ...JSON_TYPE, ...headers }, { target, token });
  const deps = verifierDeps({ verify, secrets, ...(certificates && { certificates }) });
  const findings = await explainSignature(request, await readPayload(request, "payload"), deps);
  for (const { sentence } of findings) {
    expect(sentence).toMatch(/^[A-Z].{20,600}\.$/);
    expect(sentence).not.toContain(SECRET);
    expect(sentence).not.toMatch(/[0-9a-f]{32}|[A-Za-z0-9+/_-]{40}/);
    expect(sentence).not.toContain("entry.publish");
  }
  return findings.map(({ code }) => code);
}

describe("The doctor for signatures", () => {
  it("finds nothing wrong where nothing is", async () => {
    expect(await codesOf({ headers: hub(BODY) })).toEqual(["fits"]);
    expect(await codesOf({ verify: timed, headers: { ...hub(`${SECONDS}.${BODY}`), "x-time": SECONDS } })).toEqual([
      "fits",
    ]);
    expect(
      await codesOf({ verify: [{ none: "nothing is ever checked" }, { ip: ["192.0.2.1"] }], headers: {} }),
    ).toEqual(["fits"]);
  });

  it("says nothing fits that the verifier refuses", async () => {
    const grafana: Setting["verify"] = [
      {
        hmac: {
          header: "x-hub",
          prefix: "sha256=",
          message: "{ts}:{body}",
          timestamp: "header:x-time",
          optionalTimestamp: true,
        },
      },
    ];
    expect(await codesOf({ verify: grafana, headers: hub(BODY) })).toEqual(["fits"]);
    expect(await codesOf({ verify: grafana, headers: hub(`17:${BODY}`), body: `17:${BODY}` })).toEqual(["form"]);
    const request = received(BODY, { ...hub(BODY), "x-delivery": ["1", "2"] });
    const deps = verifierDeps({ verify: raw, secrets: [SECRET], id: "header:x-delivery" });
    expect(await explainSignature(request, { json: null, form: null }, deps)).toMatchObject([{ code: "form" }]);
  });

  it("says which headers came instead of the one that is missing, or that it came twice", async () => {
    expect(await codesOf({ headers: {} })).toEqual(["header-missing"]);
    expect(await codesOf({ headers: { "x-hub": ["a", "b"] } })).toEqual(["header-twice"]);
    const request = received(BODY, { "x-shop-signature": "a", "x-token": "b", accept: "c", "x-sign <b>": "d" });
    const [said] = await explainSignature(
      request,
      { json: null, form: null },
      verifierDeps({ verify: raw, secrets: [SECRET] }),
    );
    expect(said?.sentence).toContain("x-shop-signature, x-token.");
    expect(await codesOf({ verify: timed, headers: hub(BODY) })).toEqual(["header-missing"]);
    expect(await codesOf({ verify: timed, headers: { ...hub(BODY), "x-time": [SECONDS, SECONDS] } })).toEqual([
      "header-twice",
    ]);
  });

  it("knows a secret with space, quotes or a line break, or in another form", async () => {
    const key = Buffer.from("0123456789abcdef0123");
    const of = (form: "utf8" | "base64" | "hex" | "whsec", text: string, signedWith: string | Buffer = SECRET) =>
      codesOf({
        verify: [{ hmac: { header: "x-hub", prefix: "sha256=", key: form } }],
        secrets: ["another-s3cret", text],
        headers: hub(BODY, signedWith),
      });
    expect(await of("utf8", `${SECRET}\n`)).toEqual(["secret-trimmed"]);
    expect(await of("utf8", `  ${SECRET} `)).toEqual(["secret-trimmed"]);
    expect(await of("utf8", `"${SECRET}"`)).toEqual(["secret-quotes"]);
    expect(await of("utf8", SECRET, `${SECRET}\n`)).toEqual(["secret-newline"]);
    expect(await of("utf8", key.toString("base64"), key)).toEqual(["secret-form"]);
    expect(await of("utf8", key.toString("hex"), key)).toEqual(["secret-form"]);
    expect(await of("utf8", `whsec_${key.toString("base64")}`, key)).toEqual(["secret-form"]);
    expect(await of("base64", key.toString("base64"), key.toString("base64"))).toEqual(["secret-form"]);
    expect(await of("hex", SECRET)).toEqual(["secret-form"]);
    expect(await of("whsec", `whsec_${key.toString("base64")}`, `whsec_${key.toString("base64")}`)).toEqual([
      "secret-form",
    ]);
    expect(await of("base64", `${key.toString("hex")}\n`, key)).toEqual(["secret-trimmed", "secret-form"]);
    expect(await codesOf({ secrets: [], headers: hub(BODY) })).toEqual(["no-secret"]);
    expect(await codesOf({ secrets: [""], headers: hub(BODY) })).toEqual(["no-secret"]);
  });

  it("knows a secret that is over", async () => {
    const old: ActiveSecret = { name: "env:OLD", secret: secret(SECRET), untilMs: NOW - 1 };
    expect(await codesOf({ secrets: [old], headers: hub(BODY) })).toEqual(["old-secret"]);
  });

  it("knows another encoding, form or algorithm of the signature", async () => {
    const digest = mac(BODY).digest();
    expect(await codesOf({ headers: { "x-hub": `sha256=${digest.toString("base64")}` } })).toEqual(["encoding"]);
    expect(await codesOf({ headers: { "x-hub": `sha256=${digest.toString("base64url")}` } })).toEqual(["encoding"]);
    expect(await codesOf({ headers: { "x-hub": digest.toString("hex") } })).toEqual(["form"]);
    expect(await codesOf({ headers: { "x-hub": `v1,${digest.toString("base64")}` } })).toEqual(["form", "encoding"]);
    expect(await codesOf({ headers: { "x-hub": `t=1,v1=${digest.toString("hex")}` } })).toEqual(["form"]);
    expect(await codesOf({ headers: { "x-hub": `sha1=${mac(BODY, SECRET, "sha1").digest("hex")}` } })).toEqual([
      "form",
      "algorithm",
    ]);
    expect(await codesOf({ headers: hub(BODY, SECRET, "sha512") })).toEqual(["algorithm"]);
    expect(await codesOf({ headers: hub(BODY, SECRET, "sha1") })).toEqual(["algorithm"]);
    expect(await codesOf({ headers: { "x-hub": "sha256=" } })).toEqual(["form"]);
    expect(await codesOf({ headers: { "x-hub": "Bearer s3cret" } })).toEqual(["form"]);
  });

  it("knows a time in the other unit, of another form, or of a clock that is wrong", async () => {
    const of = (time: string, signedTime = time) =>
      codesOf({ verify: timed, headers: { ...hub(`${signedTime}.${BODY}`), "x-time": time } });
    expect(await of(String(NOW))).toEqual(["time-unit"]);
    expect(await of(String(Number(SECONDS) - 3600))).toEqual(["clock"]);
    expect(await of(String(Number(SECONDS) + 3600))).toEqual(["clock"]);
    expect(await of("2026-12-01T10:00:00Z")).toEqual(["time-form"]);
    expect(await of(SECONDS, "1")).toEqual(["nothing-fits"]);
    const ms: Setting["verify"] = [
      {
        hmac: { header: "x-hub", layout: "pairs", pick: "v1", message: "{ts}.{body}", timestamp: "pair:t", unit: "ms" },
      },
    ];
    const pairs = (time: string) =>
      codesOf({ verify: ms, headers: { "x-hub": `t=${time},v1=${mac(`${time}.${BODY}`).digest("hex")}` } });
    expect(await pairs(String(NOW))).toEqual(["fits"]);
    expect(await pairs(SECONDS)).toEqual(["time-unit"]);
    expect(await codesOf({ verify: ms, headers: { "x-hub": `v1=${mac(BODY).digest("hex")}` } })).toEqual(["time-form"]);
  });

  it("says how far the clocks are apart", async () => {
    const of = async (seconds: number) => {
      const time = String(Number(SECONDS) + seconds);
      const request = received(BODY, { ...hub(`${time}.${BODY}`), "x-time": time });
      const findings = await explainSignature(
        request,
        { json: null, form: null },
        verifierDeps({ verify: timed, secrets: [SECRET] }),
      );
      return findings.map(({ sentence }) => sentence).join();
    };
    expect(await of(-720)).toContain("is 12 min behind Slipway's, and 5 min are allowed");
    expect(await of(7 * 3600)).toContain("is 7 h ahead of Slipway's");
  });

  it("knows another message than the definition's", async () => {
    expect(await codesOf({ verify: timed, headers: { ...hub(BODY), "x-time": SECONDS } })).toEqual([
      "message-without-time",
    ]);
    expect(await codesOf({ verify: timed, headers: { ...hub(`${SECONDS}:${BODY}`), "x-time": SECONDS } })).toEqual([
      "message",
    ]);
    expect(await codesOf({ headers: { ...hub(`v0:${SECONDS}:${BODY}`), "x-time": SECONDS } })).toEqual(["message"]);
  });

  it("knows the bytes of a form from those of the JSON in it", async () => {
    const form = `payload=${encodeURIComponent(BODY)}`;
    expect(await codesOf({ headers: { ...FORM_TYPE, ...hub(BODY) }, body: form })).toEqual(["form-bytes"]);
    expect(await codesOf({ headers: hub(form) })).toEqual(["form-bytes"]);
    const gitea: Setting["verify"] = [{ hmac: { header: "x-hub", prefix: "sha256=", message: "{form.payload}" } }];
    expect(await codesOf({ verify: gitea, headers: { ...FORM_TYPE, ...hub(form) }, body: form })).toEqual([
      "form-bytes",
    ]);
  });

  const value = JSON.parse(BODY);
  const bom = "\ufeff";
  it.each<[string, string | Buffer, string | Buffer, string]>([
    ["a line break was added", BODY, `${BODY}\n`, ""],
    ["a line break was removed", `${BODY}\r\n`, BODY, ""],
    ["space was added", BODY, ` ${BODY}  `, ""],
    ["a byte order mark was added", BODY, bom + BODY, ""],
    ["a byte order mark was removed", bom + BODY, BODY, ""],
    ["CRLF became LF", JSON.stringify(value, null, 2).replaceAll("\n", "\r\n"), JSON.stringify(value, null, 2), ""],
    ["LF became CRLF", JSON.stringify(value, null, 2), JSON.stringify(value, null, 2).replaceAll("\n", "\r\n"), ""],
    ["it was indented", BODY, JSON.stringify(value, null, 2), ""],
    ["indenting was removed", JSON.stringify(value, null, 4), BODY, ""],
    ["tabs were removed", JSON.stringify(value, null, "\t"), BODY, ""],
    [
      "Python's spaces were removed",
      '{"event": "entry.publish", "slug": "ein/Zoë", "list": [1, 2], "none": {}}',
      BODY,
      "",
    ],
    [
      "Python's escapes were removed",
      '{"event": "entry.publish", "slug": "ein/Zo\\u00eb", "list": [1, 2], "none": {}}',
      BODY,
      "",
    ],
    [
      "PHP's escapes were removed",
      '{"event":"entry.publish","slug":"ein\\/Zo\\u00eb","list":[1,2],"none":{}}',
      BODY,
      "",
    ],
    ["Latin-1 became UTF-8", Buffer.from(BODY, "latin1"), BODY, ""],
    ["UTF-8 was written once more", BODY, Buffer.from(Buffer.from(BODY).toString("latin1")), ""],
    ["it was packed by gzip", BODY, gzipSync(BODY), "gzip"],
    ["it was packed by brotli", BODY, brotliCompressSync(BODY), "br"],
  ])("knows that a body was changed on its way: %s", async (_, signed, body, encoding) => {
    const headers = { ...hub(signed), "content-encoding": encoding };
    expect(await codesOf({ body, headers })).toEqual(["body-changed"]);
  });

  it("finds up to three things at once", async () => {
    const signature = mac(JSON.stringify(value, null, 2), SECRET, "sha512").digest("hex");
    const codes = await codesOf({ secrets: [`${SECRET}\n`], headers: { "x-hub": `sha256=${signature}` } });
    expect(codes.toSorted()).toEqual(["algorithm", "body-changed", "secret-trimmed"]);
  });

  it("says that nothing fits, and that the length is another one than announced", async () => {
    expect(await codesOf({ headers: hub(BODY, "somebody else's") })).toEqual(["nothing-fits"]);
    const request = received(BODY, { ...hub("other"), "content-length": "5" });
    const [said] = await explainSignature(
      request,
      { json: null, form: null },
      verifierDeps({ verify: raw, secrets: [SECRET] }),
    );
    expect(said?.sentence).toContain(`announced with 5 bytes and has ${Buffer.byteLength(BODY)}`);
  });

  it("reads public keys of Ed25519 in their forms", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const bytes = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const of = (key: "hex" | "base64", text: string, body = BODY) =>
      codesOf({
        verify: [{ hmac: { header: "x-hub", algorithm: "ed25519", key, encoding: "base64" } }],
        secrets: [text],
        headers: { "x-hub": signWith(null, Buffer.from(BODY), privateKey).toString("base64") },
        body,
      });
    expect(await of("base64", bytes.toString("base64"))).toEqual(["fits"]);
    expect(await of("hex", bytes.toString("base64"))).toEqual(["secret-form"]);
    expect(await of("hex", bytes.toString("hex"), `${BODY}\n`)).toEqual(["body-changed"]);
  });
});

describe("The doctor for tokens", () => {
  const of = (scheme: "bearer" | "basic" | undefined, sent: string | string[] | undefined, ...secrets: string[]) =>
    codesOf({
      verify: [{ token: { in: "header:authorization", ...(scheme && { scheme }) } }],
      secrets: secrets.length > 0 ? secrets : [SECRET],
      headers: { authorization: sent },
    });
  const base64 = (text: string) => Buffer.from(text).toString("base64");

  it("knows the form of what was sent", async () => {
    expect(await of("bearer", `Bearer ${SECRET}`)).toEqual(["fits"]);
    expect(await of("basic", `Basic ${base64(`me:${SECRET}`)}`, `me:${SECRET}`)).toEqual(["fits"]);
    expect(await of(undefined, SECRET)).toEqual(["fits"]);
    expect(await of("bearer", undefined)).toEqual(["header-missing"]);
    expect(await of("bearer", ["a", "a"])).toEqual(["header-twice"]);
    expect(await of("bearer", SECRET)).toEqual(["token-form"]);
    expect(await of("bearer", `Bearer Bearer ${SECRET}`)).toEqual(["token-form"]);
    expect(await of("bearer", `Token ${SECRET}`)).toEqual(["token-form"]);
    expect(await of(undefined, `Bearer ${SECRET}`)).toEqual(["token-form"]);
    expect(await of("basic", `Basic me:${SECRET}`, `me:${SECRET}`)).toEqual(["token-form"]);
    expect(await of("basic", `Bearer ${base64(`me:${SECRET}`)}`, `me:${SECRET}`)).toEqual(["token-form"]);
    expect(await of(undefined, ` ${SECRET}`)).toEqual(["token-form"]);
    expect(await of(undefined, `"${SECRET}"`)).toEqual(["token-form"]);
    expect(await of(undefined, base64(SECRET))).toEqual(["token-form"]);
    expect(await of(undefined, "a%2Fb+c", "a/b+c")).toEqual(["token-url-encoded"]);
    expect(await of("bearer", "Bearer another")).toEqual(["nothing-fits"]);
    expect(await of("bearer", "another")).toEqual(["token-form"]);
  });

  it("knows the form of the secret, one that is over, and none", async () => {
    expect(await of("bearer", `Bearer ${SECRET}`, `${SECRET}\n`)).toEqual(["secret-trimmed"]);
    expect(await of("bearer", `Bearer ${SECRET}`, `Bearer ${SECRET}`)).toEqual(["token-form"]);
    expect(await of("bearer", `Bearer ${SECRET}`, "")).toEqual(["no-secret"]);
    const old: ActiveSecret = { name: "env:OLD", secret: secret(SECRET), untilMs: NOW };
    expect(await codesOf({ verify: [{ token: { in: "path" } }], secrets: [old], headers: {}, token: SECRET })).toEqual([
      "old-secret",
    ]);
    expect(await codesOf({ verify: [{ token: { in: "json:/key" } }], headers: {} })).toEqual(["header-missing"]);
  });
});

describe("The doctor for named signatures", () => {
  it("knows Contentful's: headers, time, path, body and secret", async () => {
    const key = "a".repeat(64);
    const verify: Setting["verify"] = [{ contentful: {} }];
    const request = { method: "POST" as const, path: "/hooks/shop?a=1", body: BODY };
    const of = (change: Partial<Ailing>, timeMs = NOW) =>
      codesOf({ verify, secrets: [key], target: request.path, headers: signRequest(key, request, timeMs), ...change });
    expect(await of({})).toEqual(["fits"]);
    expect(await of({ headers: {} })).toEqual(["header-missing"]);
    expect(await of({ headers: { ...signRequest(key, request, NOW), "x-contentful-signature": "x" } })).toEqual([
      "form",
    ]);
    expect(await of({}, NOW - 60_000)).toEqual(["clock"]);
    expect(await of({ target: "/hooks/shop/?a=1" })).toEqual(["path-changed"]);
    expect(await of({ body: `${BODY}\n` })).toEqual(["body-changed"]);
    expect(await of({ secrets: [`${key}\n`] })).toEqual(["secret-trimmed"]);
    expect(await of({ secrets: ["b".repeat(64)] })).toEqual(["nothing-fits"]);
    expect(await of({ secrets: [] })).toEqual(["no-secret"]);
  });

  it("knows Netlify's: token, claims, body and secret", async () => {
    const key = "a secret of at least 32 bytes, for SHA-256";
    const claims = { iss: "netlify", sha256: createHash("sha256").update(BODY).digest("hex") };
    const sign = (claimed: Record<string, unknown>) =>
      new SignJWT(claimed).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(key));
    const of = async (change: Partial<Ailing> = {}, claimed: Record<string, unknown> = claims) =>
      codesOf({
        verify: [{ netlify: {} }],
        secrets: [key],
        headers: { "x-webhook-signature": await sign(claimed) },
        ...change,
      });
    expect(await of()).toEqual(["fits"]);
    expect(await of({ headers: {} })).toEqual(["header-missing"]);
    expect(await of({ headers: { "x-webhook-signature": "a.b.c" } })).toEqual(["form"]);
    expect(await of({}, { ...claims, iss: "other" })).toEqual(["claims"]);
    expect(await of({}, { ...claims, exp: NOW / 1000 - 1 })).toEqual(["clock"]);
    expect(await of({ body: `${BODY}\n` })).toEqual(["body-changed"]);
    expect(await of({ body: "other" })).toEqual(["body-changed"]);
    expect(await of({ secrets: [` ${key}`] })).toEqual(["secret-trimmed"]);
    expect(await of({ secrets: ["another"] })).toEqual(["nothing-fits"]);
  });

  it("knows Amazon's: raw delivery, topic, headers, certificate and change", async () => {
    const own = makeCertificate("sns.amazonaws.com");
    const certificates = {
      keyAt: async (url: string) => (url.endsWith(CERTIFICATE_PATH) ? createPublicKey(own.key) : null),
    };
    const fields = {
      Type: "Notification",
      MessageId: "1",
      TopicArn: TOPIC,
      Message: "hello",
      Timestamp: "2026-12-01T10:00:00.000Z",
      SigningCertURL: CERTIFICATE_PATH,
    };
    const message = signMessage(own.key, fields);
    const of = (change: Record<string, unknown>, headers = {}) =>
      codesOf({
        verify: [{ sns: { topics: [TOPIC] } }],
        body: JSON.stringify({ ...message, ...change }),
        headers,
        certificates,
      });
    expect(await of({})).toEqual(["fits"]);
    expect(await of({}, { "x-amz-sns-rawdelivery": "true" })).toEqual(["sns-raw"]);
    expect(await of({ SignatureVersion: "3" })).toEqual(["sns-message"]);
    expect(await of({ TopicArn: `${TOPIC}2` })).toEqual(["sns-topic"]);
    expect(await of({ TopicArn: "<!channel>" })).toEqual(["sns-topic"]);
    expect(await of({}, { "x-amz-sns-message-id": "2" })).toEqual(["sns-headers"]);
    expect(await of({ SigningCertURL: "https://example.com/a.pem" })).toEqual(["sns-certificate"]);
    expect(await of({ Message: "hello!" })).toEqual(["nothing-fits"]);
  });
});

describe("Whatever is explained", () => {
  const NO_PAYLOAD: Payload = { json: undefined, form: null };
  it("has something said of it, and never a secret", async () => {
    const text = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.constantFrom(
        `sha256=${"0".repeat(64)}`,
        `t=${SECONDS},v1=${"0".repeat(40)}`,
        "<!channel>",
        `Bearer ${"x".repeat(50)}`,
      ),
    );
    const verify = fc.constantFrom<Setting["verify"]>(
      raw,
      timed,
      [{ token: { in: "header:x-hub", scheme: "basic" } }],
      [{ contentful: {} }],
      [{ netlify: {} }],
      [{ sns: { topics: [TOPIC] } }],
    );
    const property = fc.asyncProperty(
      verify,
      fc.uint8Array(),
      fc.dictionary(fc.constantFrom("x-hub", "x-time", "x-webhook-signature", "content-encoding"), text, {
        noNullPrototype: true,
      }),
      async (checks, body, headers) => {
        const request = received(Buffer.from(body), headers);
        const findings = await explainSignature(
          request,
          await readPayload(request, "payload"),
          verifierDeps({ verify: checks, secrets: [SECRET] }),
        );
        expect(findings.length).toBeGreaterThan(0);
        for (const { sentence } of findings) {
          expect(sentence).not.toContain(SECRET);
          expect(sentence).toMatch(/^[\x20-\x7e]+$/);
          expect(sentence).not.toContain("<!");
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it("takes little time and makes way for others, however large or odd the body is", async () => {
    const bodies = [
      "\n".repeat(1024 ** 2),
      `${"[".repeat(60)}${"1,".repeat(60_000)}1${"]".repeat(60)}`,
      "[".repeat(100_000),
      "x".repeat(5 * 1024 ** 2),
      gzipSync(Buffer.alloc(50 * 1024 ** 2)),
    ];
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const started = performance.now();
    for (const body of bodies) {
      const request = received(body, { ...hub("another", "another"), "content-encoding": "gzip" });
      const [said] = await explainSignature(
        request,
        NO_PAYLOAD,
        verifierDeps({ verify: raw, secrets: [` ${SECRET}`, "b ", "c "] }),
      );
      expect(said?.code).toBe("nothing-fits");
    }
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(20);
    // Some two seconds on an idle machine; what grows with the square of the body takes an hour.
    expect(performance.now() - started).toBeLessThan(25_000);
  });
});

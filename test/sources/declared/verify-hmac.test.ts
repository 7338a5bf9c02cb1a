/** Signatures by independent implementations are accepted, and ours by them; nothing else is. */
import { execFileSync } from "node:child_process";
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign as signWith } from "node:crypto";
import { sign as signGithub } from "@octokit/webhooks-methods";
import { encodeSignatureHeader } from "@sanity/webhook";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { sourceDefinition } from "../../../src/config/source-definition.ts";
import { active, createTrial, NOW, received, type Setting } from "./verifying.ts";

type Hmac = Extract<Setting["verify"][number], { hmac: unknown }>["hmac"];
const [current, previous] = ["a current secret of ours", "the previous secret"];
const SECONDS = String(NOW / 1000);
const github: Hmac = { header: "x-hub-signature-256", prefix: "sha256=" };
const stripeLike: Hmac = {
  header: "stripe-signature",
  layout: "pairs",
  pick: "v1",
  message: "{ts}.{body}",
  timestamp: "pair:t",
};
const standard: Hmac = {
  header: "webhook-signature",
  layout: "list",
  pick: "v1",
  encoding: "base64",
  key: "whsec",
  message: "{id}.{ts}.{body}",
  id: "webhook-id",
  timestamp: "header:webhook-timestamp",
};
const trialOf = (hmac: Hmac, setting: Partial<Setting> = {}) =>
  createTrial({ verify: [{ hmac }], secrets: [current, previous], ...setting });
const hex = (key: string | KeyObject, message: string | Buffer, algorithm = "sha256") =>
  createHmac(algorithm, key).update(message).digest("hex");

const text = fc.string({ unit: "binary", minLength: 1 });
const either = fc.constantFrom([current, "env:SECRET_1"] as const, [previous, "env:SECRET_2"] as const);

describe("Signatures of independent signers", () => {
  it("are accepted from GitHub's package, with any active secret, which is named", async () => {
    const trial = trialOf(github);
    const property = fc.asyncProperty(text, either, async (body, [key, name]) => {
      const signature = await signGithub(key, body);
      expect(await trial(received(body, { "x-hub-signature-256": signature }))).toEqual({
        matched: name,
        skewMs: null,
      });
    });
    await fc.assert(property);
  });

  it("are accepted from Stripe's package, and ours by it", async () => {
    const trial = trialOf(stripeLike);
    const stripe = new Stripe("sk_test_none");
    const property = fc.asyncProperty(
      text,
      either,
      fc.integer({ min: -300, max: 300 }),
      async (payload, [secret, name], skew) => {
        const timestamp = NOW / 1000 + skew;
        const header = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
        const proof = await trial(received(payload, { "stripe-signature": header }));
        expect(proof).toEqual({ matched: name, skewMs: skew * 1000 });
        const seconds = Math.floor(Date.now() / 1000);
        const ours = `t=${seconds},v1=${hex(secret, `${seconds}.${JSON.stringify({ payload })}`)}`;
        expect(stripe.webhooks.constructEvent(JSON.stringify({ payload }), ours, secret)).toEqual({ payload });
      },
    );
    await fc.assert(property);
  });

  it("are accepted from the packages standardwebhooks and svix, and ours by them", async () => {
    const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];
    const trial = trialOf(standard, { secrets });
    const property = fc.asyncProperty(text, fc.nat(1), fc.uuid(), async (body, at, id) => {
      const [key = "", signedAt] = [secrets[at], new Date(NOW)];
      for (const webhook of [new Webhook(key), new SvixWebhook(key)]) {
        const headers = {
          "webhook-id": id,
          "webhook-timestamp": SECONDS,
          "webhook-signature": `v1a,none v2,x ${webhook.sign(id, signedAt, body)}`,
        };
        expect(await trial(received(body, headers))).toEqual({ matched: `env:SECRET_${at + 1}`, skewMs: 0 });
      }
      const seconds = Math.floor(Date.now() / 1000);
      const json = JSON.stringify({ body });
      const mac = createHmac("sha256", Buffer.from(key.replace("whsec_", ""), "base64"));
      const signature = `v1,${mac.update(`${id}.${seconds}.${json}`).digest("base64")}`;
      const ours = { "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": signature };
      expect(new Webhook(key).verify(json, ours)).toEqual({ body });
    });
    await fc.assert(property);
  });

  it("are accepted from Sanity's package", async () => {
    const hmac: Hmac = {
      ...stripeLike,
      header: "sanity-webhook-signature",
      encoding: "base64url",
      unit: "ms",
    };
    const trial = trialOf(hmac);
    const property = fc.asyncProperty(
      text,
      either,
      fc.integer({ min: -300_000, max: 300_000 }),
      async (body, [key, name], skewMs) => {
        const header = await encodeSignatureHeader(body, NOW + skewMs, key);
        expect(await trial(received(body, { "sanity-webhook-signature": header }))).toEqual({ matched: name, skewMs });
      },
    );
    await fc.assert(property);
  });

  it.each(["sha1", "sha256", "sha512"] as const)("are accepted from openssl, with %s", async (algorithm) => {
    const trial = trialOf({ header: "x-signature", algorithm, key: "hex" }, { secrets: ["00ff10"] });
    for (const body of [Buffer.from(""), Buffer.from([0xef, 0xbb, 0xbf, 0xff, 0, 0x0a]), Buffer.from("Zoë 🚀\r\n")]) {
      const options = ["dgst", `-${algorithm}`, "-mac", "HMAC", "-macopt", "hexkey:00ff10", "-r"];
      const signature = execFileSync("openssl", options, { input: body }).toString().split(" ")[0];
      expect(await trial(received(body, { "x-signature": signature }))).toEqual({
        matched: "env:SECRET_1",
        skewMs: null,
      });
    }
  });
});

describe("Signatures of any definition", () => {
  it("fit the bytes as they came, and no others", async () => {
    const trial = trialOf(github);
    const property = fc.asyncProperty(
      fc.uint8Array({ minLength: 1 }),
      fc.nat(),
      fc.nat(7),
      async (bytes, where, bit) => {
        const body = Buffer.from(bytes);
        const headers = { "x-hub-signature-256": `sha256=${hex(current, body)}` };
        expect(await trial(received(body, headers))).toEqual({ matched: "env:SECRET_1", skewMs: null });
        const changed = Buffer.from(body);
        const at = where % body.length;
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(await trial(received(changed, headers))).toBe(401);
      },
    );
    await fc.assert(property);
  });

  it.each([
    ["hex", "0123456789abcdef"],
    ["base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"],
    ["base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"],
  ] as const)("are refused with any digit changed, in %s", async (encoding, digits) => {
    const trial = trialOf({ header: "x-signature", encoding });
    const signature = createHmac("sha256", current).update("body").digest(encoding);
    expect(await trial(received("body", { "x-signature": signature }))).not.toBe(401);
    for (const at of Array.from(signature.replace(/=$/, "")).keys()) {
      for (const digit of digits) {
        const changed = signature.slice(0, at) + digit + signature.slice(at + 1);
        const isAccepted = (await trial(received("body", { "x-signature": changed }))) !== 401;
        expect(isAccepted, changed).toBe(changed === signature);
      }
    }
  });

  it("are refused in another form, encoding or algorithm, however near", async () => {
    const good = hex(current, "body");
    const bytes = Buffer.from(good, "hex");
    const others: Array<string | string[] | undefined> = [
      undefined,
      "",
      "sha256=",
      "sha256",
      good,
      `sha256=${good} `,
      ` sha256=${good}`,
      `sha256=sha256=${good}`,
      `SHA256=${good}`,
      `sha256=${good}00`,
      `sha256=${good.slice(0, -1)}`,
      `sha256=${good}, sha256=${good}`,
      `sha256=${good},`,
      `sha256=${good},sha256=zz`,
      Array(6).fill(`sha256=${good}`).join(","),
      [`sha256=${good}`, `sha256=${good}`],
      [`sha256=${good}`, ""],
      `sha256=${bytes.toString("base64")}`,
      `sha256=${"0".repeat(64)}`,
      `sha256=${"zz".repeat(32)}`,
      `sha256=${good.replace(/^./, "\u0130")}`,
      `sha1=${hex(current, "body", "sha1")}`,
      `sha256=${hex(current, "body", "sha1")}`,
      `sha256=${hex(current, "body", "sha512")}`,
      `sha256=${hex("", "body")}`,
    ];
    const trial = trialOf(github, { secrets: ["", current] });
    expect(await trial(received("body", { "x-hub-signature-256": `sha256=${good.toUpperCase()}` }))).not.toBe(401);
    for (const signature of others) {
      expect(await trial(received("body", { "x-hub-signature-256": signature })), String(signature)).toBe(401);
    }
  });

  it("are refused with base64 that is no base64url, and the other way round", async () => {
    const body = Buffer.from("7");
    const signature = createHmac("sha256", current).update(body).digest("base64");
    expect(signature).toMatch(/[+/].*=$/);
    const url = Buffer.from(signature, "base64").toString("base64url");
    const isAccepted = async (encoding: "base64" | "base64url", value: string) =>
      (await trialOf({ header: "x-s", encoding })(received(body, { "x-s": value }))) !== 401;
    expect(await isAccepted("base64", signature)).toBe(true);
    expect(await isAccepted("base64", signature.slice(0, -1))).toBe(false);
    expect(await isAccepted("base64", url)).toBe(false);
    expect(await isAccepted("base64url", url)).toBe(true);
    expect(await isAccepted("base64url", `${url}=`)).toBe(true);
    expect(await isAccepted("base64url", `${url}==`)).toBe(false);
    expect(await isAccepted("base64url", signature)).toBe(false);
  });

  it("of which there are several are all tried, up to five", async () => {
    const trial = trialOf(stripeLike);
    const good = hex(previous, `${SECONDS}.body`);
    const bad = hex("another", `${SECONDS}.body`);
    const answer = (...signatures: string[]) =>
      trial(
        received("body", { "stripe-signature": [`t=${SECONDS}`, ...signatures.map((it) => `v1=${it}`)].join(",") }),
      );
    const proof = { matched: "env:SECRET_2", skewMs: 0 };
    expect(await answer(bad, good)).toEqual(proof);
    expect(await answer(good, "zz", "")).toEqual(proof);
    expect(await answer(bad, bad, bad, bad, good)).toEqual(proof);
    expect(await answer(bad, bad, bad, bad, bad, good)).toBe(401);
    expect(await answer(bad)).toBe(401);
    expect(await answer()).toBe(401);
    const header = (value: string) => trial(received("body", { "stripe-signature": value }));
    expect(await header(` v1=${good} , t=${SECONDS},v0=x`)).toEqual(proof);
    expect(await header(`t=${SECONDS},t=${SECONDS},v1=${good}`)).toBe(401);
    expect(await header(`v1=${good}`)).toBe(401);
    expect(await header(`t=${SECONDS},v0=${good}`)).toBe(401);
    expect(await header(`${"a=b,".repeat(16)}t=${SECONDS},v1=${good}`)).toBe(401);
  });

  it("are refused where the time is no whole number, missing, twice, or too far off in either direction", async () => {
    const trial = trialOf({ ...github, message: "{ts}:{body}", timestamp: "header:x-time", tolerance: "5m" });
    const answer = (time: string | string[] | undefined, signed = String(time)) =>
      trial(received("body", { "x-time": time, "x-hub-signature-256": `sha256=${hex(current, `${signed}:body`)}` }));
    const property = fc.asyncProperty(fc.integer({ min: -1000, max: 1000 }), async (seconds) => {
      const proof = await answer(String(NOW / 1000 + seconds));
      if (Math.abs(seconds) > 300) expect(proof).toBe(401);
      else expect(proof).toEqual({ matched: "env:SECRET_1", skewMs: seconds * 1000 });
    });
    await fc.assert(property, { examples: [[-301], [-300], [300], [301]] });
    const others = [
      "",
      "now",
      ` ${SECONDS}`,
      `${SECONDS}.0`,
      `-${SECONDS}`,
      `+${SECONDS}`,
      `0${SECONDS}`,
      "18e8",
      `${NOW}`,
      "9".repeat(30),
    ];
    for (const time of others) expect(await answer(time), time).toBe(401);
    expect(await answer(undefined, SECONDS)).toBe(401);
    expect(await answer([SECONDS, SECONDS], SECONDS)).toBe(401);
  });

  it("without a time are accepted only where the definition says so, and only where no time came", async () => {
    const grafana: Hmac = {
      header: "x-grafana-alerting-signature",
      message: "{ts}:{body}",
      timestamp: "header:x-time",
    };
    const strict = trialOf(grafana);
    const trial = trialOf({ ...grafana, optionalTimestamp: true });
    const request = (signed: string, time?: string | string[], body = '{"a":1}') =>
      received(body, { "x-grafana-alerting-signature": hex(current, signed), "x-time": time });
    const bare = request('{"a":1}');
    expect(await strict(bare)).toBe(401);
    expect(await trial(bare)).toEqual({ matched: "env:SECRET_1", skewMs: null });
    expect(await trial(request(`${SECONDS}:{"a":1}`, SECONDS))).toEqual({ matched: "env:SECRET_1", skewMs: 0 });
    expect(await trial(request('{"a":1}', SECONDS))).toBe(401);
    expect(await trial(request('{"a":1}', ""))).toBe(401);
    expect(await trial(request('{"a":1}', [SECONDS, SECONDS]))).toBe(401);
    // An old message with its time moved into the body, where no header says a time.
    const old = `${Number(SECONDS) - 86_400}:{"a":1}`;
    expect(await trial(request(old, undefined, old))).toBe(401);
  });

  it("are refused where the id that is signed is missing, twice, too long or no text of a header", async () => {
    const trial = trialOf({ ...standard, key: "utf8" });
    const answer = (id: string | string[] | undefined, signed = String(id)) => {
      const signature = `v1,${createHmac("sha256", current).update(`${signed}.${SECONDS}.body`).digest("base64")}`;
      return trial(
        received("body", { "webhook-id": id, "webhook-timestamp": SECONDS, "webhook-signature": signature }),
      );
    };
    expect(await answer("msg_1")).not.toBe(401);
    expect(await answer("m".repeat(256))).not.toBe(401);
    for (const id of ["", " ", "a b", "a\u0000", "é", "m".repeat(257)]) expect(await answer(id), id).toBe(401);
    expect(await answer(undefined, "")).toBe(401);
    expect(await answer(["msg_1", "msg_1"], "msg_1")).toBe(401);
  });

  it("over the payload of a form fit the decoded field, as Gitea signs it, or the body where it is no form", async () => {
    const trial = trialOf({ header: "x-gitea-signature", message: "{form.payload}" });
    const json = '{"name":"Zoë & co"}';
    const type = "application/x-www-form-urlencoded";
    const headers = { "content-type": type, "x-gitea-signature": hex(current, json) };
    expect(await trial(received(`payload=${encodeURIComponent(json)}`, headers))).not.toBe(401);
    expect(await trial(received(`payload=${encodeURIComponent(`${json} `)}`, headers))).toBe(401);
    expect(await trial(received("other=1", { ...headers, "x-gitea-signature": hex(current, "") }))).toBe(401);
    const asJson = { ...headers, "content-type": "application/json" };
    expect(await trial(received(json, asJson))).not.toBe(401);
    expect(await trial(received(`${json} `, asJson))).toBe(401);
  });

  it("by Ed25519 fit the public key in any of its forms, and no other kind of key", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const der = publicKey.export({ format: "der", type: "spki" });
    const raw = der.subarray(-32);
    const pem = String(publicKey.export({ format: "pem", type: "spki" }));
    const signature = signWith(
      null,
      Buffer.from(`${SECONDS}body`),
      createPrivateKey(String(privateKey.export({ format: "pem", type: "pkcs8" }))),
    );
    const answer = (
      key: "utf8" | "base64" | "hex" | "whsec",
      secret: string,
      algorithm: "ed25519" | "sha512" = "ed25519",
      body = "body",
    ) => {
      const hmac: Hmac = {
        header: "x-signature-ed25519",
        algorithm,
        key,
        message: "{ts}{body}",
        timestamp: "header:x-signature-timestamp",
      };
      const headers = { "x-signature-ed25519": signature.toString("hex"), "x-signature-timestamp": SECONDS };
      return createTrial({ verify: [{ hmac }], secrets: ["no key", secret] })(received(body, headers));
    };
    const proof = { matched: "env:SECRET_2", skewMs: 0 };
    expect(await answer("hex", raw.toString("hex"))).toEqual(proof);
    expect(await answer("base64", raw.toString("base64"))).toEqual(proof);
    expect(await answer("base64", der.toString("base64"))).toEqual(proof);
    expect(await answer("whsec", `whpk_${raw.toString("base64")}`)).toEqual(proof);
    expect(await answer("utf8", pem)).toEqual(proof);
    expect(await answer("utf8", pem, "ed25519", "bodies")).toBe(401);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "pem", type: "spki" });
    expect(await answer("utf8", String(rsa))).toBe(401);
    for (const other of ["", "whpk_", "-----BEGIN PUBLIC KEY-----", raw.toString("base64").slice(4)]) {
      expect(await answer("whsec", other), other).toBe(401);
    }
  });

  it("never fit a public key that was configured as a shared secret, since anybody could sign with it", async () => {
    const pem = String(generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" }));
    for (const secret of [pem, "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="]) {
      const headers = { "x-hub-signature-256": `sha256=${hex(secret, "body")}` };
      expect(await trialOf(github, { secrets: [secret] })(received("body", headers))).toBe(401);
    }
  });

  it("fit a secret until its end, and the keys are those of the form that is configured", async () => {
    const [next, last] = active(current, previous);
    if (!next || !last) throw new Error("two secrets");
    const secrets = [next, { ...last, untilMs: NOW }];
    const headers = { "x-hub-signature-256": `sha256=${hex(previous, "body")}` };
    expect(await trialOf(github, { secrets, nowMs: NOW - 1 })(received("body", headers))).toEqual({
      matched: last.name,
      skewMs: null,
    });
    expect(await trialOf(github, { secrets })(received("body", headers))).toBe(401);
    const signed = { "x-s": hex(current, "body") };
    for (const [key, secret] of [
      ["base64", Buffer.from(current).toString("base64")],
      ["hex", Buffer.from(current).toString("hex")],
      ["whsec", `whsec_${Buffer.from(current).toString("base64")}`],
    ] as const) {
      expect(await trialOf({ header: "x-s", key }, { secrets: [secret] })(received("body", signed)), key).not.toBe(401);
      expect(await trialOf({ header: "x-s", key }, { secrets: [`${secret}\n`] })(received("body", signed)), key).toBe(
        401,
      );
      expect(await trialOf({ header: "x-s", key }, { secrets: [current] })(received("body", signed)), key).toBe(401);
    }
  });

  it("cannot be asked for by a definition that nothing fits", () => {
    const wrong: Hmac[] = [
      { header: "x", layout: "pairs" },
      { header: "x", layout: "list" },
      { header: "x", message: "{ts}.{body}" },
      { header: "x", message: "{id}.{body}" },
      { header: "x", timestamp: "pair:t" },
    ];
    for (const hmac of wrong) {
      const { error } = sourceDefinition.safeParse({ verify: [{ hmac }] });
      expect(error?.issues.length, JSON.stringify(hmac)).toBe(1);
    }
  });
});

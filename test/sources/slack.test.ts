import { createHmac } from "node:crypto";
import { isValidSlackRequest } from "@slack/bolt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SenderError } from "../../src/errors.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createSlackSource, readSocketPayload } from "../../src/sources/slack.ts";

const [current, previous] = ["a current signing secret", "the previous signing secret"];
const NOW = 1_700_000_000;
const source = createSlackSource([secret(current), secret(previous)], () => NOW * 1000);

function sign(key: string, body: Buffer | string, time: number | string = NOW): string {
  return `v0=${createHmac("sha256", key).update(`v0:${time}:`).update(body).digest("hex")}`;
}

function isAccepted(
  body: Buffer,
  signature: string | undefined,
  time: string | undefined = String(NOW),
  at = source,
): boolean {
  try {
    at.verify({ headers: { "x-slack-signature": signature, "x-slack-request-timestamp": time } }, body);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SenderError);
    expect(error).toMatchObject({ status: 401, message: "unauthorized" });
    return false;
  }
}

describe("Slack as a source", () => {
  it("accepts the example that Slack publishes", () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
      "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
      "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
      "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const theirs = createSlackSource([secret("8f742231b10e8888abcd99yyyzzz85a5")], () => 1531420618_000);
    expect(isAccepted(Buffer.from(body), signature, "1531420618", theirs)).toBe(true);
    expect(theirs.readBody(null, Buffer.from(body))).toEqual({
      key: "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
      event: "command",
    });
  });

  it("accepts any bytes that were signed with either secret, as an independent implementation does", () => {
    const property = fc.property(fc.uint8Array(), fc.constantFrom(current, previous), (bytes, key) => {
      const signature = sign(key, Buffer.from(bytes));
      expect(isAccepted(Buffer.from(bytes), signature)).toBe(true);
    });
    fc.assert(property);
    const texts = fc.property(fc.string({ unit: "binary", minLength: 1 }), (body) => {
      const signature = sign(current, body);
      const headers = { "x-slack-signature": signature, "x-slack-request-timestamp": NOW };
      const request = { signingSecret: current, body, headers, nowMilliseconds: NOW * 1000 };
      expect(isValidSlackRequest(request)).toBe(true);
      expect(isAccepted(Buffer.from(body), signature)).toBe(true);
    });
    fc.assert(texts);
  });

  it("refuses any change of one bit in the body, the time or the signature", () => {
    const body = Buffer.from("payload=%7B%22type%22%3A%22block_actions%22%7D&x=Zoë");
    const signature = sign(current, body);
    const flips = fc.property(fc.nat(body.length - 1), fc.nat(7), (at, bit) => {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      expect(isAccepted(changed, signature)).toBe(false);
    });
    fc.assert(flips);
    const digits = fc.property(fc.nat(63), fc.constantFrom(..."0123456789abcdef"), (at, digit) => {
      const changed = `${signature.slice(0, 3 + at)}${digit}${signature.slice(4 + at)}`;
      expect(isAccepted(body, changed)).toBe(changed === signature);
    });
    fc.assert(digits);
    const times = fc.property(fc.integer({ min: NOW - 300, max: NOW + 300 }), (time) => {
      expect(isAccepted(body, signature, String(time))).toBe(time === NOW);
    });
    fc.assert(times);
  });

  it("takes what was signed up to five minutes ago, or by a clock that is five minutes ahead, and nothing beyond", () => {
    const body = Buffer.from("payload={}");
    const property = fc.property(fc.integer({ min: -1000, max: 1000 }), (seconds) => {
      const time = NOW + seconds;
      expect(isAccepted(body, sign(current, body, time), String(time))).toBe(Math.abs(seconds) <= 300);
    });
    fc.assert(property);
    for (const seconds of [-301, -300, 300, 301]) {
      const time = NOW + seconds;
      expect(isAccepted(body, sign(current, body, time), String(time)), String(seconds)).toBe(
        Math.abs(seconds) === 300,
      );
    }
  });

  it("refuses other secrets, versions, forms of signature and time, and none at all", () => {
    const body = Buffer.from("payload={}");
    const good = sign(current, body);
    const others = [
      undefined,
      "",
      "v0=",
      good.slice(3),
      good.replace("v0=", "v1="),
      `${good}00`,
      `${good}, ${good}`,
      good.slice(0, -1),
      `v0=${"0".repeat(64)}`,
      `v0=${"zz".repeat(32)}`,
      sign("another secret entirely", body),
      `v0=${createHmac("sha256", current).update(body).digest("hex")}`,
    ];
    for (const signature of others) expect(isAccepted(body, signature), String(signature)).toBe(false);
    fc.assert(fc.property(fc.string(), (signature) => !isAccepted(body, signature)));
    // Even a time that was signed like that.
    for (const time of ["", "now", ` ${NOW}`, `${NOW}.0`, `-${NOW}`, "1e9", "9".repeat(30)]) {
      expect(isAccepted(body, sign(current, body, time), time), time).toBe(false);
    }
    const withoutTime = { "x-slack-signature": sign(current, body, "") };
    expect(() => source.verify({ headers: withoutTime }, body)).toThrow(SenderError);
  });

  it("accepts nothing once a secret is gone", () => {
    const rotated = createSlackSource([secret(current)], () => NOW * 1000);
    const body = Buffer.from("payload={}");
    expect(isAccepted(body, sign(previous, body), String(NOW), rotated)).toBe(false);
    expect(isAccepted(body, sign(current, body), String(NOW), rotated)).toBe(true);
  });

  it("names a click by its trigger, an event by its id, and anything else by its bytes", () => {
    const form = (payload: unknown) => Buffer.from(`payload=${encodeURIComponent(JSON.stringify(payload))}`);
    expect(source.readBody(null, form({ type: "block_actions", trigger_id: "1.2.ab" }))).toEqual({
      key: "1.2.ab",
      event: "block_actions",
    });
    const event = { type: "event_callback", event_id: "Ev0PV52K21" };
    expect(source.readBody(null, Buffer.from(JSON.stringify(event)))).toEqual({
      key: "Ev0PV52K21",
      event: "event_callback",
    });
    const digest = { key: expect.stringMatching(/^[0-9a-f]{64}$/), event: expect.any(String) };
    const others = ["", "x", "payload=", "payload=no", "payload=null", "payload=[1]", "{", "%%%", '{"type":{"a":1}}'];
    for (const body of others)
      expect(source.readBody(null, Buffer.from(body)), body).toEqual({ ...digest, event: "unknown" });
    expect(source.readBody(null, form({ type: "view_closed", trigger_id: "a\nb" }))).toEqual({
      ...digest,
      event: "view_closed",
    });
    fc.assert(fc.property(fc.uint8Array(), (bytes) => "key" in source.readBody(null, Buffer.from(bytes))));
  });

  it("names a request that comes again as it named it at first, and so does Socket Mode", () => {
    const payload = { type: "view_submission", trigger_id: "1.2.ab" };
    const body = Buffer.from(`payload=${encodeURIComponent(JSON.stringify(payload))}`);
    expect(source.readBody(null, Buffer.from(body))).toEqual(source.readBody(null, body));
    expect(readSocketPayload(Buffer.from(JSON.stringify(payload)))).toEqual(source.readBody(null, body));
    const fields = { command: "/deploy", text: "status", trigger_id: "3.4.cd" };
    const command = Buffer.from(new URLSearchParams(fields).toString());
    expect(readSocketPayload(Buffer.from(JSON.stringify(fields)))).toEqual(source.readBody(null, command));
    expect(readSocketPayload(Buffer.from(JSON.stringify(fields)))).toEqual({ key: "3.4.cd", event: "command" });
  });

  it("gives whatever comes by Socket Mode a name, and answers no challenge there", () => {
    const challenge = readSocketPayload(Buffer.from('{"type":"url_verification","challenge":"x"}'));
    expect(challenge).toEqual({ key: expect.stringMatching(/^[0-9a-f]{64}$/), event: "url_verification" });
    fc.assert(fc.property(fc.uint8Array(), (bytes) => /./.test(readSocketPayload(Buffer.from(bytes)).key)));
  });

  it("answers a challenge with the challenge", () => {
    const body = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1a" });
    expect(source.readBody(null, Buffer.from(body))).toEqual({ answer: "3eZbrw1a" });
  });

  it("answers 415 to what is neither a form nor JSON", () => {
    const status = (type: string | undefined) => {
      try {
        return source.readHeaders({ headers: { "content-type": type } }) === null ? 200 : 0;
      } catch (error) {
        return (error as SenderError).status;
      }
    };
    const form = "application/x-www-form-urlencoded";
    const taken = [form, `${form};charset=UTF-8`, `${form} ; charset=utf-8`, "application/json; charset=utf-8"];
    expect(taken.map(status)).toEqual([200, 200, 200, 200]);
    expect(["text/plain", `${form}x`, "multipart/form-data", undefined].map(status)).toEqual([415, 415, 415, 415]);
  });
});

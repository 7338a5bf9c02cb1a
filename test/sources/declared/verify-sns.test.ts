/** Messages of Amazon SNS: real ones with their real certificate, and our own, which an independent package accepts too. */
import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PermanentError, RetryLaterError } from "../../../src/errors.ts";
import { confirmSns } from "../../../src/sources/declared/confirm-sns.ts";
import { createSnsCertificates, type SnsCertificatesDeps } from "../../../src/sources/declared/sns-certificates.ts";
import { type Amazon, CERTIFICATE_PATH, makeCertificate, signMessage, startAmazon, TOPIC } from "./amazon.ts";
import { REAL_CERTIFICATE, REAL_NOW, realMessages } from "./amazon-messages.ts";
import { createTrial, received } from "./verifying.ts";

const own = makeCertificate("sns.amazonaws.com");
/** A little later, so that certificates made during the tests are valid. */
const NOW = Date.now() + 60_000;
const PROVEN = { matched: null, skewMs: null };
const HOST = "https://sns.us-east-2.amazonaws.com";
const notification = {
  Type: "Notification",
  MessageId: "da41e39f-ea4d-435a-b922-c6aae3915ebe",
  TopicArn: TOPIC,
  Subject: "ALARM: disk",
  Message: '{"AlarmName":"disk"}',
  Timestamp: "2026-12-01T10:00:00.000Z",
  SigningCertURL: HOST + CERTIFICATE_PATH,
};
const TOKEN = "2336412f37fb687f5d51e6e2425f09";
const { Subject: _, ...withoutSubject } = notification;
const subscription = {
  ...withoutSubject,
  Type: "SubscriptionConfirmation",
  Token: TOKEN,
  SubscribeURL: `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${TOKEN}`,
};

let amazon: Amazon;
let handle: Parameters<typeof startAmazon>[0];
beforeAll(async () => {
  amazon = await startAmazon((request, response) => handle(request, response));
});
const serveCertificate =
  (certificate = own.certificate): typeof handle =>
  (_request, response) =>
    void response.end(certificate);
handle = serveCertificate();
afterEach(() => {
  handle = serveCertificate();
  (amazon.asked as string[]).length = 0;
});
afterAll(() => amazon.close());

function trialOf(deps: Partial<SnsCertificatesDeps> = {}, topics = [TOPIC], nowMs = NOW) {
  const certificates = createSnsCertificates({ now: () => nowMs, fetch: amazon.fetch, ...deps });
  const trial = createTrial({ verify: [{ sns: { topics } }], nowMs, certificates });
  const headers = { "content-type": "text/plain; charset=UTF-8" };
  return (message: unknown, more = {}) =>
    trial(received(typeof message === "string" ? message : JSON.stringify(message), { ...headers, ...more }));
}

describe("A message of Amazon SNS", () => {
  it.each(realMessages)("is accepted as Amazon signed it, version $SignatureVersion", async (message) => {
    handle = serveCertificate(REAL_CERTIFICATE);
    const trial = trialOf({}, [message.TopicArn], REAL_NOW);
    expect(await trial(message)).toEqual(PROVEN);
    expect(await trial({ ...message, Subject: null })).toEqual(PROVEN);
    for (const [name, value] of Object.entries(message)) {
      expect(await trial({ ...message, [name]: `${value} ` }), name).toBe(401);
      expect(await trial({ ...message, [name]: undefined }), `without ${name}`).toBe(401);
    }
    expect(await trial({ ...message, Subject: "" })).toBe(401);
    // The same years later, when that certificate is long over.
    expect(await trialOf({}, [message.TopicArn], NOW)(message)).toBe(401);
  });

  it("is accepted of each kind, with and without a subject, as sns-payload-validator accepts it", async () => {
    const Validator = createRequire(import.meta.url)("sns-payload-validator");
    const messages = [
      notification,
      withoutSubject,
      { ...notification, Subject: "" },
      subscription,
      { ...subscription, Type: "UnsubscribeConfirmation" },
    ];
    const validator = new Validator();
    for (const version of ["1", "2"] as const) {
      for (const fields of messages) {
        const message = signMessage(own.key, fields, version);
        validator.certCache.set(message.SigningCertURL, own.certificate);
        await expect(validator.validate(message)).resolves.toEqual(message);
        expect(await trialOf()(message), fields.Type).toEqual(PROVEN);
        expect(await trialOf()({ ...message, SignatureVersion: version === "1" ? "2" : "1" })).toBe(401);
      }
    }
  });

  it("is refused for any other topic, without anything being fetched", async () => {
    const message = signMessage(own.key, { ...notification, TopicArn: `${TOPIC}2` });
    expect(await trialOf()(message)).toBe(401);
    for (const other of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '{"Type":"toString"}',
      { ...message, TopicArn: TOPIC, Signature: "" },
    ]) {
      expect(await trialOf()(other), JSON.stringify(other)).toBe(401);
    }
    expect(amazon.asked).toEqual([]);
  });

  it("is refused where its headers say something else than what is signed", async () => {
    const message = signMessage(own.key, notification);
    const trial = trialOf();
    const headers = {
      "x-amz-sns-message-type": "Notification",
      "x-amz-sns-message-id": notification.MessageId,
      "x-amz-sns-topic-arn": TOPIC,
    };
    expect(await trial(message, headers)).toEqual(PROVEN);
    for (const name of Object.keys(headers)) {
      expect(await trial(message, { ...headers, [name]: "SubscriptionConfirmation" }), name).toBe(401);
      expect(await trial(message, { ...headers, [name]: "" }), name).toBe(401);
    }
    expect(
      await trial(message, { ...headers, "x-amz-sns-message-id": [notification.MessageId, notification.MessageId] }),
    ).toBe(401);
  });

  it("is refused where its certificate is not on a host of Amazon SNS, without anything being fetched", async () => {
    const urls = [
      `http://sns.us-east-2.amazonaws.com${CERTIFICATE_PATH}`,
      `https://sns.us-east-2.amazonaws.com.example.com${CERTIFICATE_PATH}`,
      `https://sns.us-east-2.amazonaws.com@example.com${CERTIFICATE_PATH}`,
      `https://user@sns.us-east-2.amazonaws.com${CERTIFICATE_PATH}`,
      `https://sns.us-east-2.amazonaws.com:8443${CERTIFICATE_PATH}`,
      `https://example.com/sns.us-east-2.amazonaws.com${CERTIFICATE_PATH}`,
      `https://s3.us-east-2.amazonaws.com${CERTIFICATE_PATH}`,
      `https://evil.sns.us-east-2.amazonaws.com${CERTIFICATE_PATH}`,
      `https://sns.us-east-2.evil.amazonaws.com${CERTIFICATE_PATH}`,
      `${HOST}/?a=${CERTIFICATE_PATH}`,
      `${HOST}${CERTIFICATE_PATH}?a=b`,
      `${HOST}${CERTIFICATE_PATH}#a`,
      `${HOST}/a${CERTIFICATE_PATH}`,
      `${HOST}/other.pem`,
      `${HOST}${CERTIFICATE_PATH.replace(".pem", ".key")}`,
      "file:///etc/ssl/cert.pem",
      "sns.us-east-2.amazonaws.com",
      "",
    ];
    for (const SigningCertURL of urls) {
      expect(await trialOf()({ ...signMessage(own.key, notification), SigningCertURL }), SigningCertURL).toBe(401);
    }
    expect(amazon.asked).toEqual([]);
    const china = {
      ...signMessage(own.key, notification),
      SigningCertURL: `https://sns.cn-north-1.amazonaws.com.cn${CERTIFICATE_PATH}`,
    };
    expect(await trialOf()(china)).toEqual(PROVEN);
  });

  it("has its certificate fetched once, however many come at a time", async () => {
    const [trial, message] = [trialOf(), signMessage(own.key, notification)];
    const proofs = await Promise.all(Array.from({ length: 20 }, () => trial(message)));
    expect(proofs).toEqual(Array(20).fill(PROVEN));
    expect(await trial(message)).toEqual(PROVEN);
    expect(amazon.asked).toEqual([CERTIFICATE_PATH]);
  });

  it("is refused with a certificate of another name or kind, too early or too late, or none", async () => {
    const answer = async (certificate: string, key = own.key, nowMs = NOW) => {
      handle = serveCertificate(certificate);
      return trialOf({}, [TOPIC], nowMs)(signMessage(key, notification));
    };
    const named = (name: string) => answer(makeCertificate(name, own.key).certificate);
    expect(await named("sns-signing.eu-south-1.amazonaws.com")).toEqual(PROVEN);
    expect(await named("sns-cn-north-1.amazonaws.com.cn")).toEqual(PROVEN);
    expect(await named("sns.example.com")).toBe(401);
    expect(await named("s3.amazonaws.com")).toBe(401);
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const key of [weak, curve])
      expect(await answer(makeCertificate("sns.amazonaws.com", key).certificate, key)).toBe(401);
    expect(await answer(makeCertificate("sns.amazonaws.com").certificate)).toBe(401);
    expect(await answer(own.certificate, own.key, NOW - 7_200_000)).toBe(401);
    expect(await answer(own.certificate, own.key, NOW + 2 * 86_400_000)).toBe(401);
    for (const other of ["", "no certificate", "-----BEGIN CERTIFICATE-----"])
      expect(await answer(other), other).toBe(401);
    expect(await answer(`${own.certificate}${" ".repeat(65 * 1024)}`)).toBe(401);
  });

  it("is to come again where Amazon does not answer, and a redirect is not followed", async () => {
    const message = signMessage(own.key, notification);
    handle = (_request, response) => void response.writeHead(503).end();
    expect(await trialOf()(message)).toBe("later");
    handle = (request) => void request.socket.destroy();
    expect(await trialOf()(message)).toBe("later");
    handle = (_request, response) => void response.writeHead(302, { location: `${amazon.origin}/elsewhere` }).end();
    expect(await trialOf()(message)).toBe(401);
    expect(amazon.asked).not.toContain("/elsewhere");
    // The limit of three seconds, which nobody wants to wait for here.
    const hanging: typeof fetch = (url, init) =>
      amazon.fetch(url, { ...init, signal: AbortSignal.any([init?.signal as AbortSignal, AbortSignal.timeout(20)]) });
    handle = () => {};
    expect(await trialOf({ fetch: hanging })(message)).toBe("later");
  });

  it("cannot make us ask for many certificates that do not exist", async () => {
    handle = (_request, response) => void response.writeHead(404).end();
    const trial = trialOf();
    const messageOf = (name: string) => ({
      ...signMessage(own.key, notification),
      SigningCertURL: `${HOST}/SimpleNotificationService-${name}.pem`,
    });
    for (let at = 0; at < 3; at++) expect(await trial(messageOf("none"))).toBe(401);
    expect(amazon.asked).toHaveLength(1);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => trial(messageOf(`n${at}`))));
    expect(amazon.asked).toHaveLength(1 + 4);
    expect(answers.filter((it) => it === "later")).toHaveLength(26);
  });
});

describe("A subscription of Amazon SNS", () => {
  const confirm = (json: unknown, deps = {}) =>
    confirmSns({ json, form: null }, [TOPIC], { fetch: amazon.fetch, ...deps });

  it("is confirmed by visiting the address that is signed", async () => {
    handle = (_request, response) => void response.end("<ConfirmSubscriptionResponse/>");
    await confirm(signMessage(own.key, subscription));
    expect(amazon.asked).toEqual([`/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${TOKEN}`]);
  });

  it("is not confirmed anywhere else, for another topic, or by another kind of message", async () => {
    const urls = [
      subscription.SubscribeURL.replace("https", "http"),
      subscription.SubscribeURL.replace("amazonaws.com", "amazonaws.com.example.com"),
      subscription.SubscribeURL.replace("ConfirmSubscription", "Unsubscribe"),
      subscription.SubscribeURL.replace(TOPIC, `${TOPIC}2`),
      subscription.SubscribeURL.replace(TOKEN, "another"),
      `${subscription.SubscribeURL}&Action=Unsubscribe`,
      subscription.SubscribeURL.replace("/?", "/a?"),
      "http://169.254.169.254/?Action=ConfirmSubscription",
      "",
    ];
    for (const SubscribeURL of urls) {
      await expect(confirm(signMessage(own.key, { ...subscription, SubscribeURL })), SubscribeURL).rejects.toThrow(
        PermanentError,
      );
    }
    for (const other of [
      null,
      notification,
      { ...subscription, Type: "UnsubscribeConfirmation" },
      { ...subscription, TopicArn: "arn:x" },
    ]) {
      await expect(confirm(other && signMessage(own.key, other as typeof notification))).rejects.toThrow(
        PermanentError,
      );
    }
    expect(amazon.asked).toEqual([]);
  });

  it("is confirmed later where Amazon does not answer, and never where its token is too old", async () => {
    const message = signMessage(own.key, subscription);
    handle = (_request, response) => void response.writeHead(500).end();
    await expect(confirm(message)).rejects.toThrow(RetryLaterError);
    handle = (_request, response) => void response.writeHead(400).end();
    await expect(confirm(message)).rejects.toThrow(PermanentError);
    handle = (_request, response) => void response.writeHead(302, { location: "/elsewhere" }).end();
    await expect(confirm(message)).rejects.toThrow(PermanentError);
    expect(amazon.asked).not.toContain("/elsewhere");
  });
});

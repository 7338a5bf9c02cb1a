/** Signatures that the senders themselves have published, and what changes of them are refused. */
import { describe, expect, it } from "vitest";
import type { DefinitionInput } from "../../../src/config/source-definition.ts";
import { createTrial, received } from "./verifying.ts";

type Vector = {
  readonly from: string;
  readonly hmac: Extract<DefinitionInput["verify"][number], { hmac: unknown }>["hmac"];
  readonly secret: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In milliseconds. */
  readonly signedAt?: number;
};

const standard = {
  header: "webhook-signature",
  layout: "list",
  encoding: "base64",
  key: "whsec",
  message: "{id}.{ts}.{body}",
  id: "webhook-id",
  timestamp: "header:webhook-timestamp",
} as const;
const standardHeaders = { "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330" };
const sanity = {
  header: "sanity-webhook-signature",
  layout: "pairs",
  pick: "v1",
  encoding: "base64url",
  timestamp: "pair:t",
  unit: "ms",
  message: "{ts}.{body}",
} as const;
const django = {
  header: "django-webhook-signature-v1",
  message: "{ts}:{body}",
  timestamp: "header:django-webhook-request-timestamp",
} as const;
const djangoTwice =
  "7cde1ddd304f5e4c88fe5429cbe318ce83fd1f610a8004c8cafc20bc3289661f,28e85307029745b99e205c6003a4a5a7aa44f95f950a4cf44dfaa95df4a73d0c";
const v1a = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

const slackBody =
  "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
  "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
  "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
  "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

/** Kontent.ai ends its lines like this. */
const kontentBody = JSON.stringify(
  {
    notifications: [
      {
        data: {
          system: {
            id: "74fda2ec-5f05-45e6-801c-0b041697256c",
            name: "This changes everything!",
            codename: "this_changes_everything_",
            collection: "default",
            workflow: "default",
            workflow_step: "published",
            language: "default",
            type: "product_update",
            last_modified: "2025-11-26T10:12:53.4900599Z",
          },
        },
        message: {
          environment_id: "2db94c54-294a-016e-81d4-826f7e4a11d8",
          object_type: "content_item",
          action: "workflow_step_changed",
          delivery_slot: "preview",
          action_context: { previous_workflow: "default", previous_workflow_step: "draft" },
        },
      },
    ],
  },
  null,
  2,
).replaceAll("\n", "\r\n");

const vectors: readonly Vector[] = [
  {
    from: "GitHub, https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries",
    hmac: { header: "x-hub-signature-256", prefix: "sha256=" },
    secret: "It's a Secret to Everybody",
    body: "Hello, World!",
    headers: {
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    },
  },
  {
    from: "Slack, https://docs.slack.dev/authentication/verifying-requests-from-slack",
    hmac: {
      header: "x-slack-signature",
      prefix: "v0=",
      message: "v0:{ts}:{body}",
      timestamp: "header:x-slack-request-timestamp",
    },
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    body: slackBody,
    headers: {
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      "x-slack-request-timestamp": "1531420618",
    },
    signedAt: 1_531_420_618_000,
  },
  {
    from: "Sanity, test/signature.test.ts of https://github.com/sanity-io/webhook-toolkit",
    hmac: sanity,
    secret: "test",
    body: '{"_id":"resume"}',
    headers: { "sanity-webhook-signature": "t=1633519811129,v1=tLa470fx7qkLLEcMOcEUFuBbRSkGujyskxrNXcoh0N0" },
    signedAt: 1_633_519_811_129,
  },
  {
    from: "Sanity, README of https://github.com/sanity-io/webhook-toolkit",
    hmac: sanity,
    secret: "try-me",
    body: '{"title":"GROQ-Hooks are neat"}',
    headers: { "sanity-webhook-signature": "t=1633518820676,v1=e7C9h2sfbFfc4V7TEz7PSOp4IoNzl0UdVsBV-1wgdeA" },
    signedAt: 1_633_518_820_676,
  },
  {
    from: "Standard Webhooks, tests of https://github.com/standard-webhooks/standard-webhooks",
    hmac: { ...standard, pick: "v1" },
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    body: '{"test": 2432232314}',
    headers: {
      ...standardHeaders,
      "webhook-signature": `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= ${v1a}`,
    },
    signedAt: 1_614_265_330_000,
  },
  {
    from: "Svix, test_sign_asymmetric of https://github.com/svix/svix-webhooks, server/svix-server",
    hmac: { ...standard, pick: "v1a", algorithm: "ed25519" },
    secret: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    body: '{"test": 2432232314}',
    headers: { ...standardHeaders, "webhook-signature": `v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= ${v1a}` },
    signedAt: 1_614_265_330_000,
  },
  {
    from: "Kontent.ai, test/signatures of https://github.com/kontent-ai/webhook-helper-js",
    hmac: { header: "x-kontent-ai-signature", encoding: "base64" },
    secret: "hx3snVrI9E2Lgpi1LaL+WfiPWCh88OjI7Bv/3ihq+Qo=",
    body: kontentBody,
    headers: { "x-kontent-ai-signature": "k97ud4G3+Bo58p4LDJQY8SK81AThPMIDlZQjyWJbOgI=" },
  },
  {
    from: "django-webhook, tests/test_tasks.py of https://github.com/danihodovic/django-webhook",
    hmac: django,
    secret: "stevan-labudovic",
    body: '{"hello": "world"}',
    headers: {
      "django-webhook-signature-v1": "b8989925491ccd7f040a92e371bd95d746c370acebae86c6b7deec3b7b0b66ed",
      "django-webhook-request-timestamp": "1326511294",
    },
    signedAt: 1_326_511_294_000,
  },
  ...["Hugh-Clowers-Thompson-Jr", "Augusto-César-Sandino"].map((secret) => ({
    from: `django-webhook with two secrets, as ${secret}`,
    hmac: django,
    secret,
    body: '{"hello": "world"}',
    headers: { "django-webhook-signature-v1": djangoTwice, "django-webhook-request-timestamp": "1326511294" },
    signedAt: 1_326_511_294_000,
  })),
  {
    from: "Shopify, the example of its documentation of webhooks, as libraries test it",
    hmac: { header: "x-shopify-hmac-sha256", encoding: "base64" },
    secret: "my secret",
    body: "my data",
    headers: { "x-shopify-hmac-sha256": "BJ8yvk8zppggVSmBjBtnbUYMnLL2kBRX0BKmZGEnrjc=" },
  },
];

describe("What senders publish of their signatures", () => {
  it.each(vectors)("is accepted: $from", async ({ hmac, secret, body, headers, signedAt }) => {
    const nowMs = (signedAt ?? 1_700_000_000_000) + 2000;
    const trial = createTrial({ verify: [{ hmac }], secrets: ["another secret", secret], nowMs });
    const skewMs = signedAt === undefined ? null : -2000;
    expect(await trial(received(body, headers))).toEqual({ matched: "env:SECRET_2", skewMs });
  });

  it.each(vectors)("is refused with anything changed: $from", async ({ hmac, secret, body, headers, signedAt }) => {
    const nowMs = signedAt ?? 1_700_000_000_000;
    const trial = createTrial({ verify: [{ hmac }], secrets: [secret], nowMs });
    expect(await trial(received(body, headers))).not.toBe(401);
    expect(await trial(received(`${body} `, headers))).toBe(401);
    for (const name of Object.keys(headers)) {
      const value = headers[name] ?? "";
      expect(await trial(received(body, { ...headers, [name]: undefined })), `without ${name}`).toBe(401);
      expect(await trial(received(body, { ...headers, [name]: [value, value] })), `${name} twice`).toBe(401);
      expect(await trial(received(body, { ...headers, [name]: "" })), `${name} empty`).toBe(401);
    }
    const others = createTrial({ verify: [{ hmac }], secrets: ["", `${secret}x`], nowMs });
    expect(await others(received(body, headers))).toBe(401);
    const late = createTrial({ verify: [{ hmac }], secrets: [secret], nowMs: nowMs + 300_001 });
    const early = createTrial({ verify: [{ hmac }], secrets: [secret], nowMs: nowMs - 300_001 });
    const isTimed = signedAt !== undefined;
    expect((await late(received(body, headers))) === 401).toBe(isTimed);
    expect((await early(received(body, headers))) === 401).toBe(isTimed);
  });
});

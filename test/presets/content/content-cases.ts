/** CMSs and back ends for the contract of presets: how each is set up, and how each signs. */
import { signRequest } from "@contentful/node-apps-toolkit";
import { encodeSignatureHeader } from "@sanity/webhook";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { opensslHmac } from "../openssl.ts";
import type { PresetCase } from "../preset-case.ts";
import * as bodies from "./bodies.ts";

const settings = { sites: ["shop"] };
const SENDS_TOKEN = "none: a token is sent as it is";
const JSON_TYPE = { "content-type": "application/json" };
const seconds = (nowMs: number) => String(Math.floor(nowMs / 1000));
const content = (title: string, by: string | null = null) => ({ content: { titles: [title], by } });

/** A source of this kind is called as its kind is; Contentful signs the path. */
const pathOf = (kind: string) => `/hooks/${kind}`;

/** A sender that sends a bearer token, and never the same delivery twice. */
function bearer(kind: string, body: string, title: string, more: Partial<PresetCase> = {}): PresetCase {
  return {
    kind,
    name: "something was published",
    settings,
    secret: "f2b1c6f0a4f94c6f9d1c5f0f0b7a9d3e",
    other: "0c4e8a3b7d6f4f1e8b2a9c5d7e1f3a6b",
    request: (secret, _nowMs, { body: other = body } = {}) => ({
      headers: { ...JSON_TYPE, authorization: `Bearer ${secret}` },
      body: other,
    }),
    signedBy: SENDS_TOKEN,
    signatureHeader: "authorization",
    isBodySigned: false,
    toleranceMs: null,
    isDeduped: false,
    reading: content(title),
    ...more,
  };
}

/** A sender whose signature openssl makes. */
function signed(
  kind: string,
  body: string,
  title: string,
  headersFor: (secret: string, nowMs: number, body: string) => Record<string, string>,
  more: Partial<PresetCase>,
): PresetCase {
  return {
    ...bearer(kind, body, title),
    request: (secret, nowMs, { body: other = body } = {}) => ({
      headers: { ...JSON_TYPE, ...headersFor(secret, nowMs, other) },
      body: other,
    }),
    signedBy: "openssl",
    isBodySigned: true,
    ...more,
  };
}

const standard = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  other: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
  signatureHeader: "webhook-signature",
  toleranceMs: 300_000,
  isDeduped: true,
} as const;
const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";

const KONTENT_VECTOR = {
  secret: "BHPyfqwSy1iJjcscOB+GSkDf9THrBlfcKkwtADJdbP4=",
  signature: "CF9/hYLw2CDcVp2wW39OFUglh++fGdHFeOhiWxM3jZg=",
};

export const contentCases: readonly PresetCase[] = [
  signed(
    "standard-webhooks",
    bodies.STANDARD,
    "Page: About us (de)",
    (secret, nowMs, body) => ({
      "webhook-id": ID,
      "webhook-timestamp": seconds(nowMs),
      "webhook-signature": new StandardWebhook(secret).sign(ID, new Date(nowMs), body),
    }),
    { ...standard, signedBy: "the package standardwebhooks", reading: content("Page: About us (de)", "Ada") },
  ),
  signed(
    "svix",
    bodies.STANDARD,
    "Page: About us (de)",
    (secret, nowMs, body) => ({
      "svix-id": ID,
      "svix-timestamp": seconds(nowMs),
      "svix-signature": new SvixWebhook(secret).sign(ID, new Date(nowMs), body),
    }),
    {
      ...standard,
      signatureHeader: "svix-signature",
      signedBy: "the package svix",
      reading: content("Page: About us (de)", "Ada"),
    },
  ),
  bearer("build-hook", "{}", "Fair", {
    name: "a request with a title",
    request: (secret, _nowMs, { body = "{}" } = {}) => ({
      suffix: `/${secret}?trigger_branch=main&trigger_title=Fair`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body,
    }),
    signatureHeader: null,
  }),
  {
    ...bearer("sanity", bodies.SANITY, "Post: About us"),
    request: async (secret, nowMs, { body = bodies.SANITY } = {}) => ({
      headers: {
        ...JSON_TYPE,
        "sanity-webhook-signature": await encodeSignatureHeader(body, nowMs, secret),
        "idempotency-key": "k0T2Jw3Ag7MkKZ4n",
        "sanity-operation": "update",
        "sanity-document-id": "post-1",
        "sanity-dataset": "production",
      },
      body,
    }),
    signedBy: "the package @sanity/webhook",
    signatureHeader: "sanity-webhook-signature",
    isBodySigned: true,
    toleranceMs: 35 * 60_000,
    isDeduped: true,
  },
  {
    ...bearer("sanity", bodies.SANITY, ""),
    name: "a draft was changed, by a projection that leaves its id out",
    request: async (secret, nowMs, { body = '{"title":"About us"}' } = {}) => ({
      headers: {
        ...JSON_TYPE,
        "sanity-webhook-signature": await encodeSignatureHeader(body, nowMs, secret),
        "idempotency-key": "k0T2Jw3Ag7MkKZ4o",
        "sanity-operation": "update",
        "sanity-document-id": "drafts.post-1",
      },
      body,
    }),
    signedBy: "the package @sanity/webhook",
    signatureHeader: "sanity-webhook-signature",
    isBodySigned: true,
    toleranceMs: 35 * 60_000,
    isDeduped: true,
    reading: { ignored: "a draft was changed" },
  },
  {
    ...bearer("contentful", bodies.CONTENTFUL, "Hello, World! (en-US)"),
    secret: "a1b2c3d4".repeat(8),
    other: "d4c3b2a1".repeat(8),
    request: (secret, nowMs, { body = bodies.CONTENTFUL, path = pathOf("contentful") } = {}) => {
      const headers = {
        "content-type": "application/vnd.contentful.management.v1+json",
        "x-contentful-topic": "ContentManagement.Entry.publish",
        "x-contentful-webhook-name": "Slipway",
        "x-contentful-idempotency-key": "5a64e8f26a1fbba5e5dd6f1a6b0a4b4d6c2a91e8b5b9d0d8d7a7e6f5c4b3a291",
      };
      const proof = signRequest(secret, { method: "POST", path, headers, body }, nowMs);
      return { headers: { ...headers, ...proof }, body };
    },
    signedBy: "the package @contentful/node-apps-toolkit",
    signatureHeader: "x-contentful-signature",
    isBodySigned: true,
    toleranceMs: 30_000,
    isDeduped: true,
  },
  bearer("strapi", bodies.STRAPI, "Address: Paris"),
  bearer("directus", bodies.DIRECTUS, "Articles: Prices"),
  signed(
    "storyblok",
    bodies.STORYBLOK,
    "Story: posts/my-new-post",
    (secret, _nowMs, body) => ({ "webhook-signature": opensslHmac(secret, body, { algorithm: "sha1" }) }),
    { signatureHeader: "webhook-signature" },
  ),
  bearer("prismic", "", "2 pages", {
    request: (secret, _nowMs, { body = bodies.prismicBody(secret) } = {}) => ({ headers: JSON_TYPE, body }),
    signatureHeader: null,
    isDeduped: true,
  }),
  bearer("datocms", "", "Blog post: About us", {
    secret: "slipway:correct horse battery staple",
    other: "slipway:another password",
    request: (secret, _nowMs, { attempt = 1, body = bodies.datocmsBody(attempt - 1) } = {}) => ({
      headers: { ...JSON_TYPE, authorization: `Basic ${Buffer.from(secret).toString("base64")}` },
      body,
    }),
    isDeduped: true,
  }),
  signed(
    "ghost",
    bodies.GHOST,
    "Post: webhookz",
    (secret, nowMs, body) => ({
      "x-ghost-signature": `sha256=${opensslHmac(secret, `${body}${nowMs}`)}, t=${nowMs}`,
    }),
    { signatureHeader: "x-ghost-signature", toleranceMs: 300_000 },
  ),
  bearer("wordpress", bodies.WORDPRESS, "Post: Hello world!"),
  signed(
    "wp-webhooks",
    bodies.WORDPRESS,
    "Post: Hello world!",
    (secret, _nowMs, body) => ({ "x-wp-webhook-signature": opensslHmac(secret, body, { encoding: "base64" }) }),
    { signatureHeader: "x-wp-webhook-signature" },
  ),
  signed(
    "kontent",
    bodies.KONTENT,
    "Product update: This changes everything!",
    (secret, _nowMs, body) => ({
      "x-kontent-ai-signature":
        secret === KONTENT_VECTOR.secret && body === bodies.KONTENT
          ? KONTENT_VECTOR.signature
          : opensslHmac(secret, body, { encoding: "base64" }),
    }),
    {
      secret: KONTENT_VECTOR.secret,
      other: "hx3snVrI9E2Lgpi1LaL+WfiPWCh88OjI7Bv/3ihq+Qo=",
      signedBy: "the vector of @kontent-ai/webhook-helper 3.0.4, openssl for other bodies and secrets",
      signatureHeader: "x-kontent-ai-signature",
      isDeduped: true,
    },
  ),
  bearer("hygraph", bodies.HYGRAPH, "Post: About us"),
  signed(
    "webflow",
    bodies.WEBFLOW,
    "hello world",
    (secret, nowMs, body) => ({
      "x-webflow-timestamp": String(nowMs),
      "x-webflow-signature": opensslHmac(secret, `${nowMs}:${body}`),
    }),
    { signatureHeader: "x-webflow-signature", toleranceMs: 300_000, isDeduped: true },
  ),
  bearer("craft", bodies.CRAFT, "Entry: About us", {
    isDeduped: true,
    reading: content("Entry: About us", "Ada Lovelace"),
  }),
  signed(
    "django-webhook",
    bodies.DJANGO_WEBHOOK,
    "Page: About us",
    (secret, nowMs, body) => ({
      "django-webhook-request-timestamp": seconds(nowMs),
      "django-webhook-signature-v1": opensslHmac(secret, `${seconds(nowMs)}:${body}`),
      "django-webhook-uuid": "f3cff3a0-3c1d-4a3e-9a0b-8b8e3c8d9a11",
    }),
    { signatureHeader: "django-webhook-signature-v1", toleranceMs: 300_000 },
  ),
];

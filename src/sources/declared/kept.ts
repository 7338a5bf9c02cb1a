/** What is kept of a request in the store: what its readers need, and no secret. */
import type { Verification } from "../../config/source-definition.ts";
import type { DeliveryRequest } from "../../model/delivery.ts";
import { type Extractor, extract } from "../../model/extractor.ts";
import { headerOf, type Payload, type Received } from "../../model/received.ts";
import type { ResolvedSource } from "../../presets/resolve-source.ts";
import { CONTENTFUL_HEADERS } from "./verify-contentful.ts";
import { NETLIFY_HEADER } from "./verify-netlify.ts";

/** Headers that are kept whoever sends. */
const ALWAYS = ["content-type", "user-agent"];
const MAX_HEADER = 500;
const MAX_QUERY = 2000;
const REDACTED = "[secret]";
/** Shorter tokens are taken out where they stand alone: anywhere else they may be parts of ordinary words. */
const MIN_WITHIN = 8;
const FORM = "application/x-www-form-urlencoded";

type Kept = { readonly request: DeliveryRequest; readonly keptBody?: Buffer };

/**
 * Creates what keeps a source's requests: of the headers those that its definition, its routes or its preset read, never
 * those that prove who sent it; and the body without the token, where one is sent in there. Such a body is written anew
 * from what it says, since there is no end of ways to spell a token in JSON or in a form; all others are kept byte for
 * byte. Which names it looks for is found out once, not for each request.
 */
export function createKeeper(source: ResolvedSource): (received: Received, payload: Payload) => Kept {
  const { verify, accept } = source.definition;
  const proven = verify.flatMap(proofs);
  const secretHeaders = new Set(proven.flatMap((it) => namesOf(it, "header")));
  const secretFields = new Set(proven.flatMap((it) => namesOf(it, "query")));
  const names = [...new Set([...ALWAYS, ...readHeaders(source)])].filter((name) => !secretHeaders.has(name));
  const tokens = verify.flatMap((it) => ("token" in it ? leaves(it.token.in) : []));
  const isInBody = tokens.some(({ from }) => from === "json" || from === "form");

  return (received, payload) => {
    const hide =
      tokens.length === 0 ? NOTHING : hiding(tokens.flatMap((it) => secretsIn(extract(it, received, payload))));
    const headers: Record<string, string> = {};
    for (const name of names) {
      const value = headerOf(received, name);
      if (value !== null) headers[name] = hide.value(value).slice(0, MAX_HEADER);
    }
    const request = { method: received.method, headers, query: keptQuery(received, secretFields, hide) };
    const isWritten = isInBody && received.body.length > 0 && (payload.form !== null || payload.json !== undefined);
    if (!isWritten) return { request };
    // Fields that came in parts are kept as a plain form: they read alike.
    if (payload.form !== null) headers["content-type"] = FORM;
    const text = payload.form === null ? jsonWithout(payload.json, hide) : formWithout(payload, accept.field, hide);
    return { request, keptBody: Buffer.from(text) };
  };
}

/** Takes secrets out of a value, and out of the name of one, which may be called like the secret: "password". */
type Hide = { readonly value: (text: string) => string; readonly name: (text: string) => string };

const NOTHING: Hide = { value: (text) => text, name: (text) => text };

/** The value, and what it holds where it is what stands in the header Authorization. */
function secretsIn(value: string | null): string[] {
  if (value === null) return [];
  const [, scheme, credentials = ""] = /^(bearer|basic) +([^ ]+)$/i.exec(value) ?? [];
  if (scheme === undefined) return [value];
  const plain = scheme.toLowerCase() === "basic" ? Buffer.from(credentials, "base64").toString("utf8") : credentials;
  return [value, credentials, plain, plain.slice(plain.indexOf(":") + 1)];
}

function hiding(secrets: readonly string[]): Hide {
  const alone = new Set(secrets.filter((it) => it !== ""));
  // The longest first, so that nothing is left of one that holds another.
  const within = [...alone].filter((it) => it.length >= MIN_WITHIN).sort((one, other) => other.length - one.length);
  const name = (text: string) => within.reduce((all, it) => all.replaceAll(it, REDACTED), text);
  return { name, value: (text) => (alone.has(text) ? REDACTED : name(text)) };
}

function keptQuery({ query }: Received, secret: ReadonlySet<string>, hide: Hide): string {
  if (query.size === 0) return "";
  const rest = new URLSearchParams();
  for (const [name, value] of query) rest.append(hide.name(name), secret.has(name) ? REDACTED : hide.value(value));
  return rest.toString().slice(0, MAX_QUERY);
}

/** Depth is bounded by whoever parsed it (model/received.ts). */
function jsonWithout(json: unknown, hide: Hide): string {
  return JSON.stringify(withoutSecret(json, hide));
}

function withoutSecret(value: unknown, hide: Hide): unknown {
  if (typeof value === "string") return hide.value(value);
  // A token of digits alone may be sent as a number.
  if (typeof value === "number") return hide.value(String(value)) === REDACTED ? REDACTED : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((it) => withoutSecret(it, hide));
  const fields = Object.entries(value).map(([name, inner]) => [hide.name(name), withoutSecret(inner, hide)]);
  // From entries, so that a field called __proto__ stays a field.
  return Object.fromEntries(fields);
}

function formWithout({ json, form }: Payload, field: string, hide: Hide): string {
  const rest = new URLSearchParams();
  for (const [name, value] of form ?? []) {
    const isJson = name === field && json !== undefined;
    rest.append(hide.name(name), isJson ? jsonWithout(json, hide) : hide.value(value));
  }
  return rest.toString();
}

/** An extractor's parts, or itself where it has none. */
function leaves(extractor: Extractor): Extractor[] {
  return extractor.from === "join" ? extractor.parts.flatMap(leaves) : [extractor];
}

/** Where proofs stand. */
function proofs(verification: Verification): Extractor[] {
  if ("hmac" in verification) return [{ from: "header", name: verification.hmac.header }];
  if ("token" in verification) return [verification.token.in];
  if ("contentful" in verification) return [{ from: "header", name: CONTENTFUL_HEADERS[0] }];
  if ("netlify" in verification) return [{ from: "header", name: NETLIFY_HEADER }];
  return [];
}

function readHeaders({ definition, routes, preset }: ResolvedSource): string[] {
  const { id, event } = definition;
  const of = (extractor: Extractor | undefined) => (extractor ? namesOf(extractor, "header") : []);
  return [
    ...(typeof id.from === "string" ? [] : of(id.from)),
    ...event.flatMap(of),
    ...(preset?.headers ?? []),
    ...routes.flatMap(({ when, rebuild, alert, notice }) => [
      ...Object.keys(when?.is ?? {}).flatMap((it) => (it.startsWith("header:") ? [it.slice(7).toLowerCase()] : [])),
      ...(when?.exists ?? []).flatMap(of),
      ...[rebuild?.title, rebuild?.by].flatMap(of),
      ...[alert?.fingerprint, alert?.state?.from, alert?.title, alert?.detail, alert?.severity].flatMap(of),
      ...[alert?.since, alert?.link, alert?.runbook].flatMap(of),
      ...Object.values(notice?.fields ?? {}).flatMap(of),
      ...[...(notice?.text ?? "").matchAll(/header:([\w-]+)/g)].map(([, name = ""]) => name.toLowerCase()),
    ]),
  ];
}

/** The names in an extractor that stand in headers, or in the query. */
function namesOf(extractor: Extractor, from: "header" | "query"): string[] {
  if (extractor.from === "join") return extractor.parts.flatMap((part) => namesOf(part, from));
  return extractor.from === from && "name" in extractor ? [extractor.name] : [];
}

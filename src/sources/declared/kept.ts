/** What is kept of a request in the store: what its readers need, and no secret. */
import type { Verification } from "../../config/source-definition.ts";
import type { DeliveryRequest } from "../../model/delivery.ts";
import { type Extractor, extract } from "../../model/extractor.ts";
import { headerOf, type Payload, type Received } from "../../model/received.ts";
import type { ResolvedSource } from "../../presets/resolve-source.ts";

/** Headers that are kept whoever sends. */
const ALWAYS = ["content-type", "user-agent"];
const MAX_HEADER = 500;
const MAX_QUERY = 2000;
const REDACTED = "[secret]";

export type Keeper = {
  /** Of the headers those that the source's definition, its routes or its preset read; never those that prove who sent it. */
  request(received: Received): DeliveryRequest;
  /** The body with the secret taken out; undefined where none is sent in there, and the bytes are kept as they are. */
  body(received: Received, payload: Payload): Buffer | undefined;
};

/** Creates what keeps a source's requests; which names it looks for is found out once, not for each of them. */
export function createKeeper(source: ResolvedSource): Keeper {
  const { verify } = source.definition;
  const secretHeaders = new Set(verify.flatMap(proofs).flatMap((it) => namesOf(it, "header")));
  const secretFields = new Set(verify.flatMap(proofs).flatMap((it) => namesOf(it, "query")));
  const names = [...new Set([...ALWAYS, ...readHeaders(source)])].filter((name) => !secretHeaders.has(name));
  const tokens = verify.flatMap((it) => ("token" in it ? [it.token.in] : []));
  const inBody = tokens.filter((it) => it.from === "json" || it.from === "form");

  return {
    request(received) {
      const headers: Record<string, string> = {};
      for (const name of names) {
        const value = headerOf(received, name);
        if (value !== null) headers[name] = value.slice(0, MAX_HEADER);
      }
      return { method: received.method, headers, query: keptQuery(received, secretFields) };
    },
    body(received, payload) {
      const values = inBody.map((it) => extract(it, received, payload)).filter((it) => it !== null);
      return values.length > 0 ? withoutSecrets(received.body, values) : undefined;
    },
  };
}

function withoutSecrets(body: Buffer, secrets: readonly string[]): Buffer {
  let text = body.toString("latin1");
  // As it may be spelled in JSON and in a form.
  for (const value of secrets)
    for (const spelled of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
      text = text.replaceAll(Buffer.from(spelled).toString("latin1"), REDACTED);
  return Buffer.from(text, "latin1");
}

function keptQuery({ query }: Received, secret: ReadonlySet<string>): string {
  if (query.size === 0) return "";
  const kept = new URLSearchParams();
  for (const [name, value] of query) kept.append(name, secret.has(name) ? REDACTED : value);
  return kept.toString().slice(0, MAX_QUERY);
}

/** Where proofs stand. */
function proofs(verification: Verification): Extractor[] {
  if ("hmac" in verification) return [{ from: "header", name: verification.hmac.header }];
  if ("token" in verification) return [verification.token.in];
  if ("contentful" in verification) return [{ from: "header", name: "x-contentful-signature" }];
  if ("netlify" in verification) return [{ from: "header", name: "x-webhook-signature" }];
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

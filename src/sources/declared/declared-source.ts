/** A sender that slipway.yaml declares, as a source: what it may send, how it is verified, how it names what it sends. */
import { hash, randomUUID } from "node:crypto";
import type { SourceDefinition } from "../../config/source-definition.ts";
import { SenderError } from "../../errors.ts";
import { type Extractor, extract } from "../../model/extractor.ts";
import { createPeek } from "../../model/peek-json.ts";
import { mediaTypeOf, type Payload, type Received, saysJson } from "../../model/received.ts";
import type { ResolvedSource } from "../../presets/resolve-source.ts";
import { type Arrival, type Challenge, constantAnswer, type Head, type Source } from "../source.ts";
import { createKeeper } from "./kept.ts";
import { payloadOf } from "./payload-of.ts";
import { couldBeVerified } from "./plausible-signature.ts";
import { explainSignature } from "./signature-findings.ts";
import type { Verifier, VerifierDeps } from "./verifier.ts";
import { readsPath } from "./verify-token.ts";

export type DeclaredSourceDeps = {
  readonly verifier: Verifier;
  /** What it was made of, for those who find out why something was not believed. */
  readonly verifierDeps: VerifierDeps;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Ids longer than this are kept as their digests. */
const MAX_KEY = 200;
const MAX_EVENT = 100;

/** Where the source takes its deliveries. One that has its secret in the path has it behind its name. */
function pathOf({ name, definition }: Pick<ResolvedSource, "name" | "definition">): string {
  return isInPath(definition) ? `/hooks/${name}/:token` : `/hooks/${name}`;
}

const isInPath = ({ verify }: SourceDefinition) => verify.some((it) => "token" in it && readsPath(it.token.in));

/** Creates the source; how it is verified comes from outside. */
export function createDeclaredSource(resolved: ResolvedSource, deps: DeclaredSourceDeps): Source {
  const { name, definition } = resolved;
  const { accept, reply, id, event } = definition;
  const isAccepted = mediaTypes(accept.types);
  const { needsPayload } = deps.verifier;
  const keep = createKeeper(resolved);
  const isKnownByBody = needsPayload || typeof reply === "object" || (typeof id.from !== "string" && isInBody(id.from));
  const peek = peekFor(event);

  /** As much of the payload as names the delivery: to read a whole body costs more than all the rest. */
  function namingPayload(received: Received): Payload | Promise<Payload> {
    if (isKnownByBody) return payloadOf(definition, received);
    if (!event.some(isInBody)) return NO_PAYLOAD;
    const json = peek && saysJson(mediaTypeOf(received)) ? peek(received.body) : null;
    return json ? { json, form: null } : payloadOf(definition, received);
  }

  return {
    name,
    path: pathOf(resolved),
    methods: accept.methods,
    maxBytes: accept.maxBytes,
    answer:
      reply === "empty"
        ? constantAnswer("")
        : (delivery) => ({ status: 200, type: "application/json", body: `{"status":"ok","id":${delivery}}` }),

    readHeaders(head) {
      // Bytes that were packed are no bytes that anybody signed; nobody of those we know packs them.
      if (head.headers["content-encoding"] !== undefined)
        throw new SenderError(415, "content-encoding is not accepted");
      const type = mediaTypeOf({ headers: head.distinctHeaders });
      const hasBody = head.method !== "GET";
      if (hasBody && !isAccepted(type)) throw new SenderError(415, "this content type is not accepted");
      return null;
    },

    // Asked for each request, so only where there is something to know.
    ...(isInPath(definition) && { knowsPath: (head: Head) => deps.verifier.knowsPath(withoutBody(head)) }),

    couldBeVerified: (head) => couldBeVerified(definition, withoutBody(head), deps.now()),

    async explain(head, body) {
      const received = receivedOf(head, body);
      return explainSignature(received, await payloadOf(definition, received), deps.verifierDeps);
    },

    // Here and below nothing is awaited that need not be: each wait costs a microsecond.
    verify(head, body) {
      const received = receivedOf(head, body);
      if (!needsPayload) return deps.verifier.verify(received, null);
      return payloadOf(definition, received).then((payload) => deps.verifier.verify(received, payload));
    },

    async readBody(head, body) {
      const received = receivedOf(head, body);
      const naming = namingPayload(received);
      const payload = naming instanceof Promise ? await naming : naming;
      if (typeof reply === "object") {
        const answer = extract(reply.challenge, received, payload);
        if (answer !== null) return { answer: answer.slice(0, MAX_KEY) } satisfies Challenge;
      }
      return {
        ...identify(id, received, payload),
        event: eventOf(event, received, payload),
        ...keep(received, payload),
      } satisfies Arrival;
    },
  };
}

const NO_PAYLOAD: Payload = { json: undefined, form: null };

/** The request as those see it who do not know the server that took it. */
function receivedOf(head: Head, body: Buffer): Received {
  const { method, target, distinctHeaders: headers, query } = head;
  return { method, target, headers, query, token: head.params.token ?? "", body };
}

function withoutBody(head: Head): Omit<Received, "body"> {
  const { method, target, distinctHeaders: headers, query } = head;
  return { method, target, headers, query, token: head.params.token ?? "" };
}

function isInBody(extractor: Extractor): boolean {
  if (extractor.from === "join") return extractor.parts.some(isInBody);
  return extractor.from === "json" || extractor.from === "form";
}

/** Reads the event from where a body begins; null where it has to be looked for elsewhere, or nowhere. */
function peekFor(event: readonly Extractor[]) {
  const inBody = event.filter(isInBody);
  const keys = inBody.map((it) => (it.from === "json" && it.pointer.length === 1 ? it.pointer[0] : undefined));
  const areKeys = keys.length > 0 && keys.every((it) => it !== undefined);
  return areKeys ? createPeek(keys) : null;
}

/** The key of the delivery. Throws SenderError 400 where an id is declared and missing: nothing may stand for it. */
function identify(
  { from, bodyMayChange, window }: SourceDefinition["id"],
  received: Received,
  payload: Payload,
): Pick<Arrival, "key" | "bodyMayChange" | "windowMs"> {
  if (from === "none") return { key: `unnamed-${randomUUID()}` };
  if (from === "digest") return { key: digestOf(received), windowMs: window };
  const id = extract(from, received, payload);
  // What cannot be read at all is kept all the same, under its bytes: to send it again would not help.
  if (id === null && isInBody(from) && payload.json === undefined) return { key: `unreadable-${digestOf(received)}` };
  if (id === null) throw new SenderError(400, "the id of the delivery is missing");
  const key = id.length <= MAX_KEY && /^[\x21-\x7e]+$/.test(id) ? id : hash("sha256", id, "hex");
  return { key, ...(bodyMayChange && { bodyMayChange }) };
}

const digestOf = ({ body, query }: Received) => hash("sha256", body.length > 0 ? body : query.toString(), "hex");

/** "entry.publish"; what is missing is left out, and what is no plain word is made one. */
function eventOf(parts: readonly Extractor[], received: Received, payload: Payload): string {
  const words = parts.map((part) => extract(part, received, payload)).filter((it) => it !== null);
  const name = words.join(".");
  const plain = IS_PLAIN.test(name) ? name : name.replace(/[^\w.:/-]+/g, "_");
  return plain.slice(0, MAX_EVENT) || "delivery";
}

const IS_PLAIN = /^[\w.:/-]*$/;

/** Whether a media type is one of these: "application/json", "application/*+json". None: any is. */
function mediaTypes(types: readonly string[]): (type: string) => boolean {
  if (types.length === 0) return () => true;
  const whole = new Set(types.filter((it) => !it.includes("*")));
  const ends = types.filter((it) => it.includes("*")).map((it) => it.toLowerCase().split("*"));
  return (type) =>
    whole.has(type) || ends.some(([start = "", end = ""]) => type.startsWith(start) && type.endsWith(end));
}

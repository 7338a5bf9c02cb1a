/** What a captured request shows, as lines for a terminal: redacted, with what it may be and how to configure it. */
import { styleText } from "node:util";
import { stringify } from "yaml";
import { mediaTypeOf, type Payload, type Received } from "../model/received.ts";
import { presets } from "../presets/presets.ts";
import type { Secret } from "../secrets/secret.ts";
import { guessSenders, type SenderGuess } from "../sources/declared/guess-sender.ts";
import { guessRequest, type RequestGuess } from "../sources/declared/guess-signature.ts";
import { type RedactedRequest, redactRequest } from "../sources/declared/redact-request.ts";
import { type SuggestedSource, suggestSource } from "../sources/declared/suggest-source.ts";
import { type Fit, trySecret } from "../sources/declared/try-secret.ts";
import { printable } from "./print.ts";

export type Captured = {
  readonly request: RedactedRequest;
  readonly senders: readonly SenderGuess[];
  readonly signatures: ReadonlyArray<Omit<RequestGuess["signatures"][number], "digest">>;
  readonly timestamps: RequestGuess["timestamps"];
  readonly ids: readonly string[];
  readonly events: readonly string[];
  /** Null where no secret was given, "none" where nothing that was tried fits. */
  readonly fit: Fit | "none" | null;
  readonly suggestion: { readonly sources: Readonly<Record<string, SuggestedSource>> };
};

/** `secret` is what the sender was told, and its reference. */
export function examine(
  name: string,
  received: Received,
  payload: Payload,
  { secret, nowMs }: { secret: { readonly value: Secret; readonly reference: string } | null; nowMs: number },
): Captured {
  const guess = guessRequest(received, payload, nowMs);
  const senders = guessSenders(presets, received, payload, nowMs);
  const fit = secret && trySecret(received, payload, guess, secret.value);
  const reference = secret?.reference ?? `env:${name.toUpperCase().replaceAll("-", "_")}_SECRET`;
  const about = { presets, senders, guess, fit, secret: reference, mediaType: mediaTypeOf(received) };
  const masked = secret ? [secret.value.reveal(), secret.value.reveal().trim()] : [];
  return {
    request: redactRequest(received, payload, masked),
    senders,
    signatures: guess.signatures.map(({ digest: _, ...rest }) => rest),
    timestamps: guess.timestamps,
    ids: guess.ids,
    events: guess.events,
    fit: secret ? (fit ?? "none") : null,
    suggestion: { sources: { [name]: suggestSource(about) } },
  };
}

const MAX_BODY_LINES = 200;
const heading = (text: string) => styleText("bold", text, { stream: process.stdout });

export function captureLines({
  request,
  senders,
  signatures,
  timestamps,
  ids,
  events,
  fit,
  suggestion,
}: Captured): string[] {
  const headers = Object.entries(request.headers).flatMap(([name, values]) =>
    values.map((value) => printable(`  ${name}: ${value}`)),
  );
  const text = typeof request.body === "string" ? request.body : JSON.stringify(request.body, null, 2);
  const body = text.split("\n").map((line) => `  ${printable(line)}`);
  const more = body.length - MAX_BODY_LINES;
  return [
    heading(printable(`${request.method} ${request.target}`)),
    ...headers,
    "",
    heading(`Body, ${request.bytes} bytes; what may be secret is masked`),
    ...body.slice(0, MAX_BODY_LINES),
    ...(more > 0 ? [`  … ${more} more lines`] : []),
    "",
    heading("What it may be"),
    ...(senders.length > 0
      ? senders.map(({ label, kind, because }) => `  ${label} (kind: ${kind}): ${because.join("; ")}`)
      : ["  no sender that Slipway knows"]),
    ...signatures.map((it) => printable(`  signature: ${signatureText(it)}`)),
    ...timestamps.map(({ from, unit }) =>
      printable(`  time: ${from}, in ${unit === "s" ? "seconds" : "milliseconds"}`),
    ),
    ...(ids.length > 0 ? [printable(`  ids: ${ids.join(", ")}`)] : []),
    ...(events.length > 0 ? [printable(`  events: ${events.join(", ")}`)] : []),
    ...fitLines(fit),
    "",
    heading(
      fit === null || fit === "none" ? "For slipway.yaml (a guess; --secret env:NAME tries it)" : "For slipway.yaml",
    ),
    ...stringify(suggestion)
      .trimEnd()
      .split("\n")
      .map((line) => printable(line)),
  ];
}

function signatureText({
  header,
  layout,
  prefix,
  pick,
  encoding,
  algorithm,
  isNamed,
}: Captured["signatures"][number]): string {
  const form = layout === "raw" ? (prefix ? `after ${prefix}` : "alone") : `${layout}, ${pick}`;
  return `${header} (${form}), as long as ${algorithm} in ${encoding}${isNamed ? "" : ", though its name does not say so"}`;
}

function fitLines(fit: Captured["fit"]): string[] {
  if (fit === null) return [];
  if (fit === "none") {
    const sentence = "  nothing that was tried fits this secret; is it the one that the sender has?";
    return [styleText("yellow", sentence, { stream: process.stdout })];
  }
  const lines = [styleText("green", "  the secret fits", { stream: process.stdout })];
  return fit.remark === null
    ? lines
    : [...lines, styleText("yellow", `  but ${fit.remark}`, { stream: process.stdout })];
}

/** Why a signature over the body does not fit. */
import type { HmacVerification } from "../../config/source-definition.ts";
import { headerOf, type Payload, type Received } from "../../model/received.ts";
import type { ActiveSecret } from "../../secrets/secret-list.ts";
import { bodyReadings } from "./body-readings.ts";
import { explainHeader, explainTime, finding, type Reading, type SignatureFinding } from "./finding.ts";
import { type MessageValues, parseMessageTemplate } from "./message-template.ts";
import { secretKeys } from "./secret-readings.ts";
import { decodeSignature, readSignatureHeader, SIGNATURE_BYTES } from "./signature-header.ts";
import { type Readings, searchReading } from "./signing-search.ts";

export type ExplainInput = {
  readonly received: Received;
  readonly payload: Payload;
  readonly secrets: readonly ActiveSecret[];
  readonly nowMs: number;
  /** The field of a form that holds the JSON. */
  readonly field: string;
};

export async function explainHmac(hmac: HmacVerification, input: ExplainInput): Promise<SignatureFinding[]> {
  const { received, payload, secrets, nowMs, field } = input;
  const problem = explainHeader(received, hmac.header) ?? (hmac.id ? explainHeader(received, hmac.id) : null);
  if (problem) return [problem];
  if (secrets.every(({ secret }) => secret.reveal() === "")) return [noSecret];
  const said = saidTime(hmac, received);
  const time = explainSaidTime(hmac, received, said, nowMs);
  if (time && time.code !== "clock" && time.code !== "time-unit") return [time];
  const signatures = signatureReadings(hmac, headerOf(received, hmac.header) ?? "");
  if (signatures.length === 0) return [...(time ? [time] : []), noSignature(hmac)];
  const found = await searchReading({
    keys: secrets.flatMap((active) => secretKeys(active, hmac, nowMs)),
    algorithms: algorithmReadings(hmac.algorithm),
    messages: messageReadings(hmac, received, payload, said, field),
    bodies: await bodyReadings(received, payload, field),
    signatures,
  });
  return [...(time ? [time] : []), ...(found ?? [nothingFits(received)])];
}

export const noSecret = finding(
  "no-secret",
  "There is no secret to check with, or only an empty one. Set the secret of this source.",
);

/** Nothing of what is known to go wrong explains it. */
export function nothingFits(received: Received): SignatureFinding {
  const length = headerOf(received, "content-length");
  const isOther = length !== null && /^\d{1,12}$/.test(length) && Number(length) !== received.body.length;
  const odd = isOther ? ` It was announced with ${length} bytes and has ${received.body.length}.` : "";
  return finding(
    "nothing-fits",
    `No way to read the secrets and the body fits the signature: the sender signs with another secret, or the body was changed on its way so that it cannot be told.${odd} Copy the secret from the sender once more, and look at what stands between it and Slipway.`,
  );
}

/** The text of the sender's time; null where none stands where it should. */
function saidTime({ timestamp, ...layout }: HmacVerification, received: Received): string | null {
  const name = timestamp?.slice(timestamp.indexOf(":") + 1) ?? "";
  if (timestamp?.startsWith("header:")) return headerOf(received, name.toLowerCase());
  const pairs = readSignatureHeader(layout, headerOf(received, layout.header) ?? "")?.pairs;
  if (timestamp) return pairs?.get(name)?.value ?? null;
  // None is expected; but perhaps one came, and is signed.
  const other = Object.keys(received.headers).find(
    (it) => /time/.test(it) && /^\d{9,14}$/.test(headerOf(received, it) ?? ""),
  );
  return other ? headerOf(received, other) : null;
}

function explainSaidTime(
  hmac: HmacVerification,
  received: Received,
  said: string | null,
  nowMs: number,
): SignatureFinding | null {
  const { timestamp, unit, tolerance, optionalTimestamp, header } = hmac;
  if (!timestamp) return null;
  if (said !== null) return explainTime(said, unit, tolerance, nowMs);
  if (timestamp.startsWith("pair:")) {
    return finding(
      "time-form",
      `The header ${header} has no pair ${timestamp.slice(5)} with the time. Set timestamp to the place where that stands.`,
    );
  }
  const name = timestamp.slice(7).toLowerCase();
  return optionalTimestamp && received.headers[name] === undefined ? null : explainHeader(received, name);
}

function noSignature({ header, layout, prefix, pick, algorithm, encoding }: HmacVerification): SignatureFinding {
  const place = layout === "raw" ? (prefix ? `after ${prefix}` : "alone") : `as ${pick} (layout ${layout})`;
  return finding(
    "form",
    `Nothing in the header ${header} is a signature by any algorithm that is known; ${algorithm} in ${encoding} is expected, ${place}. Compare with what the sender documents.`,
  );
}

function algorithmReadings(algorithm: HmacVerification["algorithm"]): Readings["algorithms"] {
  if (algorithm === "ed25519") return [{ value: algorithm, findings: [] }];
  return (["sha256", "sha1", "sha512"] as const).map((value) => ({
    value,
    findings:
      value === algorithm
        ? []
        : [
            finding(
              "algorithm",
              `It is signed by ${value}, and ${algorithm} is expected. Let the sender use ${algorithm}, or set algorithm: ${value}.`,
            ),
          ],
  }));
}

const TEMPLATES = [
  "{body}",
  "{ts}.{body}",
  "{ts}:{body}",
  "{ts}{body}",
  "{body}{ts}",
  "v0:{ts}:{body}",
  "{id}.{ts}.{body}",
  "{form.payload}",
];

/** The messages that may be signed, as far as there are values for them. */
function messageReadings(
  hmac: HmacVerification,
  received: Received,
  payload: Payload,
  said: string | null,
  field: string,
): Readings["messages"] {
  const values = {
    ts: said,
    id: hmac.id ? headerOf(received, hmac.id) : null,
    payload: (payload.form ? payload.form.get(field) : received.body) ?? null,
  };
  return [hmac.message, ...TEMPLATES.filter((it) => it !== hmac.message)].flatMap((text) => {
    const template = parseMessageTemplate(text);
    const isMissing =
      (template.uses("{ts}") && values.ts === null) ||
      (template.uses("{id}") && values.id === null) ||
      (template.uses("{form.payload}") && values.payload === null);
    if (isMissing) return [];
    const rest: Omit<MessageValues, "body"> = {
      ts: values.ts ?? "",
      id: values.id ?? "",
      payload: values.payload ?? "",
    };
    const isTaken = text === hmac.message || (text === "{body}" && hmac.optionalTimestamp && said === null);
    const findings = isTaken ? [] : [explainMessage(text, hmac)];
    return [{ value: (body: Buffer) => template.render({ ...rest, body }), findings }];
  });
}

function explainMessage(text: string, { message, optionalTimestamp }: HmacVerification): SignatureFinding {
  const instead = `It fits ${text}, and ${message} is expected.`;
  if (text === "{body}" && message.includes("{ts}") && !optionalTimestamp) {
    return finding(
      "message-without-time",
      `${instead} The sender signs no time: switch that on there, or set message: "{body}".`,
    );
  }
  if (text === "{form.payload}" || message === "{form.payload}")
    return finding("form-bytes", `${instead} Let the sender send application/json, or set message: "${text}".`);
  return finding("message", `${instead} Set message: "${text}".`);
}

const ENCODINGS = ["hex", "base64", "base64url"] as const;

/** Everything in the header that may be a signature, whatever stands around it. */
function signatureReadings(hmac: HmacVerification, header: string): Readings["signatures"] {
  const expected = readSignatureHeader(hmac, header)?.signatures ?? [];
  const pieces = header.slice(0, 4096).split(/[\s,;]+/, 16);
  const loose = pieces.flatMap((piece) => [piece, piece.slice(piece.indexOf("=") + 1), piece.replace(/^"|"$/g, "")]);
  const form = finding(
    "form",
    `A signature fits that stands in the header ${hmac.header} in another way than expected. Set layout, prefix and pick as the sender writes it.`,
  );
  return [...new Set([...expected, ...loose])].flatMap((text) => {
    const findings = expected.includes(text) ? [] : [form];
    return ENCODINGS.flatMap((encoding) =>
      [...new Set(Object.values(SIGNATURE_BYTES))].flatMap((size): Reading<Buffer>[] => {
        const value = decodeSignature(text, encoding, size);
        if (!value) return [];
        const other = finding(
          "encoding",
          `The signature is written in ${encoding}, and ${hmac.encoding} is expected. Set encoding: ${encoding}.`,
        );
        return [{ value, findings: encoding === hmac.encoding ? findings : [...findings, other] }];
      }),
    );
  });
}

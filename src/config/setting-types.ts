/** The kinds of values that slipway.yaml has in many places: lengths of time, sizes, references to secrets, channels. */
import { z } from "zod";
import { EXTRACTOR_FORMS, parseExtractor } from "../model/extractor.ts";
import { readSecretReference } from "../secrets/secret-reference.ts";

/** A length of time as people write it: "90s", "15m", "1h 30m", or a number of seconds. Read as milliseconds. */
export const duration = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const ms = parseDuration(value);
    if (ms !== undefined) return ms;
    context.addIssue({ code: "custom", message: `is no length of time; write it as 30s, 15m or 1h` });
    return z.NEVER;
  })
  .meta({ type: "string", examples: ["90s", "15m", "1h"] });

/** A size as people write it: "500MB", "2 GB", or a number of bytes. Read as bytes; a kilobyte has 1024. */
export const size = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const bytes = parseSize(value);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: "custom", message: "is no size; write it as 500MB or 2GB" });
    return z.NEVER;
  })
  .meta({ type: "string", examples: ["500MB", "2GB"] });

/** A reference to a secret, never the secret itself. */
export const secretReference = z
  .string()
  .transform((value, context) => {
    const reference = readSecretReference(value);
    if (typeof reference !== "string") return reference;
    context.addIssue({ code: "custom", message: reference });
    return z.NEVER;
  })
  .meta({
    type: "string",
    pattern: "^(env|file|vault|exec):",
    examples: [
      "env:SHOP_FTP_PASSWORD",
      "file:/run/secrets/ftp",
      "vault:kv/shop#ftp",
      "exec:op read op://Shop/FTP/password",
    ],
  });

/** A channel, as the operator calls it. */
export const slackChannel = z
  .string()
  .regex(/^[A-Za-z0-9#][\w.-]{0,79}$/, "is no Slack channel; use its id (C0123ABCD), which survives renames");

/** An address of the web. */
export const webUrl = z.url({ protocol: /^https?$/, error: "is no http or https URL" });

/** One that holds nothing secret, as far as its form tells. */
export const openUrl = webUrl.refine((text) => !URL.parse(text)?.username && !URL.parse(text)?.password, {
  error: "has a user or a password in it; secrets never stand in this file",
});

/** Where in a request a value stands. */
export const extractor = z
  .string()
  .transform((value, context) => {
    const read = parseExtractor(value);
    if (read) return read;
    context.addIssue({ code: "custom", message: `names no place in a request; write ${EXTRACTOR_FORMS}` });
    return z.NEVER;
  })
  .meta({ type: "string", examples: ["header:x-event-id", "json:/data/id"] });

const SIZES: Record<string, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 };

/** Bytes of "500MB", "1.5 GB", or of a bare number; undefined when it is none of these. */
function parseSize(value: string | number): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)?$/i.exec(String(value).trim()) ?? [];
  const bytes = Math.round(Number(count) * (SIZES[(unit ?? "b").toLowerCase().replace("i", "")] ?? 0));
  return bytes > 0 ? bytes : undefined;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of "1h 30m", "45s", or of a bare number of seconds; undefined when it is none of these. */
function parseDuration(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
  const parts = [...value.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhd])\s*/gy)];
  const read = parts.reduce((length, part) => length + part[0].length, 0);
  if (parts.length === 0 || read !== value.trim().length) return undefined;
  const ms = parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? ""] ?? 0), 0);
  return ms > 0 ? ms : undefined;
}

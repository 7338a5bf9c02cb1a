/** A request as it came, before anybody believes it. What it says is picked by extractors (model/extractor.ts). */

export type Received = {
  readonly method: string;
  /** The request's target as it was sent, with its query: some senders sign it. */
  readonly target: string;
  /** By names in small letters. A header that came twice has two values, and no extractor reads it. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly query: URLSearchParams;
  /** The last part of the path, where the source has its secret there; "" elsewhere. */
  readonly token: string;
  /** The raw bytes. */
  readonly body: Buffer;
};

/**
 * What a body says: JSON, the JSON in one field of a form, the form's fields, or those of the query where there is no
 * body. `undefined`: it says nothing that can be read.
 */
export type Payload = { readonly json: unknown; readonly form: ReadonlyMap<string, string> | null };

/** The one value of a header; null where it is missing or came twice. */
export function headerOf({ headers }: Pick<Received, "headers">, name: string): string | null {
  const values = headers[name];
  return values?.length === 1 ? (values[0] ?? null) : null;
}

/** The media type of a body, in small letters and without parameters; "" where none is said. */
export function mediaTypeOf(received: Pick<Received, "headers">): string {
  const type = headerOf(received, "content-type") ?? "";
  if (type === "application/json") return type;
  return type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Whether a body of this media type is read as JSON. Some say text/plain and send JSON (SNS), and some say nothing. */
export function saysJson(type: string): boolean {
  return type === "application/json" || type === "text/plain" || type === "" || JSON_TYPE.test(type);
}

const JSON_TYPE = /^(application|text)\/([\w.-]+\+)?json$/;

/** Deeper than any sender nests: whatever walks the value later must not run out of stack. */
const MAX_DEPTH = 64;

/**
 * Reads a body. `field` is the field of a form that holds JSON ("payload"), if there is one. Answers with
 * `json: undefined` for bytes that are not what they say they are; never throws.
 */
export async function readPayload(received: Received, field: string): Promise<Payload> {
  const type = mediaTypeOf(received);
  if (received.body.length === 0) return ofFields(new Map(received.query), field);
  if (type === "application/x-www-form-urlencoded") {
    return ofFields(new Map(new URLSearchParams(received.body.toString("utf8"))), field);
  }
  if (type === "multipart/form-data") return ofFields(await readMultipart(received), field);
  if (saysJson(type)) return { json: parseJson(received.body), form: null };
  return { json: undefined, form: null };
}

function ofFields(form: ReadonlyMap<string, string> | null, field: string): Payload {
  if (form === null) return { json: undefined, form: null };
  const text = form.get(field);
  return { json: text === undefined ? Object.fromEntries(form) : parseJson(Buffer.from(text)), form };
}

/** The text fields; files that came with them are left out. */
async function readMultipart(received: Received): Promise<Map<string, string> | null> {
  try {
    const headers = { "content-type": headerOf(received, "content-type") ?? "" };
    const form = await new Response(new Uint8Array(received.body), { headers }).formData();
    return new Map([...form].filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return null;
  }
}

/** The value of JSON in UTF-8; undefined where it is none, or nested too deeply. Whole numbers keep all their digits. */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  try {
    const value = HAS_LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
    return isTooDeep(value, MAX_DEPTH) ? undefined : value;
  } catch {
    return undefined;
  }
}

/**
 * 16 digits and more may not fit into a double: they are ids, and ids are text. Before a number there is always one of
 * these; digits inside of words, as in names of commits, must not make every body take ten times as long.
 */
const HAS_LONG_NUMBER = /(?:^|[:,[\s-])\d{16}/;

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value;
}

/** Looked for in the value, which takes a tenth of the time that the text would take. */
function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((it) => isTooDeep(it, levels - 1));
  for (const key in value) if (isTooDeep((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

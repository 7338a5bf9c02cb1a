/** The bytes that a sender may have signed, when something on the way has made these of them. */
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { headerOf, type Payload, parseJson, type Received } from "../../model/received.ts";
import { finding, type Reading, type SignatureFinding } from "./finding.ts";

/** Larger bodies are not looked at in other ways. In bytes. */
const MAX_BODY = 1024 ** 2;
/** Larger JSON is not written anew: indented deeply it grows a hundred times. In bytes. */
const MAX_JSON = 128 * 1024;

/** The body as it came first, then as it may have been. `field` is the field of a form that holds the JSON. */
export async function bodyReadings(received: Received, payload: Payload, field: string): Promise<Reading<Buffer>[]> {
  const { body } = received;
  const asCame: Reading<Buffer> = { value: body, findings: [] };
  if (body.length > MAX_BODY) return [asCame];
  const others = [
    ...(await unpacked(received)),
    ...lineReadings(body),
    ...charsetReadings(body),
    ...jsonReadings(body),
    ...formReadings(body, payload, field),
  ];
  return [
    asCame,
    ...others.filter(({ value }, at) => !value.equals(body) && others.findIndex((it) => it.value.equals(value)) === at),
  ];
}

const changed = (what: string): SignatureFinding[] => [
  finding(
    "body-changed",
    `It fits the body ${what}: something between the sender and Slipway has changed it. Let the bytes through as they are, or let the sender reach Slipway directly.`,
  ),
];

async function unpacked(received: Received): Promise<Reading<Buffer>[]> {
  const unpack = { gzip: gunzip, deflate: inflate, br: brotliDecompress }[headerOf(received, "content-encoding") ?? ""];
  if (!unpack) return [];
  try {
    const value = await (promisify(unpack) as (it: Buffer, options: object) => Promise<Buffer>)(received.body, {
      maxOutputLength: MAX_BODY,
    });
    return [{ value, findings: changed("once it is unpacked (content-encoding)") }];
  } catch {
    return [];
  }
}

function lineReadings(body: Buffer): Reading<Buffer>[] {
  const text = body.toString("latin1");
  const of = (value: string, what: string) => ({ value: Buffer.from(value, "latin1"), findings: changed(what) });
  const bom = "\xef\xbb\xbf";
  return [
    of(`${text}\n`, "with a line break at its end"),
    of(`${text}\r\n`, "with a line break (CRLF) at its end"),
    of(withoutLastBreaks(text), "without the line break at its end"),
    of(text.trim(), "without the space around it"),
    of(text.replaceAll("\r\n", "\n"), "with lines that end in LF, not CRLF"),
    of(text.replace(/\r?\n/g, "\r\n"), "with lines that end in CRLF, not LF"),
    of(
      text.startsWith(bom) ? text.slice(bom.length) : bom + text,
      text.startsWith(bom) ? "without its byte order mark" : "with a byte order mark",
    ),
  ];
}

/** Without a pattern: one that looks for the end from every line break takes too long on a megabyte of them. */
function withoutLastBreaks(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n" || text[end - 1] === "\r") end--;
  return text.slice(0, end);
}

function charsetReadings(body: Buffer): Reading<Buffer>[] {
  return [
    { value: Buffer.from(body.toString("utf8"), "latin1"), findings: changed("in Latin-1, not UTF-8") },
    {
      value: Buffer.from(body.toString("latin1"), "utf8"),
      findings: changed("with its bytes taken for Latin-1 and written as UTF-8"),
    },
  ];
}

/** The same JSON as other programs write it. */
function jsonReadings(body: Buffer): Reading<Buffer>[] {
  const text = body.length <= MAX_JSON ? body.toString("utf8").replace(/^\ufeff/, "") : "";
  // Refuses what is no JSON or nested too deeply; that it writes long numbers as text is of no use here.
  if (parseJson(Buffer.from(text)) === undefined) return [];
  const value: unknown = JSON.parse(text);
  const compact = JSON.stringify(value);
  const spaced = JSON.stringify(value, null, 1)
    .replace(/(?<=[[{])\n\s*|\n\s*(?=[\]}])/g, "")
    .replace(/\n\s*/g, " ");
  const texts = [
    [compact, "as compact JSON"],
    [spaced, "as JSON with spaces after commas and colons, as Python writes it"],
    [JSON.stringify(value, null, 2), "as JSON indented by two spaces"],
    [JSON.stringify(value, null, 4), "as JSON indented by four spaces"],
    [JSON.stringify(value, null, "\t"), "as JSON indented by tabs"],
    [toAscii(compact), "as compact JSON in ASCII"],
    [toAscii(spaced), "as JSON in ASCII with spaces, as Python writes it"],
    [toAscii(compact).replaceAll("/", "\\/"), "as JSON with escaped slashes, as PHP writes it"],
  ] as const;
  return texts.map(([json, what]) => ({ value: Buffer.from(json), findings: changed(`written ${what}`) }));
}

const toAscii = (text: string) =>
  text.replace(/[\u0080-\uffff]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A form for the JSON in it, and JSON for the form around it. */
function formReadings(body: Buffer, { form }: Payload, field: string): Reading<Buffer>[] {
  const of = (value: string, sentence: string) => ({
    value: Buffer.from(value),
    findings: [finding("form-bytes", sentence)],
  });
  const decoded = form?.get(field);
  const type = "Let the sender send application/json, or say in message which bytes it signs.";
  if (decoded !== undefined)
    return [
      of(
        decoded,
        `It fits the decoded field ${field} of the form, and the form's bytes are signed by the definition. ${type}`,
      ),
    ];
  const text = body.toString("utf8");
  return [encodeURIComponent(text), new URLSearchParams({ a: text }).toString().slice(2)].map((encoded) =>
    of(`${field}=${encoded}`, `It fits a form with these bytes in its field ${field}, and JSON came. ${type}`),
  );
}

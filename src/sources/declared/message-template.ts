/** The template of what a sender signs, `{id}.{ts}.{body}`, made into the pieces that are signed one after another. */
import type { MESSAGE_PARTS } from "../../config/source-definition.ts";

type MessagePart = (typeof MESSAGE_PARTS)[number];

export type MessageValues = {
  /** The raw bytes: a body never becomes text, which would change some. */
  readonly body: Buffer;
  readonly ts: string;
  readonly id: string;
  /** The field of the form, decoded; the raw bytes where the request is no form. */
  readonly payload: string | Buffer;
};

export type MessageTemplate = {
  uses(part: MessagePart): boolean;
  /** What is signed, in order; text counts in UTF-8. */
  render(values: MessageValues): ReadonlyArray<string | Buffer>;
  /**
   * Whether these bytes could be a message of this template with a time in front of its body. Who accepts bodies alone as
   * well must refuse them, or an old message could be sent again as a body that has no time.
   */
  couldHoldTime(body: Buffer): boolean;
};

/** Longest head of a message before its body: a prefix, an id and a time. In bytes. */
const MAX_HEAD = 512;

export function parseMessageTemplate(text: string): MessageTemplate {
  const pieces = text.split(/(\{body\}|\{ts\}|\{id\}|\{form\.payload\})/).filter((piece) => piece !== "");
  const uses = (part: MessagePart) => pieces.includes(part);
  const head = headPattern(pieces);
  return {
    uses,
    render: text === "{body}" ? ({ body }) => [body] : (values) => join(pieces, values),
    couldHoldTime: (body) => head?.test(body.toString("latin1", 0, MAX_HEAD)) ?? false,
  };
}

/** The pieces with their values, texts that follow each other as one. */
function join(pieces: readonly string[], { body, ts, id, payload }: MessageValues): Array<string | Buffer> {
  const message: Array<string | Buffer> = [];
  let text = "";
  for (const piece of pieces) {
    const bytes = piece === "{body}" ? body : piece === "{form.payload}" && Buffer.isBuffer(payload) ? payload : null;
    if (bytes) {
      if (text) message.push(text);
      message.push(bytes);
      text = "";
    } else text += piece === "{ts}" ? ts : piece === "{id}" ? id : piece === "{form.payload}" ? payload : piece;
  }
  if (text) message.push(text);
  return message;
}

/** What the beginning of a message looks like up to its body; null where no time stands there. */
function headPattern(pieces: readonly string[]): RegExp | null {
  const head = pieces.slice(0, pieces.indexOf("{body}"));
  if (!head.includes("{ts}")) return null;
  const patterns = head.map((piece) => {
    if (piece === "{ts}") return "\\d{1,16}";
    return piece === "{id}"
      ? "[\\x21-\\x7e]{1,256}?"
      : piece.replace(/\W/gu, (it) => `\\u{${it.codePointAt(0)?.toString(16)}}`);
  });
  return new RegExp(`^${patterns.join("")}`, "u");
}

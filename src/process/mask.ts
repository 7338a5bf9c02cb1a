/** Replaces secret values in text that is shown to people, also where a value is spread over several chunks. */

const SHOWN = "[secret]";

/** Shorter values would also hit ordinary words, and a transcript full of holes says more than it hides. */
const MIN_LENGTH = 8;

export type Mask = {
  /** The text that may be shown by now; what could be the start of a secret is kept back until more is known. */
  write(chunk: string): string;
  /** What is still kept back. */
  end(): string;
};

/** Masks a stream of text. Values of fewer than 8 characters are left alone. */
export function createMask(secrets: readonly string[]): Mask {
  const values = spellings(secrets);
  if (values.length === 0) return { write: (chunk) => chunk, end: () => "" };
  const pattern = new RegExp(values.map(escapePattern).join("|"), "g");
  const reach = Math.max(...values.map((value) => value.length)) - 1;
  let kept = "";

  /** The first place from `from` on where the text breaks off inside of what may become a secret. */
  function findOpenEnd(text: string, from: number): number {
    for (let at = Math.max(from, text.length - reach); at < text.length; at++) {
      const tail = text.slice(at);
      if (values.some((value) => value.length > tail.length && value.startsWith(tail))) return at;
    }
    return text.length;
  }

  return {
    write(chunk) {
      const text = kept + chunk;
      let shown = "";
      let at = 0;
      let open = findOpenEnd(text, at);
      for (;;) {
        if (open < at) open = findOpenEnd(text, at);
        pattern.lastIndex = at;
        const match = pattern.exec(text);
        if (!match || match.index >= open) {
          kept = text.slice(open);
          return shown + text.slice(at, open);
        }
        shown += text.slice(at, match.index) + SHOWN;
        at = pattern.lastIndex;
      }
    },
    end() {
      const rest = kept.replace(pattern, SHOWN);
      kept = "";
      return rest;
    },
  };
}

/** Masks a whole text. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const mask = createMask(secrets);
  return mask.write(text) + mask.end();
}

function escapePattern(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** How values may show up in output, the longest first, so that the longest wins where several fit. */
function spellings(secrets: readonly string[]): string[] {
  const all = secrets.flatMap((secret) => [
    secret,
    ...secret.split(/\r?\n/),
    ...inUrls(secret.toWellFormed()),
    ...inJson(secret),
    ...inBase64(Buffer.from(secret)),
  ]);
  return [...new Set(all.map((value) => value.trim()))]
    .filter((value) => value.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
}

/** RFC 3986 in both readings of which characters are reserved, and forms (WHATWG URL, 5.2); hexadecimal in either case. */
function inUrls(secret: string): string[] {
  const component = encodeURIComponent(secret);
  const strict = component.replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const all = [component, strict, form, encodeURI(secret)].flatMap((it) => [it, it.replaceAll("%20", "+")]);
  return all.flatMap((it) => [it, it.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())]);
}

/** RFC 8259, 7: as JavaScript writes strings, as PHP does, and in ASCII alone, as Python does. */
function inJson(secret: string): string[] {
  const plain = JSON.stringify(secret).slice(1, -1);
  const escaped = (it: string) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const ascii = plain.replace(/[\u007f-\uffff]/g, escaped);
  const all = [plain, ascii, ascii.replace(/\\u[0-9a-f]{4}/g, (it) => `\\u${it.slice(2).toUpperCase()}`)];
  return all.flatMap((it) => [it, it.replaceAll("/", "\\/")]);
}

/** Columns after which base64(1), and PEM (RFC 7468), begin a new line. */
const BASE64_COLUMNS = [76, 64];

/**
 * RFC 4648, 4 and 5: alone, in lines, and within something longer ("user:password"), where it begins at any of three
 * places of a group and only what no neighbour has a bit in can be known.
 */
function inBase64(secret: Buffer): string[] {
  const all = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString("base64");
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
  });
  const alone = secret.toString("base64");
  const lines = BASE64_COLUMNS.flatMap((columns) => alone.match(new RegExp(`.{1,${columns}}`, "g")) ?? []);
  return [alone, ...all, ...lines].flatMap((it) => [it, it.replaceAll("+", "-").replaceAll("/", "_")]);
}

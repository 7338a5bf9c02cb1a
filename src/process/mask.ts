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
      for (;;) {
        const open = findOpenEnd(text, at);
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

/** How a value may show up in output, the longest first, so that the longest wins where several fit. */
function spellings(secrets: readonly string[]): string[] {
  const all = secrets.flatMap((secret) => [
    secret,
    ...secret.split(/\r?\n/),
    // As programs print it: in a URL, as a JSON string, in a header.
    encodeURIComponent(secret.toWellFormed()),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("base64"),
  ]);
  return [...new Set(all.map((value) => value.trim()))]
    .filter((value) => value.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
}

/** Looks for the name of an event where JSON begins, since to read a whole body costs the intake more than all the rest. */

/** Names stand at the beginning, or they are looked for elsewhere; in bytes. */
const HEAD_BYTES = 512;

/** A member that is easy to step over: a name, and a text without escapes, a number or a word. */
const TEXT = String.raw`"[ !#-\[\]-~]*"`;
const MEMBER = String.raw`${TEXT}\s*:\s*(?:${TEXT}|[\w.+-]+)\s*,\s*`;

/**
 * Reads the texts of these keys of an object, all of them or nothing: null where one of them is not found before anything
 * nested or escaped comes. Whether JSON follows is not looked at, so deliveries must not be told apart by what is found.
 */
export function createPeek(keys: readonly string[]): (bytes: Buffer) => Readonly<Record<string, string>> | null {
  if (!keys.every((key) => /^\w+$/.test(key))) return () => null;
  const patterns = keys.map((key) => ({
    key,
    pattern: new RegExp(String.raw`^\s*\{\s*(?:${MEMBER})*?"${key}"\s*:\s*"([ !#-\[\]-~]+)"\s*[,}]`),
  }));
  return (bytes) => {
    const head = bytes.toString("latin1", 0, HEAD_BYTES);
    const found: Record<string, string> = {};
    for (const { key, pattern } of patterns) {
      const value = pattern.exec(head)?.[1];
      if (value === undefined) return null;
      found[key] = value;
    }
    return found;
  };
}

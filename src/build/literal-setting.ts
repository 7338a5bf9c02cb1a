/** Reads single settings out of configuration that is code, without running it. What it finds is a guess that is tried. */
import { posix } from "node:path";

/** Strings first, so that a comment's start inside of one is none. An open comment reaches to the end of the text. */
const STRING_OR_COMMENT =
  /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*$)/g;

/** The text without comments, as JavaScript and Angular's JSON have them. */
function withoutComments(text: string): string {
  return text.replace(STRING_OR_COMMENT, (_, string: string | undefined) => string ?? " ");
}

/** JSON with comments and trailing commas as JSON. */
export function plainJson(text: string): string {
  return withoutComments(text).replace(
    /("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g,
    (_, string: string | undefined) => string ?? "",
  );
}

/**
 * The value of `key: "value"` where the text has exactly one such value; undefined when it has none, several, or one
 * that is computed.
 */
export function literalSetting(code: string, key: string): string | undefined {
  const pattern = new RegExp(`(?:^|[\\s{,(])["']?${key}["']?\\s*:\\s*(["'\`])([^"'\`\\\\\\n$]{1,200})\\1`, "g");
  const values = new Set([...withoutComments(code).matchAll(pattern)].map((match) => match[2]));
  return values.size === 1 ? [...values][0] : undefined;
}

/** The value of an option in a script: `--outDir web`, `--outDir=web`. */
export function optionOf(script: string, names: readonly string[]): string | undefined {
  for (const name of names) {
    const match = new RegExp(`(?:^|\\s)${name}(?:=|\\s+)["']?([\\w@./-]{1,200})["']?(?:\\s|$)`).exec(script);
    if (match?.[1]) return match[1];
  }
  return undefined;
}

/** The path of a folder below the site's own, in one spelling; null when it is that folder itself, or leads out of it. */
export function folderBelow(path: string): string | null {
  const normal = posix.normalize(path).replace(/\/+$/, "");
  const leadsOut = posix.isAbsolute(normal) || normal === "." || normal === ".." || normal.startsWith("../");
  return leadsOut || normal.includes("\0") ? null : normal;
}

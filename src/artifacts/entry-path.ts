/** Where an entry of an archive goes. Its name comes from whoever wrote the archive, so nothing about it is believed. */
import { PermanentError } from "../errors.ts";

/** Far above real sites, and with the folder in front of it still below the 4096 that Linux takes (PATH_MAX). */
const MAX_PATH_BYTES = 1024;
/** NAME_MAX of Linux's usual file systems. */
const MAX_NAME_BYTES = 255;

/**
 * The path of an entry below the folder that it is unpacked into, with "/" between its names; "" is that folder itself.
 * Throws PermanentError, which names the entry, for every name that is not plainly inside.
 */
export function entryPath(name: string): string {
  const problem = nameProblem(name);
  if (problem !== null) throw new PermanentError(`The artifact cannot be unpacked: ${showEntry(name)} ${problem}.`);
  return withoutDots(name).replace(/^\.$|\/$/, "");
}

/** tar and some zip programs write "./a" for "a". */
const withoutDots = (name: string) => name.replace(/^(\.\/)+/, "");

function nameProblem(name: string): string | null {
  if (name === "") return "is no name";
  if (Buffer.byteLength(name) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  if (!name.isWellFormed() || name.includes("\uFFFD")) return "is not valid UTF-8";
  if (/\p{Cc}/u.test(name)) return "has a control character";
  if (name.includes("\\")) return "has a backslash, which is a separator on Windows";
  const inner = withoutDots(name);
  if (inner.startsWith("/") || /^[A-Za-z]:/.test(inner)) return "is an absolute path";
  const names = inner.replace(/\/$/, "").split("/");
  if (names.includes("..")) return "leads out of its folder";
  if (names.length > 1 && names.some((part) => part === "" || part === ".")) return "has an empty or '.' segment";
  if (names.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES)) {
    return `has a segment longer than ${MAX_NAME_BYTES} bytes`;
  }
  return null;
}

/** A name as it may be shown in one line, whatever it contains. */
export function showEntry(name: string): string {
  // JSON leaves the second block of control characters (C1), and those that turn text around, as they are.
  const shown = JSON.stringify(name.slice(0, 200)).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (it) => `\\u${it.codePointAt(0)?.toString(16).padStart(4, "0")}`,
  );
  return name.length > 200 ? `${shown}…` : shown;
}

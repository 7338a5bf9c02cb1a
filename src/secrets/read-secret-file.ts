/** Reads files that hold one secret each: those of Docker and Kubernetes, systemd's credentials, or any other. */
import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "../errors.ts";

/** No secret is larger; a file that is, is another one. */
const MAX_BYTES = 64 * 1024;

/** https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Credentials */
const CREDENTIALS = /^\$(CREDENTIALS_DIRECTORY|\{CREDENTIALS_DIRECTORY\})\//;

/**
 * The path of a `file:` reference, with `$CREDENTIALS_DIRECTORY/` at its beginning replaced by where systemd put the
 * credentials of the unit. Throws OperatorError where that is not known.
 */
export function expandPath(path: string, key: string, env: NodeJS.ProcessEnv): string {
  if (!CREDENTIALS.test(path)) return path;
  const folder = env.CREDENTIALS_DIRECTORY;
  if (!folder) {
    const advice = "systemd sets it for units with LoadCredential= or SetCredential=";
    throw new OperatorError(key, `names $CREDENTIALS_DIRECTORY, which is not set; ${advice}`);
  }
  return join(folder, path.replace(CREDENTIALS, ""));
}

/** What is in the file, without one trailing line break. Throws OperatorError when it is missing, unreadable, empty or large. */
export async function readSecretFile(path: string, key: string): Promise<string> {
  try {
    check(await stat(path), path, key);
    return withoutLineBreak(await readFile(path, "utf8"), path, key);
  } catch (error) {
    throw unreadable(error, path, key);
  }
}

/** The same at once. */
export function readSecretFileNow(path: string, key: string): string {
  try {
    check(statSync(path), path, key);
    return withoutLineBreak(readFileSync(path, "utf8"), path, key);
  } catch (error) {
    throw unreadable(error, path, key);
  }
}

/** A pipe would block, and a device may have no end. */
function check(found: { isFile(): boolean; readonly size: number }, path: string, key: string): void {
  if (!found.isFile()) throw new OperatorError(key, `${path} is no file`);
  if (found.size > MAX_BYTES)
    throw new OperatorError(key, `the file ${path} is larger than 64 KB, so it holds no secret`);
}

function withoutLineBreak(text: string, path: string, key: string): string {
  const value = text.replace(/\r?\n$/, "");
  if (value === "") {
    throw new OperatorError(key, `the file ${path} is empty or missing; set it, or point ${key} elsewhere`);
  }
  return value;
}

function unreadable(error: unknown, path: string, key: string): OperatorError {
  if (error instanceof OperatorError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
  return new OperatorError(key, `the file ${path} cannot be read (${code})`, { cause: error });
}

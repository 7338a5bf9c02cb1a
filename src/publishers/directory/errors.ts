/** What the errors of this machine's file system mean to a publish. */
import { PermanentError } from "../../errors.ts";
import { HostFullError } from "../publisher.ts";

export type FileError = NodeJS.ErrnoException;

/** Whether there is no such file or folder, or a file where a folder should be. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ENOTDIR");
}

/** For `catch`: these codes mean "there is none"; any other error is thrown on. */
export function orUndefinedIf(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (!hasCode(error, ...codes)) throw error;
    return undefined;
  };
}

export const undefinedIfMissing = orUndefinedIf("ENOENT", "ENOTDIR");

/** For `catch`: throws the error that says who can mend it. A full disk or quota stays full, a closed folder closed. */
export function explainFileError(error: unknown): never {
  const { code, path } = error as FileError;
  if (hasCode(error, "ENOSPC", "EDQUOT")) {
    throw new HostFullError(`There is no room left on the target (${code}).`, { cause: error });
  }
  if (hasCode(error, "EACCES", "EPERM", "EROFS")) {
    throw new PermanentError(`Slipway may not write to ${path} (${code}); change its permissions.`, { cause: error });
  }
  throw error;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error ? (error as FileError).code : undefined;
  return code !== undefined && codes.includes(code);
}

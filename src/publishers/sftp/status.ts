/** What an SFTP server answers when it does not do what it was asked (draft-ietf-secsh-filexfer-02 section 7). */
import { PermanentError } from "../../errors.ts";

/**
 * The codes of SSH_FXP_STATUS. Version 3 of the protocol, which everybody speaks, knows those up to 8; some servers
 * send the later ones all the same (draft-ietf-secsh-filexfer-13 section 9.1).
 */
export const STATUS = {
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  /** Anything that has no code of its own: exists already, is a folder, disk full, too many open files … */
  failure: 4,
  unsupported: 8,
  noSuchPath: 10,
  noSpace: 14,
  quotaExceeded: 15,
} as const;

/** The server answered a request with an error. The connection is as good as before. */
export class SftpStatusError extends Error {
  override readonly name = "SftpStatusError";
  readonly code: number;
  /** The request: "open", "rename" … */
  readonly request: string;

  constructor(request: string, code: number, said: string) {
    super(`${request}: ${quoteStatus(said)}`);
    this.request = request;
    this.code = code;
  }
}

/** The server's text as it may be quoted in one line. */
function quoteStatus(said: string): string {
  return said
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, 200);
}

/** Whether the server says that there is no such file or folder. OpenSSH says so of "file/below", too (ENOTDIR). */
export function isMissing(error: unknown): boolean {
  return hasCode(error, STATUS.noSuchFile, STATUS.noSuchPath);
}

export function isDenied(error: unknown): boolean {
  return hasCode(error, STATUS.permissionDenied);
}

/** Whether the server has a code for a full disk or quota, and sent it. Version 3 has none. */
export function saysFull(error: unknown): boolean {
  return hasCode(error, STATUS.noSpace, STATUS.quotaExceeded);
}

export function hasCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof SftpStatusError && codes.includes(error.code);
}

/** For `catch`: a status error becomes `other`, anything else is thrown on. */
export function ifRefused<T>(other: T) {
  return (error: unknown): T => {
    if (!(error instanceof SftpStatusError)) throw error;
    return other;
  };
}

/** For `catch`: no such file becomes undefined, anything else is thrown on. */
export function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
  return undefined;
}

/**
 * What a status error means for people: "The host does not let a.txt be written: permission denied". What is no status
 * error stays as it is.
 */
export function explainStatus(error: unknown, what: string): unknown {
  if (!(error instanceof SftpStatusError)) return error;
  const hint = isDenied(error) ? "; check the permissions of the account" : "";
  return new PermanentError(`The host does not let ${what} (${error.message})${hint}.`, { cause: error });
}

/** Turns a connect or login that failed into the error that says who can mend it. Never quotes the password. */
import { FTPError } from "basic-ftp";
import { OperatorError, PermanentError, RetryLaterError } from "../../errors.ts";
import type { FtpTarget } from "../publisher.ts";
import { classifyReply, quoteReply } from "./replies.ts";
import { keyOf, written } from "./setting.ts";

/** How long to stay away from a host that has too many connections, in milliseconds. */
const TOO_MANY_DELAY_MS = 60_000;

/** The port for TLS from the first byte (IANA, "ftps"). */
const IMPLICIT_PORT = 990;

export function explainConnect(error: unknown, target: FtpTarget): Error {
  if (error instanceof PermanentError) return error;
  if (error instanceof FTPError) return explainRefusal(error, target);
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  const where = `${target.host}:${target.port}`;
  // OpenSSL's names for an answer that is no TLS record.
  if (target.implicit && /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/.test(code)) {
    return new OperatorError(
      keyOf(target, "publish"),
      `${where} does not begin with TLS; remove \`?implicit\`, or correct the port`,
      { cause: error },
    );
  }
  const reason = code || (error instanceof Error ? error.message : String(error));
  const hint =
    target.port === IMPLICIT_PORT && !target.implicit ? " (this port usually wants TLS at once: add `?implicit`)" : "";
  return new Error(`Cannot connect to ${where}: ${withoutPassword(reason, target)}${hint}`, { cause: error });
}

function explainRefusal(error: FTPError, target: FtpTarget): Error {
  const said = withoutPassword(quoteReply(error), target);
  switch (classifyReply(error)) {
    case "too-many":
      return new RetryLaterError(TOO_MANY_DELAY_MS, `${target.host} has too many connections: ${said}`);
    case "needs-tls":
      return new OperatorError(keyOf(target, "publish"), `${target.host} insists on TLS; write ftps:// (${said})`);
    case "login-refused":
      return new OperatorError(
        keyOf(target, "password"),
        `${target.host} does not let ${target.user} in with this password (${said})`,
      );
    default:
      return new Error(`${target.host} answered: ${said}`);
  }
}

/** The server refused AUTH TLS with `error`: it does not know it, or has no certificate (RFC 4217 section 4). */
export function explainNoTls(error: FTPError, target: FtpTarget): OperatorError {
  return new OperatorError(
    keyOf(target, "publish"),
    `${target.host} does not offer TLS on this port (${quoteReply(error)}). If it has none at all, write ftp:// and ` +
      `${written(target, "plain", "true")} to send the password unencrypted`,
    { cause: error },
  );
}

/** What greets us is no FTP server; `greeting` is its first line. */
export function explainGreeting(greeting: string, target: FtpTarget): OperatorError {
  const where = `${target.host}:${target.port}`;
  // RFC 4253 section 4.2.
  if (greeting.startsWith("SSH-")) {
    return new OperatorError(keyOf(target, "publish"), `${where} is SSH, not FTP; write sftp://`);
  }
  return new OperatorError(keyOf(target, "publish"), `${where} is no FTP server; correct the host or the port`);
}

/** Some servers repeat what they were sent. */
function withoutPassword(text: string, { password }: FtpTarget): string {
  return password === "" ? text : text.replaceAll(password, "[secret]");
}

/** Reads what a reply tells about one file: its size, when it was changed, its digest. */
import type { FTPResponse } from "basic-ftp";
import { PermanentError } from "../../errors.ts";
import { classifyReply, quoteReply } from "./replies.ts";

/**
 * The size in "213 1234" (RFC 3659 section 4); undefined where there is no such file. Throws PermanentError where the
 * server knows no SIZE, and Error for an answer that may be another next time.
 */
export function readSize(reply: FTPResponse): number | undefined {
  switch (classifyReply(reply)) {
    case "fine": {
      const size = Number(/^213[ -](\d+)/.exec(reply.message)?.[1]);
      if (!Number.isSafeInteger(size)) throw new Error(`no size in "${quoteReply(reply)}"`);
      return size;
    }
    case "unsupported":
      throw new PermanentError(`The host cannot tell the size of a file (SIZE): ${quoteReply(reply)}`);
    default:
      return refusedOrThrow(reply);
  }
}

/**
 * The time in "213 20261124160456.123", in ms since 1970, without the fraction (RFC 3659 sections 2.3 and 3.3: UTC);
 * undefined where there is no such file, no MDTM, or no date.
 */
export function readModified(reply: FTPResponse): number | undefined {
  if (classifyReply(reply) !== "fine") return refusedOrThrow(reply);
  const [, year, month, day, hour, minute, second] =
    /^213[ -](\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?!\d)/.exec(reply.message) ?? [];
  // A leap second is written as :60, which a Date does not know.
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second === "60" ? "59" : second}Z`;
  const timeMs = Date.parse(iso);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/**
 * The SHA-256, in lower-case hex; undefined where there is no such file or no such digest. HASH answers
 * "213 SHA-256 0-12 8e56… a.txt" (draft-bryan-ftpext-hash section 3.2), XSHA256 "250 8E56…"; ProFTPD puts a line
 * with the algorithm before both.
 */
export function readDigest(reply: FTPResponse, command: "HASH" | "XSHA256"): string | undefined {
  if (classifyReply(reply) !== "fine") return refusedOrThrow(reply);
  const pattern =
    command === "HASH" ? /^213[ -]SHA-256 \S+ ([0-9a-f]{64})(?=\s|$)/im : /^2\d\d[ -]([0-9a-f]{64})\s*$/im;
  return pattern.exec(reply.message)?.[1]?.toLowerCase();
}

/** Undefined for a refusal that stays; throws Error for one that may be over the next time. */
function refusedOrThrow(reply: FTPResponse): undefined {
  const kind = classifyReply(reply);
  if (kind === "transient" || kind === "too-many") throw new Error(quoteReply(reply));
  return undefined;
}

/** What a server says it can do, in its answer to FEAT (RFC 2389 section 3.2). */
import type { FTPResponse } from "basic-ftp";
import type { HostProfile } from "../host-profile.ts";
import { classifyReply } from "./replies.ts";

export type FtpFeatures = {
  /** Whether it knows MLSD: "MLST" in the answer stands for both (RFC 3659 section 7.8). */
  readonly hasMlsd: boolean;
  /** The command that tells a file's SHA-256. */
  readonly digest: NonNullable<HostProfile["digest"]>;
};

/** Servers without FEAT have none of these. */
export function readFeatures(reply: FTPResponse | undefined): FtpFeatures {
  if (reply === undefined || classifyReply(reply) !== "fine") return { hasMlsd: false, digest: "none" };
  const lines = reply.message.split(/\r?\n/).slice(1, -1);
  const features = new Map(lines.map((line) => readLine(line.trim())));
  // "HASH SHA-1*;SHA-256;SHA-512" (draft-bryan-ftpext-hash section 3.1); the star marks the one in use.
  const algorithms = (features.get("HASH") ?? "").split(";").map((name) => name.replace("*", "").trim().toUpperCase());
  const digest = algorithms.includes("SHA-256") ? "HASH" : features.has("XSHA256") ? "XSHA256" : "none";
  return { hasMlsd: features.has("MLST"), digest };
}

function readLine(line: string): [string, string] {
  const space = line.indexOf(" ");
  return space < 0 ? [line.toUpperCase(), ""] : [line.slice(0, space).toUpperCase(), line.slice(space + 1)];
}

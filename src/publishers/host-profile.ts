/**
 * What sessions learn about a host and the next one need not find out again. Learned facts only save round trips and
 * refusals: whoever meets the opposite corrects the profile and goes on. Null stands for "not known yet".
 */
export type HostProfile = {
  /** FTP: the command for data connections that works (RFC 2428, RFC 959). */
  readonly passive: "EPSV" | "PASV" | null;
  /** How a file gets to the name of another: by a rename over it, after removing that, or only by writing into it. */
  readonly replaces: "rename" | "remove-and-rename" | "overwrite" | null;
  /** Whether commands may be sent ahead of the replies to earlier ones. */
  readonly pipelines: boolean | null;
  /** How many connections the host allowed when it last refused one, and when that was (ms since 1970). */
  readonly connections: { readonly max: number; readonly atMs: number } | null;
  /** FTP: how many were logged in at once at most, since the host last refused one. So many are asked for at once. */
  readonly granted: number | null;
  /** FTPS: the elliptic curve that the host chose when it had the choice, by OpenSSL's name. */
  readonly curve: string | null;
  /** FTP: whether listings show names that begin with a dot. */
  readonly listsDotFiles: boolean | null;
  /** FTP: the command that tells a file's SHA-256 (draft-bryan-ftp-hash; XSHA256 of several servers). */
  readonly digest: "HASH" | "XSHA256" | "none" | null;
  /** SFTP: the key that the host showed, as "SHA256:…". */
  readonly hostKey: string | null;
};

/** A profile that knows nothing. */
export const UNKNOWN_HOST: HostProfile = {
  passive: null,
  replaces: null,
  pipelines: null,
  connections: null,
  granted: null,
  curve: null,
  listsDotFiles: null,
  digest: null,
  hostKey: null,
};

/** Reads a saved profile. What is missing or makes no sense is not known. */
export function readProfile(saved: unknown): HostProfile {
  const it: Partial<Record<keyof HostProfile, unknown>> = typeof saved === "object" && saved !== null ? saved : {};
  const oneOf = <T>(value: unknown, known: readonly T[]): T | null =>
    known.includes(value as T) ? (value as T) : null;
  return {
    passive: oneOf(it.passive, ["EPSV", "PASV"] as const),
    replaces: oneOf(it.replaces, ["rename", "remove-and-rename", "overwrite"] as const),
    pipelines: oneOf(it.pipelines, [true, false]),
    connections: readConnections(it.connections),
    granted: Number.isSafeInteger(it.granted) && Number(it.granted) > 0 ? Number(it.granted) : null,
    curve: typeof it.curve === "string" ? it.curve : null,
    listsDotFiles: oneOf(it.listsDotFiles, [true, false]),
    digest: oneOf(it.digest, ["HASH", "XSHA256", "none"] as const),
    hostKey: typeof it.hostKey === "string" ? it.hostKey : null,
  };
}

function readConnections(saved: unknown): HostProfile["connections"] {
  if (typeof saved !== "object" || saved === null || !("max" in saved) || !("atMs" in saved)) return null;
  const { max, atMs } = saved;
  if (typeof max !== "number" || !Number.isSafeInteger(max) || max < 1) return null;
  return typeof atMs === "number" && Number.isFinite(atMs) ? { max, atMs } : null;
}

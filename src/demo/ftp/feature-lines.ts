/** The answer to FEAT (RFC 2389 section 3.2): it names what this server can do, not what the real ones can. */

export const COMMON_FEATURES: readonly string[] = ["EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS", "UTF8"];

/** The facts that `factLine` gives (RFC 3659 section 7.8). */
export const MLST = "MLST type*;size*;modify*;UNIX.mode*;unique*;";

export function featureLines(first: string, last: string, names: readonly string[]): string {
  return [`211-${first}`, ...names.map((name) => ` ${name}`), `211 ${last}`].join("\n");
}

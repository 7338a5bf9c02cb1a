/** Works out which files on a host are ours when no single record can be believed. Does no I/O. */
import type { FileEntry, Manifest } from "../model/release.ts";
import { UNKNOWN } from "./host-manifest.ts";

/** What the records say about one path. */
type Claim = {
  readonly entries: FileEntry[];
  /** False when only a publish that was cut off names the path: it may never have got there. */
  readonly published: boolean;
};

export type Claims = ReadonlyMap<string, Claim>;

/**
 * Puts records together: `published` are manifests of what was on the host at some time, `intended` is what a publish
 * that was cut off meant to put there.
 */
export function collectClaims(published: readonly Manifest[], intended: Manifest): Claims {
  const claims = new Map<string, Claim>();
  for (const record of [...published, intended]) {
    for (const [path, entry] of record) {
      const known = claims.get(path);
      if (known === undefined) claims.set(path, { entries: [entry], published: record !== intended });
      else known.entries.push(entry);
    }
  }
  return claims;
}

/**
 * Settles claims with the sizes that the host reports (`sizes` in the order of `claims`; undefined: no such file).
 *
 * A file whose size is one that we recorded is ours, and its content is known when all records of that size agree;
 * otherwise it has the digest UNKNOWN and is sent again. A file of any other size was changed by somebody else: it is
 * still ours when it had been published (a publish may replace it; its recorded size keeps it from being removed),
 * and foreign when it was only intended.
 */
export function settleClaims(claims: Claims, sizes: ReadonlyArray<number | undefined>): Manifest {
  const ours = new Map<string, FileEntry>();
  [...claims].forEach(([path, { entries, published }], index) => {
    const size = sizes[index];
    if (size === undefined) return;
    const fitting = entries.filter((entry) => entry.size === size);
    const [first] = fitting.length > 0 ? fitting : published ? entries : [];
    if (first === undefined) return;
    const known = fitting.length > 0 && fitting.every((entry) => entry.sha256 === first.sha256);
    ours.set(path, { sha256: known ? first.sha256 : UNKNOWN, size: first.size });
  });
  return ours;
}

/** A release: the built files of a site, immutable and addressed by their content. */
import { createHash } from "node:crypto";

/** What is known of one file. `sha256` is lower-case hex, `size` is in bytes. */
export type FileEntry = { readonly sha256: string; readonly size: number };

/**
 * Path → digest and size. Paths are relative, with "/" between segments, in Unicode NFC.
 * A Map, not an object: a built file may well be called "__proto__".
 */
export type Manifest = ReadonlyMap<string, FileEntry>;

/** A manifest as JSON: `[path, sha256, size]` rows, sorted by path. */
export type ManifestJson = ReadonlyArray<readonly [path: string, sha256: string, size: number]>;

export type Release = {
  /** SHA-256 of the manifest: the same files are the same release. */
  readonly id: string;
  readonly files: Manifest;
};

/** How many files and bytes a manifest names. */
export function measure(manifest: Manifest): { files: number; bytes: number } {
  let bytes = 0;
  for (const entry of manifest.values()) bytes += entry.size;
  return { files: manifest.size, bytes };
}

/** Byte-wise order of paths, the same on every machine and in every locale. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function manifestToJson(manifest: Manifest): ManifestJson {
  return [...manifest]
    .map(([path, entry]) => [path, entry.sha256, entry.size] as const)
    .sort((a, b) => comparePaths(a[0], b[0]));
}

export function manifestFromJson(rows: ManifestJson): Manifest {
  return new Map(rows.map(([path, sha256, size]) => [path, { sha256, size }]));
}

/** The release that these files are. */
export function releaseOf(files: Manifest): Release {
  return {
    id: createHash("sha256")
      .update(JSON.stringify(manifestToJson(files)))
      .digest("hex"),
    files,
  };
}

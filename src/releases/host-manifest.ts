/**
 * The two records that Slipway keeps on a host, as gzipped JSON. The manifest says what is live; the pending record
 * says what a publish was about to do, and is there only while one runs or after one was cut off.
 * Whoever can write to the host can write these, so nothing in them is believed before it is checked.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { type Manifest, type ManifestJson, manifestFromJson, manifestToJson, releaseOf } from "../model/release.ts";
import { foldersAbove, pathProblem } from "./path.ts";

export type HostManifest = {
  readonly releaseId: string;
  readonly files: Manifest;
  /** Folders that Slipway made and may therefore remove. */
  readonly folders: ReadonlySet<string>;
};

export type PendingPublish = HostManifest & {
  /** What was ours when it began. Entries whose content was not known for sure have the digest `UNKNOWN`. */
  readonly before: Manifest;
};

/** Stands in for the digest of a file that is ours but whose content nobody is sure of; it equals no digest. */
export const UNKNOWN = "";

const SCHEMA = 1;

/** Largest record that is read, packed and unpacked. 200 000 files need about 9 and 30 MB. */
export const MAX_RECORD_BYTES = 32 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;

export function packManifest(manifest: HostManifest): Buffer {
  return gzipSync(JSON.stringify(plain(manifest)));
}

export function packPending(pending: PendingPublish): Buffer {
  return gzipSync(JSON.stringify({ ...plain(pending), before: manifestToJson(pending.before) }));
}

function plain({ releaseId, files, folders }: HostManifest) {
  return { schema: SCHEMA, releaseId, folders: [...folders].sort(), files: manifestToJson(files) };
}

/** The manifest, or null when the bytes are none that this version wrote: damaged, cut off, of another schema. */
export function unpackManifest(bytes: Buffer): HostManifest | null {
  const record = unpack(bytes);
  return record === null ? null : readManifest(record);
}

/** As `unpackManifest`, for the pending record. */
export function unpackPending(bytes: Buffer): PendingPublish | null {
  const record = unpack(bytes);
  if (record === null) return null;
  const manifest = readManifest(record);
  const before = readFiles(record.before);
  return manifest === null || before === null ? null : { ...manifest, before };
}

function unpack(bytes: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }).toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function readManifest(record: Record<string, unknown>): HostManifest | null {
  const files = readFiles(record.files);
  const folders = record.folders;
  if (record.schema !== SCHEMA || files === null || !Array.isArray(folders)) return null;
  if (!folders.every((folder): folder is string => typeof folder === "string" && pathProblem(folder) === null))
    return null;
  // The id is the digest of the rows, so a record that was altered by hand is noticed.
  return releaseOf(files).id === record.releaseId
    ? { releaseId: record.releaseId as string, files, folders: new Set(folders) }
    : null;
}

function readFiles(rows: unknown): Manifest | null {
  if (!Array.isArray(rows) || !rows.every(isRow)) return null;
  const files = manifestFromJson(rows satisfies ManifestJson);
  if (files.size !== rows.length) return null;
  for (const path of files.keys()) if (foldersAbove(path).some((folder) => files.has(folder))) return null;
  return files;
}

function isRow(row: unknown): row is readonly [string, string, number] {
  if (!Array.isArray(row) || row.length !== 3) return false;
  const [path, sha256, size] = row as unknown[];
  return (
    typeof path === "string" &&
    pathProblem(path) === null &&
    typeof sha256 === "string" &&
    (sha256 === UNKNOWN || /^[0-9a-f]{64}$/.test(sha256)) &&
    Number.isSafeInteger(size) &&
    Number(size) >= 0
  );
}

/**
 * The two records that Slipway keeps on a host, as gzipped JSON. The manifest says what is live; the journal says what
 * a publish was about to do, and is there only while one commits or after one was cut off in its commit.
 * Whoever can write to the host can write these, so nothing in them is believed before it is checked.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { type Manifest, type ManifestJson, manifestFromJson, manifestToJson, releaseOf } from "../model/release.ts";
import { foldersAbove, pathProblem } from "./path.ts";
import { type Retained, type RetainedFile, retainedToJson } from "./retained.ts";

export type HostManifest = {
  readonly releaseId: string;
  /** When it was published, by the clock of whoever published, in ms since 1970. */
  readonly atMs: number;
  readonly files: Manifest;
  /** Folders that Slipway made and may therefore remove. */
  readonly folders: ReadonlySet<string>;
  /** Files of earlier releases that stay for a while. */
  readonly retained: Retained;
  /** Whether this host lets no file be renamed, so that files are written in place. */
  readonly overwrites: boolean;
};

export type Journal = HostManifest & {
  /** Name of the folder, inside Slipway's own, out of which files are being renamed. */
  readonly stage: string;
  /** What was ours when it began. Entries whose content was not known for sure have the digest `UNKNOWN`. */
  readonly before: Manifest;
};

/** Why a record cannot be used: damaged or cut off, or written by a later version of Slipway. */
export type Unusable = "damaged" | "newer";

/** Stands in for the digest of a file that is ours but whose content nobody is sure of; it equals no digest. */
export const UNKNOWN = "";

const SCHEMA = 1;

/** Largest record that is read, packed and unpacked. 200 000 files need about 9 and 30 MB. */
export const MAX_RECORD_BYTES = 32 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;

export function packManifest(manifest: HostManifest): Buffer {
  return gzipSync(JSON.stringify(plain(manifest)));
}

export function packJournal(journal: Journal): Buffer {
  const { stage, before } = journal;
  return gzipSync(JSON.stringify({ ...plain(journal), stage, before: manifestToJson(before) }));
}

function plain({ releaseId, atMs, files, folders, retained, overwrites }: HostManifest) {
  return {
    ...{ schema: SCHEMA, releaseId, atMs, overwrites, folders: [...folders].sort() },
    files: manifestToJson(files),
    retained: retainedToJson(retained),
  };
}

/** The manifest in these bytes. */
export function unpackManifest(bytes: Buffer): HostManifest | Unusable {
  const record = unpack(bytes);
  return typeof record === "string" ? record : (readManifest(record) ?? "damaged");
}

/** As `unpackManifest`, for the journal. */
export function unpackJournal(bytes: Buffer): Journal | Unusable {
  const record = unpack(bytes);
  if (typeof record === "string") return record;
  const manifest = readManifest(record);
  const before = readFiles(record.before);
  const { stage } = record;
  if (manifest === null || before === null || typeof stage !== "string" || !/^[a-z0-9-]{1,32}$/.test(stage)) {
    return "damaged";
  }
  return { ...manifest, stage, before };
}

function unpack(bytes: Buffer): Record<string, unknown> | Unusable {
  try {
    const value: unknown = JSON.parse(gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }).toString("utf8"));
    if (typeof value !== "object" || value === null || !("schema" in value)) return "damaged";
    if (value.schema !== SCHEMA) return Number(value.schema) > SCHEMA ? "newer" : "damaged";
    return { ...value };
  } catch {
    return "damaged";
  }
}

function readManifest(record: Record<string, unknown>): HostManifest | null {
  const files = readFiles(record.files);
  const retained = readRetained(record.retained);
  const { folders, atMs, overwrites } = record;
  if (files === null || retained === null || !Array.isArray(folders)) return null;
  if (typeof atMs !== "number" || typeof overwrites !== "boolean") return null;
  if (!folders.every((folder): folder is string => typeof folder === "string" && pathProblem(folder) === null))
    return null;
  // The id is the digest of the rows, so a record that was altered by hand is noticed.
  const { id } = releaseOf(files);
  if (id !== record.releaseId) return null;
  return { releaseId: id, atMs, files, folders: new Set(folders), retained, overwrites };
}

function readRetained(rows: unknown): Retained | null {
  if (!Array.isArray(rows)) return null;
  const retained = new Map<string, RetainedFile>();
  for (const row of rows as unknown[]) {
    if (!Array.isArray(row) || row.length !== 5 || !isRow(row.slice(0, 3))) return null;
    const [path, sha256, size, sinceMs, releases] = row as [string, string, number, unknown, unknown];
    if (typeof sinceMs !== "number" || !Number.isSafeInteger(releases)) return null;
    retained.set(path, { sha256, size, sinceMs, releases: Number(releases) });
  }
  return retained;
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

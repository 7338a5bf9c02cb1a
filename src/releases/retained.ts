/**
 * Which files of earlier releases stay on a host for a while. A tab that was opened before a publish still asks for the
 * scripts of its own release; their names carry a hash, so they are in nobody's way. Does no I/O.
 */
import { comparePaths, type FileEntry, type Manifest } from "../model/release.ts";

/** A file that no longer belongs to the live release. */
export type RetainedFile = FileEntry & {
  /** When the release that dropped it was published, in ms since 1970. */
  readonly sinceMs: number;
  /** How many releases were published since, the one that dropped it not counted. */
  readonly releases: number;
};

export type Retained = ReadonlyMap<string, RetainedFile>;

/** As in `PublishRules.keepAssets`. */
type RetentionRule = { readonly releases: number; readonly forMs: number };

/** Retained files as JSON: `[path, sha256, size, sinceMs, releases]` rows, sorted by path. */
export type RetainedJson = ReadonlyArray<readonly [string, string, number, number, number]>;

/** Bundlers put 8 or more characters of a hash before the extension: main-5XQ7W2AB.js, app.3f2a91c0.css. */
export function looksHashed(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const hash = /[.-]([A-Za-z0-9_-]{8,})\.[a-z0-9]+(\.map)?$/.exec(name)?.[1];
  return hash !== undefined && /[0-9A-Z]/.test(hash);
}

export type RetainOptions = {
  /** All files of ours on the host, those that are retained already included. */
  readonly onHost: Manifest;
  readonly retained: Retained;
  readonly release: Manifest;
  readonly rule: RetentionRule;
  readonly nowMs: number;
};

/** What stays on the host, though it is not in the release. A file goes once both its releases and its time are over. */
export function retain({ onHost, retained, release, rule, nowMs }: RetainOptions): Retained {
  const stays = new Map<string, RetainedFile>();
  if (rule.releases === 0) return stays;
  for (const [path, entry] of onHost) {
    if (release.has(path) || !looksHashed(path)) continue;
    const before = retained.get(path);
    const sinceMs = before?.sinceMs ?? nowMs;
    const releases = before === undefined ? 0 : before.releases + 1;
    if (releases < rule.releases || nowMs - sinceMs < rule.forMs) stays.set(path, { ...entry, sinceMs, releases });
  }
  return stays;
}

export function retainedToJson(retained: Retained): RetainedJson {
  return [...retained]
    .map(([path, { sha256, size, sinceMs, releases }]) => [path, sha256, size, sinceMs, releases] as const)
    .sort((a, b) => comparePaths(a[0], b[0]));
}

/** What `slipway publish` is told, whether by options or by the inputs of the GitHub Action, and how values are read. */
import type { Strategy } from "../publish/options.ts";
import { UsageError } from "./usage-error.ts";

export type PublishArguments = {
  /** The folder that is published. */
  readonly folder: string;
  /** The target's address, without a password. */
  readonly to: string;
  /** Patterns of paths on the host that are never touched. */
  readonly keep: readonly string[];
  /** Patterns of paths in the folder that are not published. */
  readonly exclude: readonly string[];
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Null leaves it to the publisher. */
  readonly connections: number | null;
  /** For how many releases hashed assets stay; null leaves it to the default. */
  readonly keepAssets: number | null;
  readonly plain: boolean;
  readonly insecure: boolean;
  /** Path of a file with certificates. */
  readonly ca: string | null;
  /** SHA-256 in lower-case hex. */
  readonly fingerprint: string | null;
  /** Path of a private key. */
  readonly key: string | null;
  readonly agent: boolean;
  readonly hostKey: string | null;
  readonly acceptNewHostKey: boolean;
  readonly adopt: boolean;
  readonly allowRemovals: boolean;
  readonly strategy: Strategy;
  readonly siteUrl: string | null;
  /** Folder that remembers what was published. */
  readonly state: string | null;
  /** Path of a file, or "-" for standard input. */
  readonly passwordFile: string | null;
  /** How long the whole may take, in milliseconds. */
  readonly timeoutMs: number;
};

export const DEFAULT_TIMEOUT_MS = 2 * 3_600_000;

/** The limit of Node's timers (2^31 - 1 ms); a longer one would fire at once. */
const MAX_TIMEOUT_MS = 2_147_483_647;

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const STRATEGIES: readonly Strategy[] = ["rename", "swap", "symlink"];

/** "90s", "15m", "1h 30m" in milliseconds. `name` is the option to blame. Throws UsageError. */
export function readDuration(name: string, text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([smhd])\s*/gy)];
  const isWhole = parts.reduce((length, part) => length + part[0].length, 0) === text.trim().length;
  const ms = parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? ""] ?? 0), 0);
  if (!isWhole || ms <= 0) throw new UsageError(`${name}: is no length of time; write it as 30s, 15m or 1h`);
  if (ms > MAX_TIMEOUT_MS) throw new UsageError(`${name}: is longer than 24 days`);
  return ms;
}

/** A whole number from `least` on. Throws UsageError. */
export function readCount(name: string, text: string, least: number): number {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new UsageError(`${name}: is no whole number from ${least} on`);
  return value;
}

/** SHA-256 of a certificate as `openssl x509 -fingerprint -sha256` prints it, or without colons. Throws UsageError. */
export function readFingerprint(name: string, text: string): string {
  const hex = text
    .trim()
    .replace(/^sha256( fingerprint)?[:=]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    throw new UsageError(`${name}: is no SHA-256 fingerprint; write 64 hex digits, colons allowed`);
  }
  return hex;
}

/** A host key's fingerprint as `ssh-keygen -l` prints it: 32 bytes in base64 without padding. Throws UsageError. */
export function readHostKey(name: string, text: string): string {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text;
  throw new UsageError(`${name}: is no fingerprint; write it as ssh-keygen -l prints it, SHA256: and 43 characters`);
}

/** Throws UsageError. */
export function readStrategy(name: string, text: string): Strategy {
  const strategy = STRATEGIES.find((known) => known === text);
  if (strategy === undefined) throw new UsageError(`${name}: is none of ${STRATEGIES.join(", ")}`);
  return strategy;
}

/** Throws UsageError. */
export function readSiteUrl(name: string, text: string): string {
  const protocol = URL.parse(text)?.protocol;
  if (protocol === "https:" || protocol === "http:") return text;
  throw new UsageError(`${name}: is no http or https address`);
}

/** What the words and times of monitoring senders mean here. */
import { hash } from "node:crypto";
import type { Severity } from "../../model/alert.ts";

const MEANINGS: Readonly<Record<string, Severity>> = {
  critical: "critical",
  crit: "critical",
  page: "critical",
  fatal: "critical",
  emergency: "critical",
  disaster: "critical",
  p1: "critical",
  sev1: "critical",
  error: "error",
  high: "error",
  major: "error",
  p2: "error",
  sev2: "error",
  warning: "warning",
  warn: "warning",
  minor: "warning",
  medium: "warning",
  average: "warning",
  p3: "warning",
  sev3: "warning",
  info: "info",
  information: "info",
  informational: "info",
  notice: "info",
  debug: "info",
  low: "info",
  p4: "info",
  p5: "info",
  sev4: "info",
};
const bySenderWord = new Map(Object.entries(MEANINGS));

/** The severity that a sender's word means; null for none, and for words that nobody agreed on. */
export function severityOf(word: string | null | undefined): Severity | null {
  return bySenderWord.get(word?.trim().toLowerCase() ?? "") ?? null;
}

/**
 * Milliseconds since 1970 of a date as senders write it; null for none. Go writes its zero time for "never",
 * 0001-01-01T00:00:00Z: whatever lies before 1970 is none.
 */
export function timeOf(text: string | null | undefined): number | null {
  const ms = Date.parse(text ?? "");
  return ms > 0 ? ms : null;
}

/** The same of a count since 1970, in units of `unitMs`: 1000 for seconds. */
export function timeOfCount(text: string | null | undefined, unitMs: number): number | null {
  const ms = Math.round(Number(text || Number.NaN) * unitMs);
  return ms > 0 && ms <= MAX_DATE_MS ? ms : null;
}

/** ECMA-262: the last moment that a Date can be. */
const MAX_DATE_MS = 8.64e15;

const MAX_NAME = 150;

/** A fingerprint of a name that may be of any length: what two long names begin with does not make them one. */
export function fingerprintOf(name: string): string {
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 65)} ${hash("sha256", name, "hex")}`;
}

/** Where more is to be seen, for each address that there is. */
export function linksTo(
  addresses: Readonly<Record<string, string | null | undefined>>,
): ReadonlyArray<{ label: string; url: string }> {
  return Object.entries(addresses).flatMap(([label, url]) => (url ? [{ label, url }] : []));
}

/** Labels without those that have no value. */
export function labelsOf(
  values: Readonly<Record<string, string | null | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

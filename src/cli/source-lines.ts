/** What `slipway sources` prints. */
import type { ListedSecret, ListedSource } from "../commands/sources-operation.ts";
import { printable } from "./print.ts";

/** A block of lines for each source: its address, its secrets, what its deliveries do. */
export function sourceLines(sources: readonly ListedSource[], nowMs: number): string[] {
  if (sources.length === 0) return ["slipway.yaml declares no sources"];
  return sources.flatMap(({ name, label, kind, path, secrets, routes }) =>
    [
      `${name}  ${label === name ? kind : `${label} (${kind})`}  ${path}`,
      ...(secrets.length === 0 ? ["  no secret"] : secrets.map((it) => `  secret ${secretText(it, nowMs)}`)),
      ...routes.map((it) => `  ${it}`),
    ].map(printable),
  );
}

/** "env:OLD: last matched 3 minutes ago, ends in 5 days" */
function secretText({ name, untilMs, lastAtMs }: ListedSecret, nowMs: number): string {
  const used = lastAtMs === null ? "never matched" : `last matched ${agoText(nowMs - lastAtMs)}`;
  return `${name}: ${used}${untilMs === null ? "" : `, ${endText(untilMs - nowMs)}`}`;
}

const agoText = (ms: number) => (ms < 60_000 ? "less than a minute ago" : `${lengthText(ms)} ago`);
const endText = (ms: number) => (ms <= 0 ? "has ended" : `ends in ${lengthText(ms)}`);

/** In the largest unit of which there are at least two. */
function lengthText(ms: number): string {
  const [unit, name] = UNITS.find(([unit]) => ms >= 2 * unit) ?? [60_000, "minute"];
  const number = Math.max(1, Math.floor(ms / unit));
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}

const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
] as const;

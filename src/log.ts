/** The service's own log: JSON lines on standard output, or coloured lines where a person looks on. */
import { pino } from "pino";

export type Log = pino.Logger;

/** Fields that never reach a log line, wherever they stand. */
const REDACTED = ["token", "password", "secret", "authorization", "privateKey", "*.token", "*.password", "*.secret"];

const COLOURS: Record<number, string> = {
  10: "\x1b[90m",
  20: "\x1b[90m",
  30: "\x1b[36m",
  40: "\x1b[33m",
  50: "\x1b[31m",
  60: "\x1b[31m",
};
const WORDS: Record<number, string> = { 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" };

/** Creates the log. `level` is a pino level; `pretty` is for terminals. */
export function createLog(options: { level: string; pretty: boolean }): Log {
  const settings = { level: options.level, base: null, redact: { paths: REDACTED, censor: "[secret]" } };
  return options.pretty
    ? pino(settings, { write: (line: string) => process.stdout.write(prettyLine(line)) })
    : pino(settings);
}

/** A log line for the terminal: time, level, message, then whatever else was said. */
function prettyLine(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: number; msg?: string };
  const clock = new Date(time).toTimeString().slice(0, 8);
  const details = Object.entries(rest)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  const word = (WORDS[level] ?? "info").padEnd(5);
  return `\x1b[90m${clock}\x1b[0m ${COLOURS[level] ?? ""}${word}\x1b[0m ${msg ?? ""}${details ? ` \x1b[90m${details}\x1b[0m` : ""}\n`;
}

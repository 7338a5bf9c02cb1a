/** The audit log as a table. */
import type { AuditEntry } from "../model/answer.ts";
import { coloured, printable } from "./print.ts";

/** One long reason shall not push all the others away. */
const MAX_COLUMN_CHARS = 40;

/** A line for each entry, in columns; what came of it stands last, since it is the longest. */
export function auditLines(entries: readonly AuditEntry[]): string[] {
  if (entries.length === 0) return ["nobody has asked for anything yet"];
  const rows = entries.map((it) => [
    new Date(it.atMs).toISOString().slice(0, 19).replace("T", " "),
    it.result,
    it.site ?? "-",
    it.who,
    it.where,
    it.what,
  ]);
  const cells = rows.map((row) => row.map(printable));
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.min(MAX_COLUMN_CHARS, Math.max(...cells.map((row) => row[column]?.length ?? 0))),
  );
  return cells.map((row, index) => {
    const line = row.map((cell, column) =>
      column === 1 ? coloured(cell, widths[column]) : cell.padEnd(widths[column] ?? 0),
    );
    return `${line.join("  ")}  ${printable(entries[index]?.outcome ?? "")} (${printable(entries[index]?.rule ?? "")})`;
  });
}

/** The audit log as a table. */
import type { AuditEntry } from "../model/answer.ts";
import { coloured, printable, when } from "./print.ts";

/** One long reason shall not push all the others away. */
const MAX_COLUMN_CHARS = 40;

/** A line for each entry, in columns; what came of it stands last, since it is the longest. */
export function auditLines(entries: readonly AuditEntry[]): string[] {
  if (entries.length === 0) return ["nobody has asked for anything yet"];
  const rows = entries.map((it) => ({
    cells: [when(it.atMs), it.result, it.site ?? "-", it.who, it.where, it.what].map(printable),
    end: printable(`${it.outcome} (${it.rule})`),
  }));
  const widthOf = (column: number) =>
    Math.min(MAX_COLUMN_CHARS, Math.max(...rows.map(({ cells }) => cells[column]?.length ?? 0)));
  const widths = [0, 1, 2, 3, 4, 5].map(widthOf);
  return rows.map(({ cells, end }) => {
    const columns = cells.map((cell, column) =>
      column === 1 ? coloured(cell, widths[column]) : cell.padEnd(widths[column] ?? 0),
    );
    return [...columns, end].join("  ");
  });
}

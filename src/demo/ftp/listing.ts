/** Directory listings: as `ls -l` prints them (LIST), as facts (MLSD, RFC 3659 section 7), and names only (NLST). */
import type { Stats } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";

export type Entry = { readonly name: string; readonly stats: Stats; readonly linkTarget: string | undefined };

/** What is in the folder, by name. `withDots` adds the names that begin with a dot. */
export async function readEntries(folder: string, withDots: boolean): Promise<Entry[]> {
  const names = (await readdir(folder)).filter((name) => withDots || !name.startsWith(".")).sort();
  const entries: Entry[] = [];
  for (const name of names) {
    const entry = await readEntry(folder, name).catch(() => undefined);
    // Renamed or deleted since the folder was read.
    if (entry) entries.push(entry);
  }
  return entries;
}

export async function readEntry(folder: string, name: string): Promise<Entry> {
  const path = join(folder, name);
  const stats = await lstat(path);
  return { name, stats, linkTarget: stats.isSymbolicLink() ? await readlink(path) : undefined };
}

/** "-rw-r--r--    1 1        1               2 Nov 24 10:29 a.txt" */
export function longLine({ name, stats, linkTarget }: Entry, nowMs: number): string {
  const kind = stats.isDirectory() ? "d" : stats.isSymbolicLink() ? "l" : "-";
  const rights = [6, 3, 0].map((shift) => triplet(stats.mode >> shift)).join("");
  const columns = [
    kind + rights,
    String(stats.nlink).padStart(4),
    String(stats.uid).padEnd(8),
    String(stats.gid).padEnd(8),
    String(stats.size).padStart(8),
    shortDate(stats.mtime, nowMs),
    linkTarget === undefined ? name : `${name} -> ${linkTarget}`,
  ];
  return columns.join(" ");
}

function triplet(mode: number): string {
  return (mode & 4 ? "r" : "-") + (mode & 2 ? "w" : "-") + (mode & 1 ? "x" : "-");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HALF_A_YEAR_MS = 182 * 24 * 60 * 60 * 1000;

/** As ls does it: the time of day for the last half year, else the year. */
function shortDate(date: Date, nowMs: number): string {
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  const ageMs = nowMs - date.getTime();
  if (ageMs < 0 || ageMs > HALF_A_YEAR_MS) return `${day} ${String(date.getUTCFullYear()).padStart(5)}`;
  return `${day} ${date.toISOString().slice(11, 16)}`;
}

/** "type=file;size=2;modify=20261124102955;UNIX.mode=0644;unique=fe00g1; a.txt" */
export function factLine(name: string, stats: Stats, type?: "cdir" | "pdir"): string {
  const kind = type ?? (stats.isDirectory() ? "dir" : stats.isSymbolicLink() ? "OS.unix=slink:" : "file");
  const facts = [
    `type=${kind}`,
    ...(kind === "file" ? [`size=${stats.size}`] : []),
    `modify=${timeValue(stats.mtime)}`,
    `UNIX.mode=0${(stats.mode & 0o777).toString(8)}`,
    `unique=${stats.dev.toString(16)}g${stats.ino.toString(16)}`,
  ];
  return `${facts.join(";")}; ${name}`;
}

/** YYYYMMDDHHMMSS in UTC (RFC 3659 section 2.3). */
export function timeValue(date: Date): string {
  return date.toISOString().replace(/\D/g, "").slice(0, 14);
}

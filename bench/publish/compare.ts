/** Compares what is on the host with what was published, by content. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isOwnFile } from "./peers.ts";

function filesOf(folder: string): Set<string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Set(names.filter((name) => !isOwnFile(name) && statSync(join(folder, name)).isFile()));
}

/** What is wrong, as "missing a.html", one for each file. Files that publishers keep for themselves do not count. */
export function differences(local: string, remote: string): string[] {
  const expected = filesOf(local);
  const found = filesOf(remote);
  const wrong = [...expected].flatMap((path) => {
    if (!found.has(path)) return [`missing ${path}`];
    return readFileSync(join(local, path)).equals(readFileSync(join(remote, path))) ? [] : [`stale ${path}`];
  });
  const extra = [...found].filter((path) => !expected.has(path));
  return [...wrong, ...extra.map((path) => `not removed ${path}`)];
}

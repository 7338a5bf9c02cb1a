/** The words in which `slipway publish` tells how it ended, and what it would do. */

import { bytesText, count, durationText } from "../model/quantities.ts";
import type { PublishPreview, PublishResult } from "../publish/options.ts";
import { showPath } from "../releases/path.ts";

/** How many paths of each kind a plan shows; all of them are in the JSON. */
const MAX_PATHS_SHOWN = 20;

/** "12 changed, 5 new, 5 removed; 1.2 MB in 2.3 s; the site changed over within 0.08 s". */
export function resultText({ stats, changeoverMs }: PublishResult, elapsedMs: number): string {
  const { added, changed, removed, uploadedBytes, files } = stats;
  if (added + changed + removed === 0 && changeoverMs === null) {
    return `${files === 1 ? "the one file is" : `all ${count(files)} files are`} on the host already (${durationText(elapsedMs)})`;
  }
  const changes = `${count(changed)} changed, ${count(added)} new, ${count(removed)} removed`;
  const changeover = changeoverMs === null ? "" : `; the site changed over within ${durationText(changeoverMs)}`;
  return `${changes}; ${bytesText(uploadedBytes)} in ${durationText(elapsedMs)}${changeover}`;
}

/** The plan, line by line. */
export function previewLines(preview: PublishPreview): string[] {
  const { added, changed, removed, kept, conflicts } = preview;
  const refusals = [
    ...(conflicts.length > 0
      ? group("In the way, put there by others; a publish needs --adopt to replace them", "!", conflicts)
      : []),
    ...(preview.removesTooMuch
      ? ["More than half of the files would be removed; a publish needs --allow-removals for that."]
      : []),
  ];
  return [
    ...group("New", "+", added),
    ...group("Changed", "~", changed),
    ...group("Removed", "-", removed),
    ...group("Kept for a while: old assets", "=", kept),
    ...refusals,
  ];
}

/** "Would be: 12 changed, 5 new, …". */
export function previewText(preview: PublishPreview): string {
  const { added, changed, removed, unchanged, bytes } = preview;
  const counts = `${count(changed.length)} changed, ${count(added.length)} new, ${count(removed.length)} removed`;
  return `${counts}, ${count(unchanged)} unchanged; ${bytesText(bytes)} to upload`;
}

/** A row for the summary of a GitHub Actions run. */
export function summaryTable(title: string, target: string, cells: Readonly<Record<string, string>>): string {
  const row = (values: readonly string[]) => `| ${values.join(" | ")} |`;
  const names = Object.keys(cells);
  const address = `<code>${target.replace(/[&<>|]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`;
  return [`### ${title} ${address}`, "", row(names), row(names.map(() => "---")), row(Object.values(cells)), ""].join(
    "\n",
  );
}

function group(title: string, mark: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const more = paths.length - MAX_PATHS_SHOWN;
  return [
    `${title} (${count(paths.length)}):`,
    ...paths.slice(0, MAX_PATHS_SHOWN).map((path) => `  ${mark} ${showPath(path)}`),
    ...(more > 0 ? [`  ${mark} … and ${count(more)} more`] : []),
  ];
}

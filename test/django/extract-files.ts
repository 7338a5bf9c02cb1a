/** The files that a document of ours has in it, so that what is tested is what people copy. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Every block of Python whose first line is a comment with a path: path → text. */
export function filesIn(document: string): Map<string, string> {
  const blocks = readFileSync(document, "utf8").matchAll(/^```python\n# ([\w/]+\.py)\n(.*?)^```$/gms);
  return new Map([...blocks].map(([, path = "", text = ""]) => [path, text]));
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

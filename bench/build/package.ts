/**
 * Packages a site of 2,000 files and compares that with reading and hashing them alone, in the same run and in turn.
 *
 *     node bench/build/package.ts [--rounds 5]
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createBlobStore } from "../../src/releases/blob-store.ts";
import { packageFolder } from "../../src/releases/package.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const root = mkdtempSync(join(tmpdir(), "slipway-bench-package-"));
const site = join(root, "site");
const blobs = createBlobStore({ folder: join(root, "blobs") });

for (let index = 0; index < 2000; index++) {
  const folder = join(site, `folder-${index % 100}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${index}.${index % 2 === 0 ? "html" : "js"}`), randomBytes(2000 + (index % 40) * 1000));
}

/** The floor: every file is read and hashed, one after another. */
function readAndHash(): void {
  for (const entry of readdirSync(site, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      createHash("sha256")
        .update(readFileSync(join(entry.parentPath, entry.name)))
        .digest("hex");
  }
}

async function msOf(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const runs: Record<"floor" | "known" | "unknown", number[]> = { floor: [], known: [], unknown: [] };
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    rmSync(join(root, "blobs"), { recursive: true, force: true });
    runs.floor.push(await msOf(readAndHash));
    runs.unknown.push(await msOf(() => packageFolder({ folder: site, blobs })));
    runs.floor.push(await msOf(readAndHash));
    runs.known.push(await msOf(() => packageFolder({ folder: site, blobs })));
  }
  const floor = median(runs.floor);
  const show = (name: string, ms: number) =>
    console.log(`${name.padEnd(44)}${ms.toFixed(0).padStart(5)} ms  ${((100 * floor) / ms).toFixed(0)} %`);
  show("reading and hashing 2,000 files", floor);
  show("packaging them, contents known", median(runs.known));
  show("packaging them, every content new and on disk", median(runs.unknown));
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** How long the plan takes for a site of 100,000 files, in memory: planning, and packing and unpacking the manifest. */
import { createHash } from "node:crypto";
import type { FileEntry, Manifest } from "../../src/model/release.ts";
import { releaseOf } from "../../src/model/release.ts";
import { packJournal, packManifest, unpackManifest } from "../../src/releases/host-manifest.ts";
import { allFolders, planPublish } from "../../src/releases/plan.ts";

const FILES = 100_000;

/** `version` changes the content of every hundredth file, and the name of every thousandth. */
function manifest(version: number): Manifest {
  const entries = Array.from({ length: FILES }, (_, i): [string, FileEntry] => {
    const sha256 = createHash("sha256")
      .update(`${i} ${i % 100 ? 1 : version}`)
      .digest("hex");
    const name = i % 1000 ? "index" : `page-${version}`;
    return [`section-${i % 50}/${i % 3000}/entry-${i}/${name}.html`, { sha256, size: 1000 + (i % 9000) }];
  });
  return new Map(entries);
}

function timed<T>(title: string, work: () => T): T {
  const startMs = performance.now();
  const result = work();
  console.log(`${title.padEnd(42)} ${((performance.now() - startMs) / 1000).toFixed(2)} s`);
  return result;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export function printPlanning(): void {
  const onHost = manifest(1);
  const release = manifest(2);
  console.log(`${FILES} files; two manifests in memory: ${megabytes(process.memoryUsage().heapUsed)} of heap`);
  const folders = allFolders(onHost.keys());
  const first = timed("plan of a first publish", () => planPublish({ onHost: new Map(), release }));
  const none = timed("plan with nothing changed", () => planPublish({ onHost, release: onHost, folders }));
  const small = timed("plan of a small change", () => planPublish({ onHost, release, folders }));
  const { id: releaseId, files } = timed("the release's id", () => releaseOf(release));
  const record = { releaseId, atMs: 0, files, folders, retained: new Map(), overwrites: false };
  const packed = timed("packing the manifest", () => packManifest(record));
  const journal = timed("packing the journal", () => packJournal({ ...record, stage: "stage", before: onHost }));
  const read = timed("unpacking and checking the manifest", () => unpackManifest(packed));
  if (typeof read === "string" || read.files.size !== FILES || none.steps.length > 0) {
    throw new Error("this is not the right plan");
  }
  const steps = `${first.steps.length} and ${small.steps.length} steps`;
  console.log(
    `${steps}; manifest ${megabytes(packed.length)}, journal ${megabytes(journal.length)} packed; peak memory of the process ${megabytes(process.resourceUsage().maxRSS * 1024)}`,
  );
}

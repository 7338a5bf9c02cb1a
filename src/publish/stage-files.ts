/** Brings new content to the host beside the live site. */
import { createHash } from "node:crypto";
import { Transform } from "node:stream";
import { describeError, PermanentError } from "../errors.ts";
import type { FileEntry } from "../model/release.ts";
import type { Move, PublishSession } from "../publishers/publisher.ts";
import type { PutStep } from "../releases/plan.ts";
import { type Lock, LockLostError } from "./lock.ts";
import type { Contents, UploadProgress } from "./options.ts";
import { type DigestedUpload, uploadVerified } from "./upload-verified.ts";

/** A sign of life goes out with every so many files and every so many bytes. */
const ALIVE_EVERY_FILES = 200;
const ALIVE_EVERY_BYTES = 16 * 1024 * 1024;

/** A line for people while uploading, no more often than this. */
const SAY_EVERY_MS = 3000;

export type StageOptions = {
  readonly session: PublishSession;
  readonly contents: Contents;
  readonly lock: Lock;
  /** Name → size of what an earlier publish left in the stage. */
  readonly leftovers: ReadonlyMap<string, number>;
  /** The records, which travel before the files. */
  readonly records: readonly DigestedUpload[];
  say(line: string): void;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  readonly onUploaded?: (() => void) | undefined;
};

/** A put and the move that makes it live. */
export type Staged = { readonly put: PutStep; readonly move: Move };

/** Where each file is staged: under its digest. A content that several paths have is staged once for each of them. */
export function stageNames(puts: readonly PutStep[], stage: string): Staged[] {
  const copies = new Map<string, number>();
  return puts.map((put) => {
    const { path, entry, replaces } = put;
    const copy = copies.get(entry.sha256) ?? 0;
    copies.set(entry.sha256, copy + 1);
    return { put, move: { from: `${stage}/${stageName(entry)}${copy === 0 ? "" : `-${copy}`}`, to: path, replaces } };
  });
}

/**
 * The first 80 bits of the digest, in letters and digits of one case. Shorter names fit more renames into one write;
 * two contents of one site share a name with a chance of 1 in 10^13 even among 200,000 files.
 */
function stageName({ sha256 }: FileEntry): string {
  return BigInt(`0x${sha256.slice(0, 20)}`).toString(36);
}

/** Uploads what the moves need and the stage does not have yet. Answers with the bytes of content that travelled. */
export async function stageFiles(staged: readonly Staged[], options: StageOptions): Promise<number> {
  const { session, contents, lock, leftovers, records, say } = options;
  const names = new Map(staged.map(({ move }) => [move.from, move.from.slice(lock.stage.length + 1)]));
  const there = staged.filter(({ put, move }) => leftovers.get(names.get(move.from) ?? "") === put.entry.size);
  const resumed = await withRightDigest(session, there);
  if (resumed.size > 0) say(`${resumed.size} files arrived with an earlier try and are not sent again.`);
  const missing = staged
    .filter((file) => !resumed.has(file))
    // The largest first, so that no connection is left alone with a large file at the end.
    .sort((a, b) => b.put.entry.size - a.put.entry.size);
  const report = createReporter(missing, options);
  const files = missing.map(({ put, move }): DigestedUpload => {
    const { sha256, size } = put.entry;
    return { path: move.from, size, sha256, open: () => checked(contents, put, report.onBytes) };
  });
  const uploads = [...records, ...withSignsOfLife(files, lock.alive)];
  await uploadVerified(session, uploads, {
    ...{ say, onDone: report.onDone, onUploaded: options.onUploaded },
    guard: {
      path: lock.ownerPath,
      onMissing: () => new LockLostError("Another publish took this host over while this one stalled."),
    },
  });
  return files.reduce((bytes, { size }) => bytes + size, 0);
}

/** What an earlier publish left may have been cut off and filled up; where the host knows digests they are compared. */
async function withRightDigest(session: PublishSession, there: readonly Staged[]): Promise<Set<Staged>> {
  if (there.length === 0) return new Set();
  const digests = await session.digests(there.map(({ move }) => move.from));
  return new Set(there.filter(({ put }, index) => (digests[index] ?? put.entry.sha256) === put.entry.sha256));
}

function withSignsOfLife(files: readonly DigestedUpload[], alive: DigestedUpload): DigestedUpload[] {
  let count = 0;
  let bytes = 0;
  return files.flatMap((file) => {
    count += 1;
    bytes += file.size;
    if (count < ALIVE_EVERY_FILES && bytes < ALIVE_EVERY_BYTES) return [file];
    count = 0;
    bytes = 0;
    return [file, alive];
  });
}

/** Reads a content and fails when it is not what the release says: somebody is changing the files right now. */
export function checked(contents: Contents, { path, entry }: PutStep, onBytes: (bytes: number) => void) {
  const hash = createHash("sha256");
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      onBytes(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      const isSame = hash.digest("hex") === entry.sha256;
      done(isSame ? null : new PermanentError(`${path} was changed while it was published; the site is as it was.`));
    },
  });
  const source = contents.open(entry.sha256);
  source.on("error", (cause) => {
    check.destroy(new PermanentError(`${path} cannot be read here (${describeError(cause)}).`, { cause }));
  });
  check.on("close", () => source.destroy());
  return source.pipe(check);
}

function createReporter(files: readonly Staged[], { say, onProgress }: StageOptions) {
  const paths = new Set(files.map(({ move }) => move.from));
  const total = files.reduce((bytes, { put }) => bytes + put.entry.size, 0);
  let done = 0;
  let doneBytes = 0;
  let readBytes = 0;
  let saidAtMs = performance.now();
  const tell = () => {
    // What is sent twice is read twice, but no more than all can be done.
    const bytes = Math.min(total, Math.max(doneBytes, readBytes));
    onProgress?.({ files: done, ofFiles: files.length, bytes, ofBytes: total });
  };
  return {
    onBytes(bytes: number) {
      readBytes += bytes;
      tell();
    },
    onDone({ path, size }: { path: string; size: number }) {
      if (!paths.has(path)) return;
      done += 1;
      doneBytes += size;
      tell();
      // Whoever shows the progress needs no lines about it.
      if (onProgress || performance.now() - saidAtMs < SAY_EVERY_MS || done === files.length) return;
      saidAtMs = performance.now();
      say(`Uploaded ${done} of ${files.length} files (${Math.floor((doneBytes / Math.max(1, total)) * 100)} %).`);
    },
  };
}

/** Brings new content to the host beside the live site, and does not believe that it arrived before it has looked. */
import { Readable } from "node:stream";
import type { Move, PublishSession, Upload } from "../publishers/publisher.ts";
import type { BlobStore } from "../releases/blob-store.ts";
import { TOOL_FOLDER } from "../releases/path.ts";
import type { PutStep } from "../releases/plan.ts";

export const STAGE_FOLDER = `${TOOL_FOLDER}/stage`;

/** How often a file is sent that arrives with the wrong size, although the host said it had arrived. */
const MAX_ROUNDS = 3;

/** A line for people while uploading, no more often than this. */
const SAY_EVERY_MS = 3000;

export type UploadProgress = { files: number; ofFiles: number; bytes: number; ofBytes: number };

export type StageOptions = {
  readonly session: PublishSession;
  readonly blobs: BlobStore;
  /** Name → size of what an earlier publish left in the stage. */
  readonly leftovers: ReadonlyMap<string, number>;
  say(line: string): void;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
};

/** The move that puts each file live. A content that several paths have is staged once for each of them. */
export function movesFor(puts: readonly PutStep[]): Move[] {
  const copies = new Map<string, number>();
  return puts.map(({ path, entry, replaces }) => {
    const copy = copies.get(entry.sha256) ?? 0;
    copies.set(entry.sha256, copy + 1);
    return { from: `${STAGE_FOLDER}/${entry.sha256}${copy === 0 ? "" : `.${copy}`}`, to: path, replaces };
  });
}

/** Uploads what the moves need and the stage does not have yet. Answers with the bytes that travelled. */
export async function stage(puts: readonly PutStep[], moves: readonly Move[], options: StageOptions): Promise<number> {
  const { session, blobs, leftovers } = options;
  const uploads = puts
    .map(({ entry }, index): Upload => {
      const path = moves[index]?.from ?? "";
      return { path, size: entry.size, open: () => blobs.open(entry.sha256) };
    })
    .filter(({ path, size }) => leftovers.get(path.slice(STAGE_FOLDER.length + 1)) !== size)
    // The largest first, so that no connection is left alone with a large file at the end.
    .sort((a, b) => b.size - a.size);
  const resumed = puts.length - uploads.length;
  if (resumed > 0) options.say(`${resumed} files arrived with an earlier try and are not sent again.`);
  await uploadVerified(session, uploads, reporter(uploads, options), options.say);
  return uploads.reduce((bytes, { size }) => bytes + size, 0);
}

/** A small file from memory. */
export function uploadOf(path: string, content: Buffer): Upload {
  return { path, size: content.length, open: () => Readable.from([content]) };
}

/**
 * Uploads, asks the host for the sizes, and repeats what is short: vsftpd, ProFTPD and Pure-FTPd all answer 226 to a
 * transfer that was cut off with a FIN. Throws when a file will not arrive whole.
 */
export async function uploadVerified(
  session: PublishSession,
  uploads: readonly Upload[],
  onDone: (file: Upload) => void,
  say: (line: string) => void,
): Promise<void> {
  let open = uploads;
  for (let round = 1; open.length > 0; round += 1) {
    const [first] = open;
    if (round > MAX_ROUNDS) throw new Error(`${open.length} files do not arrive whole, ${first?.path} for one.`);
    if (round > 1) say(`${open.length} files arrived incomplete; sending them again.`);
    await session.upload(open, round === 1 ? onDone : () => {});
    const sizes = await session.sizes(open.map(({ path }) => path));
    open = open.filter(({ size }, index) => sizes[index] !== size);
  }
}

function reporter(uploads: readonly Upload[], { say, onProgress }: StageOptions): (file: Upload) => void {
  const total = uploads.reduce((bytes, { size }) => bytes + size, 0);
  let files = 0;
  let bytes = 0;
  let saidAtMs = Date.now();
  return ({ size }) => {
    files += 1;
    bytes += size;
    onProgress?.({ files, ofFiles: uploads.length, bytes, ofBytes: total });
    if (Date.now() - saidAtMs < SAY_EVERY_MS || files === uploads.length) return;
    saidAtMs = Date.now();
    say(`Uploaded ${files} of ${uploads.length} files (${Math.floor((bytes / Math.max(1, total)) * 100)} %).`);
  };
}

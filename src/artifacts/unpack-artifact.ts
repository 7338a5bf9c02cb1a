/** Unpacks a downloaded artifact. Whoever wrote it may have meant harm; nothing of it lands outside of the folder. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { PermanentError } from "../errors.ts";
import { isTar, readTar } from "./read-tar.ts";
import { openZip } from "./read-zip.ts";
import { openUnpackedFolder, type UnpackedFolder, type UnpackLimits } from "./unpacked-folder.ts";

export type Unpacked = {
  readonly files: number;
  readonly bytes: number;
};

/**
 * Unpacks an archive into a folder that is empty or not there yet. An archive that holds one tar archive and nothing
 * else, as actions/upload-pages-artifact makes it, is unpacked twice; a bare tar archive (actions/upload-artifact with
 * `archive: false`) is taken too.
 *
 * Throws PermanentError for all that is wrong with the archive, naming the entry or the limit, and the signal's reason;
 * what was unpacked until then stays in the folder, which is the caller's to remove.
 */
export async function unpackArtifact(
  zipPath: string,
  folder: string,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<Unpacked> {
  signal.throwIfAborted();
  const target = await openUnpackedFolder(folder, limits, signal);
  const { start, size } = await look(zipPath);
  if (isTar(start)) await unpackTar(createReadStream(zipPath), target, signal);
  else if (start.toString("latin1", 0, 2) === "PK") await unpackZip({ zipPath, size, limits }, target, signal);
  else {
    throw new PermanentError(
      "The artifact is neither a zip nor a tar archive. Upload the folder of the built site with actions/upload-artifact.",
    );
  }
  const totals = target.totals();
  if (totals.files === 0) throw new PermanentError("The artifact is empty.");
  return totals;
}

async function look(path: string): Promise<{ start: Buffer; size: number }> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return { start: buffer.subarray(0, bytesRead), size: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

async function unpackZip(
  { zipPath, size, limits }: { zipPath: string; size: number; limits: UnpackLimits },
  target: UnpackedFolder,
  signal: AbortSignal,
): Promise<void> {
  const zip = await openZip(zipPath, size, limits);
  try {
    const [first] = zip.entries;
    if (zip.entries.length === 1 && first?.kind === "file" && first.path.endsWith(".tar")) {
      return await unpackTar(first.content(), target, signal);
    }
    for (const { path, kind, content } of zip.entries) {
      signal.throwIfAborted();
      if (kind === "folder") target.addFolder(path);
      else await target.addFile(path, content());
    }
  } finally {
    zip.close();
  }
}

async function unpackTar(
  chunks: AsyncIterable<Uint8Array>,
  target: UnpackedFolder,
  signal: AbortSignal,
): Promise<void> {
  for await (const { path, kind, content } of readTar(chunks)) {
    signal.throwIfAborted();
    if (kind === "folder") target.addFolder(path);
    else await target.addFile(path, content);
  }
}

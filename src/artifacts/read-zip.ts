/** Reads a zip file that somebody else wrote: its list of entries is checked as a whole before any of them is opened. */
import { crc32 } from "node:zlib";
import { Entry, getFileNameLowLevel, openPromise, type ZipFile } from "yauzl";
import { describeError, PermanentError } from "../errors.ts";
import { entryPath, showEntry } from "./entry-path.ts";
import { tooLarge, tooMany, type UnpackLimits } from "./unpacked-folder.ts";

type ZipEntry = {
  /** As `entryPath` gives it. */
  readonly path: string;
  readonly kind: "file" | "folder";
  /** Reads the content; throws when it is not what the list says. */
  content(): AsyncIterable<Uint8Array>;
};

export type Zip = { readonly entries: readonly ZipEntry[]; close(): void };

/** Deflate makes at most 1032 of one byte, a site made of text and pictures some ten: beyond this it is a bomb. */
const MAX_RATIO = 200;
/** A small archive may be as dense as it likes. */
const RATIO_COUNTS_FROM_BYTES = 100 * 1024 * 1024;
/** In a tar archive inside: a header of 512 bytes, or three with a long name, and the rest of a file's last block. */
const TAR_BYTES_PER_FILE = 2048;
/** The header before each entry's name: APPNOTE.TXT of PKWARE, section 4.3.7. */
const LOCAL_HEADER_BYTES = 30;
/** Types of files in the upper half of the external attributes, as stat(2) has them. */
const TYPE_MASK = 0o170000;
const TYPE_FILE = 0o100000;
const TYPE_FOLDER = 0o040000;
const TYPE_LINK = 0o120000;

/**
 * Opens it. Throws PermanentError, which names the entry, for everything that a site's artifact has no use for: names
 * that lead elsewhere, links and devices, encryption, unknown compression, entries that share bytes, and more than the
 * limits allow. Numbers beyond 4 GB (zip64) are read.
 */
export async function openZip(path: string, sizeBytes: number, limits: UnpackLimits): Promise<Zip> {
  const zip = await openPromise(path, { autoClose: false, decodeStrings: false }).catch((error) => damaged(error));
  try {
    // Every listed entry costs memory; folders may be listed too.
    if (zip.entryCount > limits.outputFiles * 2) tooMany(limits);
    const mostBytes = limits.outputBytes + limits.outputFiles * TAR_BYTES_PER_FILE;
    const found: Array<{ entry: Entry; name: string }> = [];
    let unpackedBytes = 0;
    for await (const raw of eachEntry(zip)) {
      const name = getFileNameLowLevel(raw.generalPurposeBitFlag, raw.fileNameRaw, raw.extraFields, true);
      requireUsable(raw, name);
      unpackedBytes += raw.uncompressedSize;
      if (unpackedBytes > mostBytes) tooLarge(limits);
      found.push({ entry: slim(raw), name });
    }
    if (unpackedBytes > Math.max(RATIO_COUNTS_FROM_BYTES, sizeBytes * MAX_RATIO)) {
      throw new PermanentError("The artifact cannot be unpacked: it is more than 200 times larger than its archive.");
    }
    requireApart(found);
    const entries = found.map(({ entry, name }): ZipEntry => {
      const kind = name.endsWith("/") ? "folder" : "file";
      return { path: entryPath(name), kind, content: () => readEntry(zip, entry, name) };
    });
    return { entries, close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function* eachEntry(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (error) {
    damaged(error);
  }
}

function requireUsable(entry: Entry, name: string): void {
  const path = entryPath(name);
  const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK;
  if (type === TYPE_LINK) refuse(name, "is a link");
  if (type !== 0 && type !== TYPE_FILE && type !== TYPE_FOLDER) refuse(name, "is neither a file nor a folder");
  const isFolder = name.endsWith("/");
  if (type === TYPE_FOLDER && !isFolder) refuse(name, "is a folder that is listed as a file");
  if (path === "" && !isFolder) refuse(name, "is no name of a file");
  if (isFolder && entry.uncompressedSize > 0) refuse(name, "is a folder with content");
  if (entry.isEncrypted()) refuse(name, "is encrypted");
  if (!entry.canDecodeFileData()) refuse(name, `is compressed in a way that is not known (${entry.compressionMethod})`);
}

/** Entries that share bytes make much of little: David Fifield, "A better zip bomb", 2019. */
function requireApart(found: ReadonlyArray<{ readonly entry: Entry; readonly name: string }>): void {
  const inOrder = found.toSorted((a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const { entry, name } of inOrder) {
    const { relativeOffsetOfLocalHeader: start, fileNameLength, compressedSize } = entry;
    if (start < end) refuse(name, "shares bytes with another entry");
    end = start + LOCAL_HEADER_BYTES + fileNameLength + compressedSize;
  }
}

/** What reading needs of an entry, without the buffers it came in: up to 190 KB each. */
function slim(raw: Entry): Entry {
  const entry = new Entry();
  entry.compressedSize = raw.compressedSize;
  entry.uncompressedSize = raw.uncompressedSize;
  entry.compressionMethod = raw.compressionMethod;
  entry.generalPurposeBitFlag = raw.generalPurposeBitFlag;
  entry.crc32 = raw.crc32;
  entry.fileNameLength = raw.fileNameLength;
  entry.relativeOffsetOfLocalHeader = raw.relativeOffsetOfLocalHeader;
  return entry;
}

/** yauzl itself ends a stream that has more bytes than the list says, or fewer. */
async function* readEntry(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Uint8Array> {
  let sum = 0;
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      sum = crc32(chunk as Buffer, sum);
      yield chunk as Buffer;
    }
  } catch (error) {
    damaged(error, name);
  }
  if (sum !== entry.crc32) refuse(name, "is damaged: its checksum does not fit");
}

function refuse(name: string, problem: string): never {
  throw new PermanentError(`The artifact cannot be unpacked: ${showEntry(name)} ${problem}.`);
}

/** What is wrong with the zip file is so for good; what is wrong with this machine's disk need not be. */
function damaged(error: unknown, name?: string): never {
  if (error instanceof PermanentError || (error instanceof Error && "syscall" in error)) throw error;
  const what = name === undefined ? "its zip file" : showEntry(name);
  throw new PermanentError(`The artifact cannot be unpacked: ${what} is damaged (${describeError(error)}).`, {
    cause: error,
  });
}

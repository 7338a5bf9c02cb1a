/**
 * Reads a tar archive as it comes, as far as sites need it: files and folders, long names of GNU tar and of pax.
 * actions/upload-pages-artifact puts such an archive, and nothing else, into its artifact.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar's manual, "Basic Tar Format".
 */
import { PermanentError } from "../errors.ts";
import { entryPath, showEntry } from "./entry-path.ts";

export type TarEntry = {
  /** As `entryPath` gives it. */
  readonly path: string;
  readonly kind: "file" | "folder";
  /** Read it before the next entry, or not at all. */
  readonly content: AsyncIterable<Uint8Array>;
};

const BLOCK = 512;
/** Names and other facts about an entry that stand before it. */
const MAX_FACTS_BYTES = 64 * 1024;
const LINKS = new Set(["1", "2"]);

/** Whether the first block of a file is one of a tar archive. */
export function isTar(start: Buffer): boolean {
  return start.length >= BLOCK && start.toString("latin1", 257, 262) === "ustar";
}

/** The entries, one after another. Throws PermanentError, which names the entry, for all that is no file or folder. */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const bytes = createByteReader(chunks);
  try {
    yield* readEntries(bytes);
    // What follows the end is fill; whoever gives the bytes may have a checksum to look at.
    await bytes.drain();
  } finally {
    await bytes.close();
  }
}

async function* readEntries(bytes: ByteReader): AsyncGenerator<TarEntry> {
  /** What extra headers say of the entry that comes next. */
  let facts: { path?: string; size?: number } = {};
  for (;;) {
    const block = await bytes.read(BLOCK);
    if (block.every((byte) => byte === 0)) return;
    const header = parseHeader(block);
    const size = facts.size ?? header.size;
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (["L", "K", "x", "g"].includes(header.type)) {
      // Only then the size is the header's own: it is about these facts themselves.
      const own = await readFacts(bytes, header.size);
      if (header.type === "L") facts.path = own.toString("utf8").replace(/\0.*$/s, "");
      if (header.type === "x") facts = { ...facts, ...parsePax(own) };
      continue;
    }
    const name = facts.path ?? header.name;
    facts = {};
    const path = entryPath(name);
    if (LINKS.has(header.type)) refuse(name, "is a link");
    if (!["0", "\0", "5", "7"].includes(header.type)) refuse(name, "is neither a file nor a folder");
    const kind = header.type === "5" || name.endsWith("/") ? "folder" : "file";
    if (kind === "folder" && size > 0) refuse(name, "is a folder with content");
    if (kind === "file" && path === "") refuse(name, "is no name of a file");
    const content = bytes.take(size);
    yield { path, kind, content };
    for await (const _ of content) {
      // Whoever did not want it.
    }
    await bytes.read(padding);
  }
}

function parseHeader(block: Buffer): { name: string; size: number; type: string } {
  const text = (from: number, to: number) => block.toString("utf8", from, to).replace(/\0.*$/s, "");
  const sum = block.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (Number.parseInt(text(148, 156).trim(), 8) !== sum) damaged("a header's checksum does not fit");
  const isPosix = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? text(345, 500) : "";
  const name = text(0, 100);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size: parseSize(block.subarray(124, 136)),
    type: String.fromCharCode(block[156] ?? 0),
  };
}

/** Octal digits, or with the highest bit set a number of its own: GNU tar, for 8 GB and more. */
function parseSize(field: Buffer): number {
  const isBinary = ((field[0] ?? 0) & 0x80) !== 0;
  const size = isBinary
    ? field.subarray(1).reduce((all, byte) => all * 256 + byte, 0)
    : Number.parseInt(field.toString("latin1").replace(/\0.*$/s, "").trim() || "0", 8);
  if (!Number.isSafeInteger(size) || size < 0) damaged("a size is no number");
  return size;
}

async function readFacts(bytes: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_FACTS_BYTES) damaged("a header is too long");
  const facts = await bytes.read(size);
  await bytes.read((BLOCK - (size % BLOCK)) % BLOCK);
  return facts;
}

/** Records of "LENGTH KEY=VALUE\n", LENGTH being that of the whole record in bytes. */
function parsePax(records: Buffer): { path?: string; size?: number } {
  const facts: { path?: string; size?: number } = {};
  for (let at = 0; at < records.length; ) {
    const length = Number.parseInt(records.toString("latin1", at, at + 20), 10);
    const record = records.toString("utf8", at, at + length);
    const [, key = "", value = ""] = /^\d+ ([^=]+)=(.*)\n$/s.exec(record) ?? damaged("a pax header is malformed");
    if (key === "path") facts.path = value;
    if (key === "size") facts.size = /^\d{1,15}$/.test(value) ? Number(value) : damaged("a size is no number");
    // A file with holes is stored in another way than its size says.
    if (key.startsWith("GNU.sparse.")) damaged("it has a file with holes in it (GNU sparse)");
    at += length;
  }
  return facts;
}

type ByteReader = {
  /** Exactly so many bytes. */
  read(count: number): Promise<Buffer>;
  /** So many bytes, in pieces as they come. */
  take(count: number): AsyncGenerator<Uint8Array>;
  /** All that is left. */
  drain(): Promise<void>;
  /** Ends the source as well, wherever it is. */
  close(): Promise<void>;
};

function createByteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const source = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();

  async function* take(count: number): AsyncGenerator<Uint8Array> {
    for (let missing = count; missing > 0; ) {
      while (rest.length === 0) {
        const next = await source.next();
        if (next.done) damaged("it ends in the middle");
        rest = next.value;
      }
      const piece = rest.subarray(0, missing);
      rest = rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  return {
    take,
    async read(count) {
      const pieces: Uint8Array[] = [];
      for await (const piece of take(count)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    async drain() {
      while (!(await source.next()).done);
    },
    async close() {
      await source.return?.();
    },
  };
}

function refuse(name: string, problem: string): never {
  throw new PermanentError(`The artifact cannot be unpacked: ${showEntry(name)} ${problem}.`);
}

function damaged(problem: string): never {
  throw new PermanentError(`The artifact cannot be unpacked: its tar file is damaged: ${problem}.`);
}

/** Writes zip files for tests, also such as no honest program writes. Source: PKWARE's APPNOTE.TXT, section 4.3. */
import { crc32, deflateRawSync } from "node:zlib";

export type ZipPart = {
  readonly name: string;
  readonly content?: string | Buffer;
  /** 8 is deflate, 0 none; others only claim to be. */
  readonly method?: number;
  /** 0x800 says that names are UTF-8, 1 that the content is encrypted. */
  readonly flags?: number;
  /** As stat(2) has it: 0o120777 is a link. */
  readonly mode?: number;
  /** What the list says of the size and the checksum of the content, whatever they are. */
  readonly saidSize?: number;
  readonly saidCrc?: number;
  /** Takes the bytes of an earlier part, by its number. */
  readonly sharesWith?: number;
  /** Numbers stand in the zip64 extra field, as for files beyond 4 GB. */
  readonly zip64?: boolean;
};

/** Times and dates do not matter: 1 January 1980. */
const TIME = [0, 0x21] as const;
const MAX32 = 0xffffffff;

export function writeZip(parts: readonly ZipPart[]): Buffer {
  const bodies: Buffer[] = [];
  const list: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  for (const part of parts) {
    const { name, method = 8, flags = 0x800, mode = 0o100644 } = part;
    const content = Buffer.from(part.content ?? "");
    const data = method === 8 ? deflateRawSync(content) : content;
    const crc = part.saidCrc ?? crc32(content);
    const size = part.saidSize ?? content.length;
    const fields = (isZip64: boolean) => {
      const sizes = isZip64 ? [MAX32, MAX32] : [data.length, size];
      return Buffer.concat([u16(flags, method, ...TIME), u32(crc, ...sizes), u16(Buffer.byteLength(name))]);
    };
    const offset = part.sharesWith === undefined ? at : (offsets[part.sharesWith] ?? 0);
    offsets.push(offset);
    if (part.sharesWith === undefined) {
      const body = Buffer.concat([u32(0x04034b50), u16(20), fields(false), u16(0), Buffer.from(name), data]);
      bodies.push(body);
      at += body.length;
    }
    const isZip64 = part.zip64 === true;
    const extra = isZip64 ? Buffer.concat([u16(1, 24), u64(size, data.length, offset)]) : Buffer.alloc(0);
    list.push(
      Buffer.concat([
        ...[u32(0x02014b50), u16((3 << 8) | 63, 20), fields(isZip64), u16(extra.length, 0, 0, 0)],
        ...[u32((mode << 16) >>> 0, isZip64 ? MAX32 : offset), Buffer.from(name), extra],
      ]),
    );
  }
  const directory = Buffer.concat(list);
  const end = Buffer.concat([
    ...[u32(0x06054b50), u16(0, 0, parts.length, parts.length), u32(directory.length, at), u16(0)],
  ]);
  return Buffer.concat([...bodies, directory, end]);
}

function u16(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16LE(number, index * 2);
  return bytes;
}

function u32(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, index * 4);
  return bytes;
}

function u64(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 8);
  for (const [index, number] of numbers.entries()) bytes.writeBigUInt64LE(BigInt(number), index * 8);
  return bytes;
}

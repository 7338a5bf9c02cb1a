/** Writes tar archives for tests, also such as no honest program writes. */

export type TarPart = {
  readonly name: string;
  readonly content?: string;
  /** "0" a file, "1" and "2" links, "5" a folder, "L" a long name, "x" facts of pax. */
  readonly type?: string;
  /** What the header says of the size, whatever it is. */
  readonly saidSize?: number;
  readonly linkName?: string;
};

const BLOCK = 512;

/** Ends with the two empty blocks that an archive ends with, unless `end` is false. */
export function writeTar(parts: readonly TarPart[], { end = true }: { end?: boolean } = {}): Buffer {
  const blocks = parts.flatMap((part) => {
    const content = Buffer.from(part.content ?? "");
    return [header(part, content), content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(end ? BLOCK * 2 : 0)]);
}

function header({ name, type = "0", saidSize, linkName = "" }: TarPart, content: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write("0000644\0", 100);
  block.write(`${(saidSize ?? content.length).toString(8).padStart(11, "0")}\0`, 124);
  block.write("        ", 148);
  block.write(type, 156);
  block.write(linkName, 157, 100);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** A record of pax: its length counts itself. */
export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length++;
  return `${length} ${key}=${value}\n`;
}

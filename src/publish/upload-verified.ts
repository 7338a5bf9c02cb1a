/** Uploads that are not believed before the host has been asked what arrived. */
import { Readable } from "node:stream";
import type { PublishSession, Upload } from "../publishers/publisher.ts";

/** How often a file is sent that arrives with the wrong size, although the host said it had arrived. */
const MAX_ROUNDS = 3;

/** A small file from memory. */
export function uploadOf(path: string, content: Buffer): Upload {
  return { path, size: content.length, open: () => Readable.from([content]) };
}

/** A file to be uploaded, whose content the host may be asked about. */
export type DigestedUpload = Upload & { readonly sha256?: string };

export type VerifyOptions = {
  say(line: string): void;
  /** Called once for each file that was sent. */
  readonly onDone?: (file: Upload) => void;
  /** Called when all files were sent and the host is asked about them. */
  readonly onUploaded?: (() => void) | undefined;
  /** A file that must be there when the others have arrived; `onMissing` makes the error when it is not. */
  readonly guard?: { readonly path: string; onMissing(): Error };
};

/**
 * Uploads, asks the host for the sizes, and for digests where it knows them, and repeats what is not whole: vsftpd,
 * ProFTPD and Pure-FTPd all answer 226 to a transfer that was cut off with a FIN. Throws when a file will not arrive.
 */
export async function uploadVerified(
  session: PublishSession,
  uploads: readonly DigestedUpload[],
  { say, onDone = () => {}, onUploaded, guard }: VerifyOptions,
): Promise<void> {
  let open = uploads;
  for (let round = 1; open.length > 0; round += 1) {
    const [first] = open;
    if (round > MAX_ROUNDS) throw new Error(`${open.length} files do not arrive whole, ${first?.path} for one.`);
    if (round > 1) say(`${open.length} files arrived incomplete; sending them again.`);
    await session.upload(open, round === 1 ? onDone : () => {});
    onUploaded?.();
    const sizes = await session.sizes([...open.map(({ path }) => path), ...(guard ? [guard.path] : [])]);
    if (guard && sizes[open.length] === undefined) throw guard.onMissing();
    const short = new Set(open.filter(({ size }, index) => sizes[index] !== size));
    const whole = open.filter((file) => !short.has(file));
    open = [...short, ...(await findAltered(session, whole))];
  }
}

/** The files that the host itself says have other content than was sent. */
async function findAltered(session: PublishSession, files: readonly DigestedUpload[]): Promise<DigestedUpload[]> {
  const known = files.filter(({ sha256 }) => sha256 !== undefined);
  if (known.length === 0) return [];
  const digests = await session.digests(known.map(({ path }) => path));
  return known.filter(({ sha256 }, index) => digests[index] !== undefined && digests[index] !== sha256);
}

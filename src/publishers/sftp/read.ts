/** Reads a whole file over SFTP. */
import { PermanentError } from "../../errors.ts";
import { inFlight } from "../in-flight.ts";
import { wholePath } from "../target-path.ts";
import type { SftpConnection } from "./connection.ts";
import { closeFile, openFile, READ_SIZE, REQUESTS_IN_FLIGHT, readInto, statFile } from "./requests.ts";
import { explainStatus, hasCode, isMissing, STATUS } from "./status.ts";

/** See `PublishSession.readFile`. The file is as long as the host says when it is opened. */
export async function readWholeFile(
  connection: SftpConnection,
  path: string,
  maxBytes: number,
): Promise<Buffer | undefined> {
  try {
    const handle = await openFile(connection, wholePath(connection, path), "r");
    try {
      const found = await statFile(connection, handle);
      if (!found.isFile()) return undefined;
      if (found.size > maxBytes) throw new PermanentError(`${path} is larger than ${maxBytes} bytes`);
      return await readBytes(connection, handle, found.size);
    } finally {
      await closeFile(connection, handle);
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw explainStatus(error, `${path} be read`);
  }
}

async function readBytes(connection: SftpConnection, handle: Buffer, size: number): Promise<Buffer> {
  const whole = Buffer.alloc(size);
  const starts = Array.from({ length: Math.ceil(size / READ_SIZE) }, (_, index) => index * READ_SIZE);
  await inFlight(REQUESTS_IN_FLIGHT, starts, async (start) => {
    const end = Math.min(start + READ_SIZE, size);
    // A server may answer with less than it was asked for (draft-ietf-secsh-filexfer-02 section 6.4).
    for (let position = start; position < end; ) {
      const read = await readInto(connection, handle, whole.subarray(position, end), position).catch(zeroAtEnd);
      if (read === 0) throw new Error("The file became shorter while it was read.");
      position += read;
    }
  });
  return whole;
}

function zeroAtEnd(error: unknown): number {
  if (!hasCode(error, STATUS.eof)) throw error;
  return 0;
}

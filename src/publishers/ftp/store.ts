/** Sends one file with STOR (RFC 959 section 4.1.3). */
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TLSSocket } from "node:tls";
import type { Client } from "basic-ftp";
import { describeError, PermanentError } from "../../errors.ts";
import { enterPassive } from "./data.ts";
import type { HostFacts } from "./facts.ts";
import { transfer } from "./transfer.ts";

/** Files up to this size are held in memory and sent in one write; larger ones are streamed. One chunk of fs's streams. */
const SMALL_FILE_BYTES = 64 * 1024;

/** A file cannot be read on this machine. Nothing of it was sent, and the connection is as good as before. */
export class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
}

/**
 * Resolves when the server says that the file arrived, which need not be true. Throws FTPError when it says anything
 * else; the control connection stays usable then. Throws another error when a connection was lost or stood still for
 * too long, or when `source` failed in the middle; when it fails at the start, an UnreadableFileError.
 */
export async function storeFile(
  client: Client,
  source: Readable,
  path: string,
  stallTimeoutMs: number,
  facts: HostFacts,
): Promise<void> {
  try {
    // Read while the port is asked for. The control connection is free again before a source that failed is reported.
    const reading = readIfSmall(source);
    reading.catch(() => {});
    const port = await enterPassive(client, facts);
    const content = (await reading.catch(refuseUnreadable)) ?? source;
    const move = (data: Socket) => send(data, content);
    await transfer(client, { port, command: `STOR ${path}`, move, stallTimeoutMs, facts });
  } finally {
    source.destroy();
  }
}

function refuseUnreadable(error: unknown): never {
  if (error instanceof PermanentError) throw error;
  throw new UnreadableFileError(`A file cannot be read: ${describeError(error)}`, { cause: error });
}

async function send(data: Socket, content: Buffer | Readable): Promise<void> {
  // A socket that is ended before it is encrypted drops its close_notify, and vsftpd takes an empty file for a connection
  // that broke. (basic-ftp asks getCipher(), which answers too early when a session is resumed.) Nor does anything go
  // out before the certificate is checked.
  if (data instanceof TLSSocket) await once(data, "secureConnect");
  // Unread bytes, such as TLS session tickets, would turn our end of the connection into a reset.
  data.resume();
  if (!Buffer.isBuffer(content)) return pipeline(content, data);
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error("The data connection was closed too early."));
    data.once("error", reject).once("close", closed);
    data.once("finish", () => {
      data.off("close", closed);
      resolve();
    });
    data.end(content);
  });
}

/** The whole content; or undefined when it is large, and then nothing of it is lost. */
function readIfSmall(source: Readable): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const ended = () => {
      source.off("close", closed);
      resolve(Buffer.concat(chunks));
    };
    const closed = () => reject(new Error("The file was closed before it was read."));
    function take(): void {
      for (let chunk = source.read(); chunk !== null; chunk = bytes > SMALL_FILE_BYTES ? null : source.read()) {
        chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
        bytes += chunk.length;
      }
      if (bytes > SMALL_FILE_BYTES) leave();
    }
    function leave(): void {
      source.off("readable", take).off("end", ended).off("error", reject).off("close", closed);
      source.unshift(Buffer.concat(chunks));
      // Whoever reads on hears of a failure; until then somebody has to.
      source.on("error", () => {});
      resolve(undefined);
    }
    source.on("readable", take).once("end", ended).once("error", reject).once("close", closed);
  });
}

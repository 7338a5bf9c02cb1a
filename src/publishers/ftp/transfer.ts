/**
 * One transfer over one data connection, with as few round trips as FTP allows: the port is asked for (1), the command
 * leaves together with the connection's SYN (1), and data flows without waiting for "150" (1). vsftpd, ProFTPD and
 * Pure-FTPd take data before their 150 (measured); a server that refuses the command answers instead of 150, and what it
 * was sent is lost. Nothing is sent on the control connection until the transfer is over: ProFTPD answers 450 to it and
 * Pure-FTPd 500.
 *
 * basic-ftp has transfers too, but gives up the control connection when the data connection breaks, and so never hears
 * why. ProFTPD, for one, resets the data connection first and explains afterwards ("550 … Overwrite permission denied").
 */
import type { Socket } from "node:net";
import { type Client, FTPError, type FTPResponse } from "basic-ftp";
import { PermanentError } from "../../errors.ts";
import { enterPassive, openData, type PassivePort } from "./data.ts";
import { type HostFacts, notePassiveFailed, notePassiveWorked } from "./facts.ts";

/** How long the server has to explain itself after the data connection broke, in milliseconds. */
const LAST_WORD_MS = 3000;

/**
 * How long a data connection may take that is asked for in a way not known to work, in milliseconds: a SYN and two
 * repetitions (RFC 6298: after 1 s and 3 s). Then the other way is tried.
 */
const DOUBTFUL_CONNECT_MS = 8000;

/** What the kernel takes of a file at most before it was sent (Linux: net.ipv4.tcp_wmem, 4 MiB), and at what rate it then may go. */
const MAX_SEND_BUFFER = 4 * 1024 * 1024;
const SLOWEST_BYTES_PER_MS = 32;

/** Longest listing that is read, in bytes; 10 000 entries take about 1 MB. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024;

export type Transfer<T> = {
  readonly port: PassivePort;
  /** "STOR a.txt" */
  readonly command: string;
  /** Sends or receives on the data connection, which is still being made. */
  readonly move: (data: Socket) => Promise<T>;
  /** How long the transfer may stand still. */
  readonly stallTimeoutMs: number;
  readonly facts: HostFacts;
};

/**
 * Resolves when `move` is done and the server says that all went well. Throws FTPError when it says anything else; the
 * control connection stays usable then. Throws another error when a connection was lost or stood still, or what
 * `move` threw.
 */
export async function transfer<T>(
  client: Client,
  { port, command, move, stallTimeoutMs, facts }: Transfer<T>,
): Promise<{ moved: T; reply: FTPResponse }> {
  const { ftp } = client;
  const data = openData(client, port);
  let isOver = false;
  let wasConnected = false;
  let isUnreachable = false;
  let lastWord: NodeJS.Timeout | undefined;

  function broken(error: Error): void {
    if (isOver) return;
    isUnreachable ||= !wasConnected;
    if (error instanceof PermanentError) ftp.closeWithError(error);
    else lastWord ??= setTimeout(() => ftp.closeWithError(error), LAST_WORD_MS);
  }

  const isDoubtful = facts.profile.passive !== port.command;
  data.setTimeout(isDoubtful ? Math.min(stallTimeoutMs, DOUBTFUL_CONNECT_MS) : stallTimeoutMs);
  data.once("timeout", () => data.destroy(new Error("The transfer stalled.")));
  data.once("connect", () => {
    wasConnected = true;
    if (isDoubtful) data.setTimeout(stallTimeoutMs);
  });
  data.on("error", broken);
  const moving = move(data);
  moving.then(waitForReply, broken);

  function waitForReply(): void {
    data.setTimeout(0);
    const inKernel = Math.min(data.bytesWritten, MAX_SEND_BUFFER) / SLOWEST_BYTES_PER_MS;
    if (!isOver) ftp.socket.setTimeout(stallTimeoutMs + inKernel);
  }

  try {
    const done = ftp.handle(command, (response, { resolve, reject }) => {
      if (response instanceof Error) return reject(response);
      // 125 and 150 are alternatives (RFC 959 section 4.2.2), yet some servers send both, or none.
      if (response.code < 200) return;
      if (response.code >= 300) return ftp.closeWithError(new Error("The server asks for what a transfer has not."));
      moving.then((moved) => resolve({ moved, reply: response }), reject);
    });
    // The control connection is rightly silent while data flows.
    ftp.socket.setTimeout(0);
    const result: { moved: T; reply: FTPResponse } = await done;
    notePassiveWorked(facts, port.command);
    return result;
  } catch (error) {
    // 425: "Can't open data connection" (RFC 959 section 4.2.2).
    if (error instanceof FTPError ? error.code === 425 : isUnreachable) notePassiveFailed(facts, port.command);
    throw error;
  } finally {
    isOver = true;
    clearTimeout(lastWord);
    data.destroy();
  }
}

/**
 * Reads a file. Throws PermanentError when it is larger than `maxBytes`, and otherwise what `transfer` throws. Ask for
 * its size first: a file that is too large costs the connection.
 */
export async function retrieveFile(
  client: Client,
  path: string,
  maxBytes: number,
  stallTimeoutMs: number,
  facts: HostFacts,
): Promise<Buffer> {
  const tooLarge = `${path} is larger than ${maxBytes} bytes`;
  const move = (data: Socket) => receive(data, maxBytes, tooLarge);
  const port = await enterPassive(client, facts);
  const { moved } = await transfer(client, { port, command: `RETR ${path}`, move, stallTimeoutMs, facts });
  return moved;
}

/** Reads what `command` lists ("MLSD folder"), as UTF-8. Throws what `transfer` throws. */
export async function retrieveListing(
  client: Client,
  command: string,
  stallTimeoutMs: number,
  facts: HostFacts,
): Promise<{ text: string; reply: FTPResponse }> {
  const move = (data: Socket) => receive(data, MAX_LISTING_BYTES, "The listing of a folder is too long.");
  const port = await enterPassive(client, facts);
  const { moved, reply } = await transfer(client, { port, command, move, stallTimeoutMs, facts });
  return { text: moved.toString("utf8"), reply };
}

/** Everything that arrives. ProFTPD waits with its reply until our side is closed too, which the socket does by itself. */
function receive(data: Socket, maxBytes: number, tooLarge: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    data.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) reject(new PermanentError(tooLarge));
      else chunks.push(chunk);
    });
    data.once("end", () => resolve(Buffer.concat(chunks)));
    data.once("error", reject);
    data.once("close", () => reject(new Error("The data connection was closed too early.")));
  });
}

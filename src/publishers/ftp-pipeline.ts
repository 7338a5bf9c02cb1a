/**
 * Sends many FTP commands ahead of their replies on one control connection. A command that moves no data costs a round
 * trip; renaming 200 files one by one at 50 ms takes 20 s, and well under a second this way.
 */
import type { Socket } from "node:net";
import { type Client, FTPError, type FTPResponse } from "basic-ftp";
import { PermanentError } from "../errors.ts";
import { quoteReply } from "./ftp-replies.ts";

/**
 * How much may be under way. ProFTPD 1.3.8 and Pure-FTPd 1.0.50 stop reading after 4096 bytes of unanswered commands
 * over TLS (measured), and answer the rest only when more bytes arrive.
 */
const MAX_BYTES_IN_FLIGHT = 2048;
const MAX_COMMANDS_IN_FLIGHT = 32;

/** Longest reply line, in characters, that is waited for; servers send a few hundred. */
const MAX_LINE_LENGTH = 64 * 1024;

/** Commands that are sent in one piece, such as RNFR and RNTO, so that nothing can come between them. */
export type CommandGroup = readonly string[];

/** Called once for each group, in order, when all of its commands are answered. */
export type OnReplies = (group: number, replies: readonly FTPResponse[]) => void;

/**
 * Sends the groups in order. Replies of 400 and more are replies like others. Rejects when the connection is lost:
 * groups without a call by then may or may not have been carried out. What `onReplies` throws ends the connection.
 */
export async function sendCommands(
  client: Client,
  groups: readonly CommandGroup[],
  onReplies: OnReplies,
): Promise<void> {
  for (const command of groups.flat()) refuseControlCharacters(command);
  if (groups.length === 0) return;
  /** Bytes of each command that waits for its reply. */
  const inFlight: number[] = [];
  let bytesInFlight = 0;
  let next = 0;
  let answering = 0;
  let replies: FTPResponse[] = [];

  function fits(group: CommandGroup): boolean {
    if (inFlight.length === 0) return true;
    if (inFlight.length + group.length > MAX_COMMANDS_IN_FLIGHT) return false;
    return bytesInFlight + sum(group.map(byteLength)) <= MAX_BYTES_IN_FLIGHT;
  }

  function sendMore(): void {
    const { socket } = client.ftp;
    socket.cork();
    for (let group = groups[next]; group !== undefined && fits(group); group = groups[next]) {
      for (const command of group) client.ftp.send(command);
      inFlight.push(...group.map(byteLength));
      bytesInFlight = sum(inFlight);
      next += 1;
    }
    socket.uncork();
  }

  const done = client.ftp.handle(undefined, (response, task) => {
    const isReply = !(response instanceof Error) || response instanceof FTPError;
    if (!isReply) return task.reject(response);
    const reply: FTPResponse = { code: response.code, message: response.message };
    if (reply.code < 200) return;
    // 421 answers no command: the server says good-bye, whatever was asked (RFC 959 section 4.2.2).
    if (reply.code === 421) return client.ftp.closeWithError(new Error(quoteReply(reply)));
    bytesInFlight -= inFlight.shift() ?? 0;
    replies.push(reply);
    if (replies.length === groups[answering]?.length) {
      onReplies(answering, replies);
      replies = [];
      answering += 1;
    }
    if (answering === groups.length) return task.resolve(undefined);
    // Not for every reply: half a window at a time keeps the packets few.
    if (inFlight.length <= MAX_COMMANDS_IN_FLIGHT / 2) sendMore();
  });
  if (!client.closed) sendMore();
  await done;
}

/**
 * Makes a control socket deliver whole lines only. basic-ftp reads each chunk on its own, and a reply cut by a packet
 * boundary is lost or, worse, taken for a shorter one ("213 12" of "213 1234"); batches of replies are cut often.
 * To be called for every new control socket.
 */
export function deliverWholeLines(socket: Socket): void {
  const listeners = socket.listeners("data");
  socket.removeAllListeners("data");
  let rest = "";
  socket.on("data", (chunk) => {
    const text = rest + String(chunk);
    const end = text.lastIndexOf("\n") + 1;
    rest = text.slice(end);
    if (rest.length > MAX_LINE_LENGTH) socket.destroy(new Error("The server sent a reply without an end."));
    if (end > 0) for (const listener of listeners) listener.call(socket, text.slice(0, end));
  });
}

/** A line end in a path would be a second command. */
function refuseControlCharacters(command: string): void {
  if (/\p{Cc}/u.test(command)) throw new PermanentError("A path with a control character cannot be sent over FTP.");
}

function byteLength(command: string): number {
  return Buffer.byteLength(command) + 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

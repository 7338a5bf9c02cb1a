/**
 * Sends many FTP commands ahead of their replies on one control connection. A command that moves no data costs a round
 * trip; renaming 200 files one by one at 50 ms takes 20 s, and well under a second this way.
 */
import type { Socket } from "node:net";
import { type Client, FTPError, type FTPResponse } from "basic-ftp";
import { PermanentError } from "../../errors.ts";
import type { HostFacts } from "./facts.ts";
import { quoteReply } from "./replies.ts";

/** How much may be unanswered at a time. A single group is sent even when it is more than that. */
type PipelineWindow = { readonly bytes: number; readonly commands: number };

/**
 * Over TLS, ProFTPD 1.3.8 and Pure-FTPd 1.0.50 stop reading after 4096 bytes of unanswered commands (measured), and
 * answer the rest only when more bytes arrive. Unencrypted, ProFTPD reads up to 4102 bytes at once, which must not be
 * the middle of a line end (see `MAX_PIECE_BYTES`).
 */
const TLS_WINDOW: PipelineWindow = { bytes: 2048, commands: 64 };
const PLAIN_WINDOW: PipelineWindow = { bytes: 4000, commands: 400 };

/**
 * How much is written at a time, and so is one packet: ProFTPD 1.3.8 takes two commands for one when what it reads ends
 * between CR and LF (measured: "SIZE a", "SIZE b" became a SIZE of "a\r\nSIZE b"). The least that every IPv6 link
 * carries is 1220 bytes (RFC 8200 section 5, less the headers); Ethernet carries 1448.
 */
const MAX_PIECE_BYTES = 1200;

/** One group at a time: for hosts that do not answer commands that came together. */
const NO_WINDOW: PipelineWindow = { bytes: 0, commands: 0 };

/** How long to wait for replies before the server is nudged, in milliseconds; but half of the time until it is given up. */
const NUDGE_AFTER_MS = 5000;

/** What "200" answers; NOOP, the nudge, is another. */
const ANSWERED_BY_200 = /^(OPTS|TYPE|PBSZ|PROT) /;

/** Longest reply line, in characters, that is waited for; servers send a few hundred. */
const MAX_LINE_LENGTH = 64 * 1024;

/** Commands that are sent in one piece, such as RNFR and RNTO, so that nothing can come between them. */
export type CommandGroup = readonly string[];

/** Called once for each group, in order, when all of its commands are answered. */
export type OnReplies = (group: number, replies: readonly FTPResponse[]) => void;

export type PipelineOptions = {
  /** Remembers whether the host takes commands ahead of replies, and is asked for it. */
  readonly facts?: HostFacts;
  /** Default: by whether the connection is encrypted. */
  readonly window?: PipelineWindow;
  readonly nudgeAfterMs?: number;
};

/**
 * Sends the groups in order. Replies of 400 and more are replies like others. Rejects when the connection is lost, or
 * when the server stays silent: groups without a call by then may or may not have been carried out. What `onReplies`
 * throws ends the connection.
 */
export async function sendCommands(
  client: Client,
  groups: readonly CommandGroup[],
  onReplies: OnReplies,
  options: PipelineOptions = {},
): Promise<void> {
  for (const command of groups.flat()) refuseControlCharacters(command);
  if (groups.length === 0) return;
  const { facts, window = windowFor(client, facts), nudgeAfterMs = NUDGE_AFTER_MS } = options;
  /** Commands that wait for their reply, in order. */
  const unanswered: string[] = [];
  let bytesUnanswered = 0;
  let mostBytes = 0;
  let next = 0;
  let answering = 0;
  let replies: FTPResponse[] = [];
  /** A NOOP is under way behind them. */
  let isNudged = false;
  let isOutOfStep = false;
  let willSend = false;
  const toWrite: string[] = [];
  let isWriting = false;

  function fits(group: CommandGroup): boolean {
    if (unanswered.length === 0) return true;
    if (unanswered.length + group.length > window.commands) return false;
    return bytesUnanswered + sum(group.map(byteLength)) <= window.bytes;
  }

  function sendMore(): void {
    willSend = false;
    const first = next;
    // Behind a NOOP nothing is sent: its reply tells whether all before it were answered.
    for (let group = groups[next]; group !== undefined && !isNudged && fits(group); group = groups[next]) {
      unanswered.push(...group);
      bytesUnanswered += sum(group.map(byteLength));
      next += 1;
    }
    mostBytes = Math.max(mostBytes, bytesUnanswered);
    toWrite.push(...piecesOf(groups.slice(first, next)));
    writeNext();
  }

  /** Pieces written together would become one stream again, and be cut anywhere. */
  function writeNext(): void {
    const piece = isWriting ? undefined : toWrite.shift();
    if (piece === undefined || client.closed) return;
    isWriting = true;
    client.ftp.socket.write(piece, client.ftp.encoding, () => {
      isWriting = false;
      writeNext();
    });
  }

  /** After the last reply of a chunk, so that one packet of replies is answered by one of commands. */
  function sendSoon(): void {
    if (willSend) return;
    willSend = true;
    queueMicrotask(() => {
      if (!client.closed) sendMore();
    });
  }

  const nudge = setTimeout(
    () => {
      if (isNudged || isWriting || unanswered.length === 0 || client.closed) return;
      isNudged = true;
      client.ftp.send("NOOP");
    },
    Math.min(nudgeAfterMs, client.ftp.timeout / 2),
  );

  const done = client.ftp.handle(undefined, (response, task) => {
    const isReply = !(response instanceof Error) || response instanceof FTPError;
    if (!isReply) return task.reject(response);
    const reply: FTPResponse = { code: response.code, message: response.message };
    if (reply.code < 200) return;
    // 421 answers no command: the server says good-bye, whatever was asked (RFC 959 section 4.2.2).
    if (reply.code === 421) return client.ftp.closeWithError(new Error(quoteReply(reply)));
    nudge.refresh();
    const command = unanswered.shift();
    if (command === undefined) isNudged = false;
    else {
      // The answer to the nudge: the server has dropped what came together with something else.
      const isNudgeAnswered = isNudged && reply.code === 200 && !ANSWERED_BY_200.test(command);
      if (isNudgeAnswered || !canAnswer(command, reply)) {
        isOutOfStep = true;
        return client.ftp.closeWithError(new Error("The server left out replies."));
      }
      bytesUnanswered -= byteLength(command);
      replies.push(reply);
      if (replies.length === groups[answering]?.length) {
        onReplies(answering, replies);
        replies = [];
        answering += 1;
      }
    }
    if (answering < groups.length) sendSoon();
    else if (!isNudged) task.resolve(undefined);
  });
  try {
    if (!client.closed) sendMore();
    await done;
    if (facts && mostBytes > TLS_WINDOW.bytes / 2) facts.profile.pipelines = true;
  } catch (error) {
    if (facts && (isNudged || isOutOfStep) && next - answering > 1) notePipelineStalled(facts);
    throw error;
  } finally {
    clearTimeout(nudge);
  }
}

function windowFor({ ftp }: Client, facts: HostFacts | undefined): PipelineWindow {
  if (facts?.profile.pipelines === false) return NO_WINDOW;
  return ftp.hasTLS ? TLS_WINDOW : PLAIN_WINDOW;
}

/** A host that took many commands at a time before is believed once more: the network may have failed instead. */
function notePipelineStalled({ profile }: HostFacts): void {
  profile.pipelines = profile.pipelines === true ? null : false;
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

/** What is written at a time: whole groups, as many as fit, or whole lines of one that does not. */
function piecesOf(groups: readonly CommandGroup[]): string[] {
  const pieces: string[] = [];
  for (const group of groups) {
    const lines = group.map((command) => `${command}\r\n`);
    for (const part of sum(group.map(byteLength)) <= MAX_PIECE_BYTES ? [lines.join("")] : lines) {
      const last = pieces.at(-1);
      if (last === undefined || Buffer.byteLength(last + part) > MAX_PIECE_BYTES) pieces.push(part);
      else pieces[pieces.length - 1] = last + part;
    }
  }
  return pieces;
}

/**
 * Whether a reply can be the one to this command: 3xx asks for more, which RNFR does and nothing else that is sent here
 * (RFC 959 section 5.4).
 */
function canAnswer(command: string, { code }: FTPResponse): boolean {
  return code >= 400 || code >= 300 === command.startsWith("RNFR ");
}

function byteLength(command: string): number {
  return Buffer.byteLength(command) + 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

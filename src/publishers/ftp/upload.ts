/** Uploads many files over several FTP connections. A connection more is welcome, one less is a fact to live with. */
import { pipeline, type Readable, Transform, type TransformCallback } from "node:stream";
import { FTPError } from "basic-ftp";
import { PermanentError, RetryLaterError } from "../../errors.ts";
import type { Upload } from "../publisher.ts";
import type { FtpConnection } from "./connection.ts";
import { createGrowth } from "./lanes.ts";
import type { FtpLanes } from "./pool.ts";
import { refusalOf } from "./refusal.ts";
import { classifyReply } from "./replies.ts";
import { UnreadableFileError } from "./store.ts";

/** How often it is looked at whether one connection more would help, in milliseconds. */
const LOOK_EVERY_MS = 50;

/** Of larger files it is counted while they are sent how much has gone. */
const LARGE_FILE_BYTES = 1024 * 1024;

type Job = { readonly file: Upload; failures: number };

export type UploadOptions = {
  readonly lanes: FtpLanes;
  readonly maxTries: number;
  /** Waits before a file is tried again; rejects when the session is closed. */
  readonly pause: (failures: number) => Promise<void>;
};

/**
 * Sends every file, up to `maxTries` times each. Throws HostFullError when the host is full, PermanentError when it
 * refuses a file, RetryLaterError when it lets nobody in, UnreadableFileError, and the last error of a file whose tries are used up. When it
 * throws, nothing is sent any more.
 */
export async function uploadFiles(
  files: readonly Upload[],
  onDone: (file: Upload) => void,
  { lanes, maxTries, pause }: UploadOptions,
): Promise<void> {
  const queue: Job[] = files.map((file) => ({ file, failures: 0 }));
  let bytesLeft = files.reduce((sum, { size }) => sum + size, 0);
  let filesSent = 0;
  let bytesSent = 0;
  let loggingIn = 0;
  let failure: { readonly error: unknown } | undefined;
  const working = new Set<Promise<void>>();
  const sending = new Set<FtpConnection>();
  const growth = createGrowth(lanes);

  /** Sends files as long as there are any, and a connection. */
  async function work(nextConnection: () => Promise<FtpConnection | null>): Promise<void> {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      try {
        const connection = await nextConnection();
        if (connection === null || failure !== undefined) {
          queue.unshift(job);
          return;
        }
        bytesLeft -= job.file.size;
        await send(connection, job.file).catch((error: unknown) => {
          bytesLeft += job.file.size;
          throw error;
        });
      } catch (error) {
        job.failures += 1;
        if (isFinal(error) || job.failures >= maxTries || failure !== undefined) throw error;
        await pause(job.failures);
        // To the front: while the host is away, one file uses up its tries and not every file some.
        queue.unshift(job);
        continue;
      }
      filesSent += 1;
      onDone(job.file);
    }
  }

  async function send(connection: FtpConnection, file: Upload): Promise<void> {
    sending.add(connection);
    try {
      await sendFile(connection, file, (bytes) => {
        bytesSent += bytes;
      });
    } finally {
      sending.delete(connection);
    }
  }

  function start(lane: Promise<void>): void {
    const ended = lane.catch(stopAll).finally(() => working.delete(ended));
    working.add(ended);
  }

  function stopAll(error: unknown): void {
    failure ??= { error };
    for (const connection of sending) connection.close();
  }

  async function workOn(first: FtpConnection): Promise<void> {
    let connection: FtpConnection | null = first;
    try {
      await work(async () => {
        connection = connection && (await lanes.renew(connection));
        return connection;
      });
    } finally {
      if (connection) lanes.release(connection);
    }
  }

  function isWorthOneMore(): boolean {
    if (failure !== undefined || queue.length <= loggingIn) return false;
    if (lanes.idle() > 0) return true;
    const left = { filesLeft: queue.length, bytesLeft };
    const now = { atMs: performance.now(), working: working.size, loggingIn };
    return growth.wantsOneMore({ ...now, ...left, filesSent, bytesSent }) && lanes.hasRoom();
  }

  function look(): void {
    while (isWorthOneMore()) {
      loggingIn += 1;
      lanes.take().then(join, stopAll);
    }
  }

  function join(connection: FtpConnection | null): void {
    loggingIn -= 1;
    if (connection === null) return;
    if (queue.length === 0 || failure !== undefined) lanes.release(connection);
    else start(workOn(connection));
  }

  const looking = setInterval(look, LOOK_EVERY_MS);
  try {
    for (let rounds = 0; queue.length > 0 && failure === undefined; rounds += 1) {
      // The main connection was refused while others were logged in, and those have ended, too.
      if (rounds > 0) await pause(1);
      start(work(lanes.main));
      look();
      while (working.size > 0) await Promise.race(working);
    }
  } finally {
    clearInterval(looking);
  }
  if (failure !== undefined) throw failure.error;
}

/** Sends one file. Closes the connection when it is of no more use. */
async function sendFile(connection: FtpConnection, file: Upload, onSent: (bytes: number) => void): Promise<void> {
  try {
    await sendOnce(connection, file, onSent);
  } catch (error) {
    if (error instanceof UnreadableFileError) throw error;
    if (!isRefusal(error)) {
      // A fresh connection is the only state that is sure to be in step with the server.
      connection.close();
      throw error;
    }
    if (classifyReply(error) === "full") throw refusalOf(file.path, error);
    if (connection.isClosed()) throw error;
    // ProFTPD without AllowOverwrite: "550 … Overwrite permission denied" where an earlier try left a part of the file.
    await connection.run([[`DELE ${connection.name(file.path)}`]], () => {});
    await sendOnce(connection, file, onSent).catch((again: unknown) => {
      if (isRefusal(again)) throw refusalOf(file.path, again);
      connection.close();
      throw again;
    });
  }
}

async function sendOnce(connection: FtpConnection, file: Upload, onSent: (bytes: number) => void): Promise<void> {
  if (file.size >= LARGE_FILE_BYTES) return connection.upload(counted(file.open(), onSent), file.path);
  await connection.upload(file.open(), file.path);
  onSent(file.size);
}

function isFinal(error: unknown): boolean {
  return [PermanentError, RetryLaterError, UnreadableFileError].some((kind) => error instanceof kind);
}

/** The server's own word that it does not want this file. */
function isRefusal(error: unknown): error is FTPError {
  if (!(error instanceof FTPError)) return false;
  // "522 SSL connection failed: session reuse required" (vsftpd) is about the data connection.
  return error.code !== 522 && !["transient", "too-many"].includes(classifyReply(error));
}

function counted(source: Readable, onBytes: (bytes: number) => void): Readable {
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  // A failure of the source becomes one of the counter.
  pipeline(source, counter, () => {});
  return counter;
}

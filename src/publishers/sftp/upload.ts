/** Uploads many files over one SFTP connection: all that is small is under way at the same time. */
import { once } from "node:events";
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { PermanentError } from "../../errors.ts";
import { type ByteBudget, createByteBudget } from "../in-flight.ts";
import type { Upload } from "../publisher.ts";
import { wholePath } from "../target-path.ts";
import type { SftpConnection } from "./connection.ts";
import type { SftpLine } from "./line.ts";
import { closeFile, openFile, statIfAny, writeFile } from "./requests.ts";
import { explainFull } from "./space.ts";
import { explainStatus, hasCode, isDenied, isMissing, SftpStatusError, STATUS } from "./status.ts";

export type SftpUploader = { upload(files: readonly Upload[], onDone: (file: Upload) => void): Promise<void> };

export type SftpUploadOptions = {
  /** How many files are under way at most. */
  readonly maxFiles: number;
  /** How many bytes are sent and not confirmed, at most. */
  readonly maxBytes: number;
  /** How often one file is tried when the host refuses it without a reason. */
  readonly maxTries: number;
  say(line: string): void;
};

type Job = { readonly file: Upload; failures: number };

/** How many times fewer files to send at once when a connection was lost before any of them was finished. */
const RETREAT = 8;

/** Creates the uploader of a session. It remembers how many files the host takes at once. */
export function createSftpUploader(line: SftpLine, options: SftpUploadOptions): SftpUploader {
  const budget = createByteBudget(options.maxBytes);
  let width = options.maxFiles;
  let narrowingSaid = false;

  function narrow(to: number): void {
    width = Math.max(1, Math.floor(to));
    if (!narrowingSaid) options.say("The host does not take so many files at once; going on with fewer.");
    narrowingSaid = true;
  }

  /** Sends files from the queue until it is empty or something fails. What is not done is in the queue afterwards. */
  async function sendAll(connection: SftpConnection, queue: Job[], onDone: (file: Upload) => void): Promise<void> {
    const failures: unknown[] = [];
    const underWay = new Set<Promise<void>>();
    let running = 0;

    async function finish(job: Job, done: Promise<void>): Promise<void> {
      const widthThen = width;
      try {
        await done;
        onDone(job.file);
      } catch (error) {
        queue.unshift(job);
        await cope(connection, job, error, widthThen).catch((reason: unknown) => failures.push(reason));
      }
    }

    async function work(): Promise<void> {
      running += 1;
      while (failures.length === 0 && running <= width) {
        const job = queue.shift();
        if (job === undefined) break;
        const { sent, done } = sendFile(connection, job.file, budget);
        const finished = finish(job, done).finally(() => underWay.delete(finished));
        underWay.add(finished);
        // The server works on requests in their order: a file whose end is sent takes up none of its places. A server
        // that takes only one file gets the next one when it has answered.
        await (width === 1 || underWay.size >= 2 * width ? finished : sent);
      }
      running -= 1;
    }

    while (queue.length > 0 && failures.length === 0) {
      await Promise.all(Array.from({ length: Math.min(width, queue.length) }, work));
      await Promise.all(underWay);
    }
    if (failures.length > 0) throw failures.find((failure) => failure instanceof PermanentError) ?? failures[0];
  }

  /** Returns when the file may be sent again, and throws when not. */
  async function cope(connection: SftpConnection, job: Job, error: unknown, widthThen: number): Promise<void> {
    const { path, size } = job.file;
    if (!(error instanceof SftpStatusError)) throw error;
    if (isMissing(error)) throw new PermanentError(`The folder of ${path} is missing on the host.`, { cause: error });
    if (isDenied(error)) throw explainStatus(error, `${path} be written`);
    // "Too many open files" is a mere failure. Those that failed together are one reason to send fewer, not many.
    if (error.request === "open" && hasCode(error, STATUS.failure) && widthThen > 1) {
      if (width === widthThen) narrow(width / 2);
      return;
    }
    const whole = wholePath(connection, path);
    const full = await explainFull(connection, error, posix.dirname(whole), size);
    if (full !== undefined) throw full;
    if ((await statIfAny(connection, whole))?.isDirectory()) {
      throw new PermanentError(`A folder is in the way of ${path}. Move it away, then publish again.`);
    }
    job.failures += 1;
    if (job.failures >= options.maxTries) throw explainStatus(error, `${path} be written`);
    await line.pause(job.failures);
  }

  return {
    async upload(files, onDone) {
      const queue: Job[] = files.map((file) => ({ file, failures: 0 }));
      await line.onConnection(async (connection, trial) => {
        for (const { file } of queue) wholePath(connection, file.path);
        const before = queue.length;
        const done = (file: Upload) => {
          trial.progressed();
          onDone(file);
        };
        try {
          await sendAll(connection, queue, done);
        } catch (error) {
          if (connection.isClosed() && queue.length === before && before > 1 && width > 1) narrow(width / RETREAT);
          throw error;
        }
      });
    },
  };
}

type Sending = {
  /** All that belongs to the file is sent, or it has failed. Never rejects. */
  readonly sent: Promise<void>;
  /** All of it is answered. */
  readonly done: Promise<void>;
};

function sendFile(connection: SftpConnection, file: Upload, budget: ByteBudget): Sending {
  const { promise: sent, resolve: onSent } = Promise.withResolvers<void>();
  const done = transfer(connection, file, budget, onSent).finally(onSent);
  return { sent, done };
}

async function transfer(connection: SftpConnection, file: Upload, budget: ByteBudget, onSent: () => void) {
  const source = file.open();
  try {
    source.on("error", () => {});
    // A file that cannot be read here is no fault of the host: it fails before anything is sent.
    await once(source, "readable");
    const handle = await openFile(connection, wholePath(connection, file.path), "w");
    await sendContent(connection, handle, source, budget, onSent);
  } finally {
    source.destroy();
  }
}

/** Sends all of it, and the request to close right behind; only then it waits for the answers. Closes in any case. */
async function sendContent(
  connection: SftpConnection,
  handle: Buffer,
  source: Readable,
  budget: ByteBudget,
  onSent: () => void,
): Promise<void> {
  const failures: unknown[] = [];
  const waiting = new Set<Promise<void>>();

  async function send(piece: Buffer, position: number): Promise<void> {
    await writeFile(connection, handle, piece, position)
      .catch((error: unknown) => failures.push(error))
      .finally(() => budget.give(piece.length));
  }

  try {
    let position = 0;
    for await (const piece of piecesOf(source, connection.maxWrite)) {
      await budget.take(piece.length);
      if (failures.length > 0) {
        budget.give(piece.length);
        break;
      }
      const sent = send(piece, position).finally(() => waiting.delete(sent));
      waiting.add(sent);
      position += piece.length;
    }
  } catch (error) {
    failures.push(error);
  }
  const closed = closeFile(connection, handle).catch((error: unknown) => failures.push(error));
  onSent();
  await Promise.all([...waiting, closed]);
  if (failures.length > 0) throw failures[0];
}

async function* piecesOf(source: Readable, maxBytes: number): AsyncGenerator<Buffer> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; start += maxBytes) yield chunk.subarray(start, start + maxBytes);
  }
}

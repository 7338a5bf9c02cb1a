/** Uploads many files over several FTP connections. A connection more is welcome, one less is a fact to live with. */
import { FTPError } from "basic-ftp";
import { PermanentError } from "../errors.ts";
import { type FtpConnection, ftpPath } from "./ftp-connection.ts";
import { classifyReply, quoteReply } from "./ftp-replies.ts";
import type { Upload } from "./publisher.ts";

/** Fewer files than this per connection, and another login costs more than it saves (about ten round trips). */
const FILES_PER_CONNECTION = 3;

export type Lane = {
  /** A working connection, replaced when it broke; null when the host grants this lane none. */
  connection(): Promise<FtpConnection | null>;
};

type Job = { readonly file: Upload; failures: number; cleared: boolean };

export type UploadOptions = {
  /** The first lane always gets a connection or throws; the others may be refused theirs. */
  readonly lanes: readonly Lane[];
  readonly maxTries: number;
  /** Waits before a file is tried again; rejects when the session is closed. */
  readonly pause: (failures: number) => Promise<void>;
};

/**
 * Sends every file, up to `maxTries` times each. Throws PermanentError when the host is full or refuses a file, and
 * the last error of a file whose tries are used up.
 */
export async function uploadFiles(files: readonly Upload[], onDone: (file: Upload) => void, options: UploadOptions) {
  const queue: Job[] = files.map((file) => ({ file, failures: 0, cleared: false }));
  let failed = false;

  async function work(lane: Lane): Promise<void> {
    for (let job = queue.shift(); job !== undefined && !failed; job = queue.shift()) {
      try {
        const connection = await lane.connection();
        if (connection === null) {
          queue.unshift(job);
          return;
        }
        await send(connection, job);
      } catch (error) {
        job.failures += 1;
        if (error instanceof PermanentError || job.failures >= options.maxTries) {
          failed = true;
          throw error;
        }
        queue.push(job);
        await options.pause(job.failures);
        continue;
      }
      onDone(job.file);
    }
  }

  const [main, ...extras] = options.lanes;
  if (main === undefined) throw new RangeError("at least one lane");
  while (queue.length > 0) {
    const useful = extras.slice(0, Math.floor((queue.length - 1) / FILES_PER_CONNECTION));
    // A lane that ends for want of a connection leaves its file in the queue, perhaps after the others were done.
    for (const result of await Promise.allSettled([main, ...useful].map(work))) {
      if (result.status === "rejected") throw result.reason;
    }
  }
}

async function send(connection: FtpConnection, job: Job): Promise<void> {
  const { path } = job.file;
  try {
    await connection.upload(job.file.open(), path);
  } catch (error) {
    if (!(error instanceof FTPError)) {
      connection.close();
      throw error;
    }
    switch (classifyReply(error)) {
      case "full":
        throw new PermanentError(`There is no room left on the host: ${quoteReply(error)}`, { cause: error });
      case "transient":
      case "too-many":
        // A fresh connection is the only state that is sure to be in step with the server.
        connection.close();
        throw error;
      default:
        if (job.cleared) throw new PermanentError(`The host refuses ${path}: ${quoteReply(error)}`, { cause: error });
    }
    // ProFTPD without AllowOverwrite: "550 … Overwrite permission denied" where an earlier try left a part of the file.
    job.cleared = true;
    if (!connection.isClosed()) await connection.run([[`DELE ${ftpPath(path)}`]], () => {});
    throw error;
  }
}

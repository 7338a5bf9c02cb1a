/** What a publish does over FTP, in batches of commands that survive the loss of a connection. */
import type { FTPResponse } from "basic-ftp";
import { PermanentError } from "../errors.ts";
import { type FtpConnection, ftpPath } from "./ftp-connection.ts";
import type { CommandGroup } from "./ftp-pipeline.ts";
import type { FtpPool } from "./ftp-pool.ts";
import { createFtpRenamer } from "./ftp-rename.ts";
import { classifyReply, quoteReply } from "./ftp-replies.ts";
import { uploadFiles } from "./ftp-upload.ts";
import type { PublishSession } from "./publisher.ts";

export function createFtpSession(pool: FtpPool, maxTries: number): PublishSession {
  /**
   * Has each group answered once, however many connections that takes. A group may be sent twice when a reply was
   * lost. `take` may throw an Error to have its group sent again, or a PermanentError to end the batch.
   */
  async function batch(
    groups: readonly CommandGroup[],
    take: (index: number, replies: readonly FTPResponse[]) => void,
  ) {
    const open = new Set(groups.keys());
    await pool.onMain(async (connection) => {
      const sent = [...open];
      await connection.run(
        sent.map((index) => groups[index] ?? []),
        (position, replies) => {
          const index = sent[position];
          if (index === undefined) return;
          take(index, replies);
          open.delete(index);
        },
      );
    });
  }

  async function sizes(paths: readonly string[]): Promise<Array<number | undefined>> {
    const found: Array<number | undefined> = paths.map(() => undefined);
    await batch(
      paths.map((path) => [`SIZE ${ftpPath(path)}`]),
      (index, [reply]) => {
        if (reply !== undefined) found[index] = readSize(reply);
      },
    );
    return found;
  }

  const renamer = createFtpRenamer(pool, sizes);

  return {
    sizes,
    rename: renamer.rename,

    async readFile(path, maxBytes) {
      // SIZE first: on a missing file ProFTPD resets the data connection, which costs the control connection too.
      const [size] = await sizes([path]);
      if (size === undefined) return undefined;
      if (size > maxBytes) throw new PermanentError(`${path} is larger than ${maxBytes} bytes`);
      return pool.onMain((connection) => connection.download(path, maxBytes));
    },

    list: (folder) => pool.onMain((connection) => connection.list(folder)),

    async makeFolders(paths) {
      const made: string[] = [];
      const doubtful: string[] = [];
      await batch(
        paths.map((path) => [`MKD ${ftpPath(path)}`]),
        (index, [reply]) => {
          const path = paths[index];
          if (reply === undefined || path === undefined) return;
          refuseIfFull(reply);
          (classifyReply(reply) === "fine" ? made : doubtful).push(path);
        },
      );
      // Refused: it exists, or there is a file of that name, or it may not be made; vsftpd says the same to all three.
      await requireFolders(doubtful);
      return made;
    },

    upload: (files, onDone) => uploadFiles(files, onDone, { lanes: pool.lanes, maxTries, pause: pool.pause }),

    async remove(paths) {
      const refused = new Map<string, FTPResponse>();
      await batch(
        paths.map((path) => [`DELE ${ftpPath(path)}`]),
        (index, [reply]) => {
          const path = paths[index];
          if (reply === undefined || path === undefined) return;
          const kind = classifyReply(reply);
          if (kind === "transient") throw new Error(quoteReply(reply));
          if (kind !== "fine") refused.set(path, reply);
        },
      );
      const names = [...refused.keys()];
      const still = await sizes(names);
      const left = names.find((_, index) => still[index] !== undefined);
      const reply = left === undefined ? undefined : refused.get(left);
      if (reply) throw new PermanentError(`The host does not let ${left} be removed: ${quoteReply(reply)}`);
    },

    async removeEmptyFolders(paths) {
      await batch(
        paths.map((path) => [`RMD ${ftpPath(path)}`]),
        () => {},
      );
    },

    async close() {
      pool.close();
    },
  };

  async function requireFolders(paths: readonly string[]): Promise<void> {
    await pool.onMain(async (connection: FtpConnection) => {
      let problem: PermanentError | undefined;
      await connection.run(
        paths.map((path) => [`CWD ${ftpPath(path)}`, `CWD ${connection.base}`]),
        (index, [there, back]) => {
          if (there === undefined || back === undefined) return;
          if (classifyReply(back) !== "fine") throw new Error(quoteReply(back));
          if (classifyReply(there) === "fine") return;
          problem ??= new PermanentError(
            `The host has no folder ${paths[index]} and does not let it be made (${quoteReply(there)}). ` +
              "If there is a file of that name, move it away; otherwise check the permissions of the account.",
          );
        },
      );
      if (problem !== undefined) throw problem;
    });
  }
}

/** The size in "213 1234" (RFC 3659 section 4); undefined where there is no such file. */
function readSize(reply: FTPResponse): number | undefined {
  switch (classifyReply(reply)) {
    case "fine": {
      const size = Number(/^213[ -](\d+)/.exec(reply.message)?.[1]);
      if (!Number.isSafeInteger(size)) throw new Error(`no size in "${quoteReply(reply)}"`);
      return size;
    }
    case "missing":
    case "refused":
      return undefined;
    case "unsupported":
      throw new PermanentError(`The host cannot tell the size of a file (SIZE): ${quoteReply(reply)}`);
    default:
      throw new Error(quoteReply(reply));
  }
}

function refuseIfFull(reply: FTPResponse): void {
  const kind = classifyReply(reply);
  if (kind === "full") throw new PermanentError(`There is no room left on the host: ${quoteReply(reply)}`);
  if (kind === "transient") throw new Error(quoteReply(reply));
}

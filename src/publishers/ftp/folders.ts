/**
 * Folders over FTP as something that two may want at the same time: claimed, moved and swapped. MKD and RNTO are
 * atomic on vsftpd, ProFTPD and Pure-FTPd (measured), but their answers do not always tell why they refuse; then this
 * looks at what is there.
 */
import type { FTPResponse } from "basic-ftp";
import { PermanentError } from "../../errors.ts";
import { MissingFileError, NoRenameError, type PublishSession } from "../publisher.ts";
import { readSize } from "./answers.ts";
import type { FtpConnection } from "./connection.ts";
import type { CommandGroup } from "./pipeline.ts";
import type { FtpPool } from "./pool.ts";
import { refusalOf } from "./refusal.ts";
import { classifyReply, quoteReply } from "./replies.ts";

/** A connection that was silent for longer is asked whether it still lives. Hosts hang up after minutes, firewalls too. */
const SURELY_ALIVE_MS = 5000;

/** How often a folder is claimed that another holds when we try and that is gone when we look. */
const MAX_CLAIMS = 3;

export type FtpFolders = Pick<PublishSession, "claimFolder" | "moveFolder" | "swapFolders">;

/** What stands at a path. */
export type Found = { readonly kind: "file"; readonly size: number } | { readonly kind: "folder" } | undefined;

/** Paths are checked before they get here. */
export function createFtpFolders(pool: FtpPool): FtpFolders {
  /** Something that may be done once only. It fails when the connection is lost before all is answered. */
  async function once(groupFor: (connection: FtpConnection) => CommandGroup): Promise<FTPResponse[]> {
    const connection = await pool.onMain(async (candidate) => {
      if (candidate.silentMs() > SURELY_ALIVE_MS) await candidate.run([["NOOP"]], () => {});
      return candidate;
    });
    return ask(connection, groupFor(connection));
  }

  const lookAt = (path: string) => pool.onMain((connection) => look(connection, [path])).then(([found]) => found);

  async function claimFolder(path: string, beside?: string): Promise<boolean> {
    let refusal: PermanentError | undefined;
    for (let claim = 1; claim <= MAX_CLAIMS; claim += 1) {
      const [reply] = await once((connection) =>
        [path, ...(beside === undefined ? [] : [beside])].map((folder) => `MKD ${connection.name(folder)}`),
      );
      if (reply === undefined) throw new Error(`no answer about the folder ${path}`);
      const kind = classifyReply(reply);
      if (kind === "fine") return true;
      if (kind === "exists") return false;
      if (kind === "transient" || kind === "too-many") throw new Error(quoteReply(reply));
      // vsftpd: "550 Create directory operation failed." to whatever the reason is.
      if ((await lookAt(path)) !== undefined) return false;
      refusal = refusalOf(path, reply);
      // The refusal was an answer, so nothing was made: to try again proves no less than the first try did.
      if (kind !== "refused") break;
    }
    throw refusal ?? new Error(`no answer about the folder ${path}`);
  }

  async function moveFolder(from: string, to: string): Promise<boolean> {
    const [rnfr, rnto] = await once((connection) => renameGroup(connection, from, to));
    if (rnfr === undefined || rnto === undefined) throw new Error(`no answer about the folder ${from}`);
    if (classifyReply(rnto) === "fine") return true;
    const reply = classifyReply(rnfr) === "fine" ? rnto : rnfr;
    const kind = classifyReply(reply);
    if (kind === "missing") return false;
    if (kind === "unsupported") throw new NoRenameError(`The host renames nothing: ${quoteReply(reply)}`);
    if (kind === "transient" || kind === "too-many") throw new Error(quoteReply(reply));
    if ((await lookAt(from)) === undefined) return false;
    if (kind === "permission" || kind === "forbidden-name" || kind === "exists") throw refusalOf(to, reply);
    // What is at `from` now may be the next one's: two that fight over it meet here on vsftpd, which gives no reasons.
    throw new Error(`The host does not let the folder ${from} be moved: ${quoteReply(reply)}`);
  }

  async function swapFolders(live: string, next: string, old: string): Promise<void> {
    await pool.onMain(async (connection) => {
      const [isLive, isNext, isOld] = await look(connection, [live, next, old]);
      if (isNext === undefined) {
        if (isLive !== undefined && isOld !== undefined) return;
        if (isOld !== undefined) await rename(connection, old, live);
        throw new MissingFileError(`Cannot swap ${next} in: the host says it is not there.`);
      }
      if (isLive !== undefined && isOld !== undefined) {
        throw new PermanentError(`Cannot swap ${live} out: something else stands at ${old}. Move it away.`);
      }
      const away = isLive === undefined ? [] : renameGroup(connection, live, old);
      const replies = await ask(connection, [...away, ...renameGroup(connection, next, live)]);
      const [refused] = replies.filter((reply) => classifyReply(reply) !== "fine");
      if (refused === undefined) return;
      const [stillLive, , nowOld] = await look(connection, [live, next, old]);
      if (stillLive === undefined && nowOld !== undefined) await rename(connection, old, live);
      if (classifyReply(refused) === "transient") throw new Error(quoteReply(refused));
      throw new NoRenameError(`The host does not let the folder ${live} be swapped: ${quoteReply(refused)}`);
    });
  }

  return { claimFolder, moveFolder, swapFolders };
}

/** What stands at each path, in one round trip. A folder is what can be entered. */
export async function look(connection: FtpConnection, paths: readonly string[]): Promise<Found[]> {
  const found: Found[] = paths.map(() => undefined);
  await connection.run(
    paths.map((path) => {
      const name = connection.name(path);
      return [`SIZE ${name}`, `CWD ${name}`, `CWD ${connection.base}`];
    }),
    (index, [size, there, back]) => {
      if (size === undefined || there === undefined || back === undefined) return;
      if (classifyReply(back) !== "fine") throw new Error(quoteReply(back));
      const bytes = readSize(size);
      if (classifyReply(there) === "fine") found[index] = { kind: "folder" };
      else found[index] = bytes === undefined ? undefined : { kind: "file", size: bytes };
    },
  );
  return found;
}

function renameGroup(connection: FtpConnection, from: string, to: string): string[] {
  return [`RNFR ${connection.name(from)}`, `RNTO ${connection.name(to)}`];
}

async function ask(connection: FtpConnection, group: CommandGroup): Promise<FTPResponse[]> {
  const answers: FTPResponse[] = [];
  await connection.run([group], (_, replies) => answers.push(...replies));
  return answers;
}

/** Throws PermanentError when it is refused. */
async function rename(connection: FtpConnection, from: string, to: string): Promise<void> {
  const replies = await ask(connection, renameGroup(connection, from, to));
  const refused = replies.findLast((reply) => classifyReply(reply) !== "fine");
  if (refused !== undefined)
    throw new PermanentError(
      `${to} is now called ${from}, and the host does not let it be renamed back: ${quoteReply(refused)}`,
    );
}

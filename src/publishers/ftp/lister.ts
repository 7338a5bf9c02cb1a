/** Lists folders over FTP: with MLSD where the server offers it, else with LIST, whose options nobody has specified. */
import { FTPError } from "basic-ftp";
import type { Listing } from "../publisher.ts";
import type { FtpConnection } from "./connection.ts";
import type { HostFacts } from "./facts.ts";
import { look } from "./folders.ts";
import { readListing } from "./listing.ts";
import type { FtpPool } from "./pool.ts";
import { refusalOf } from "./refusal.ts";
import { classifyReply, quoteReply } from "./replies.ts";

/** "-a" shows names with a dot in front on vsftpd, ProFTPD and Pure-FTPd; IIS takes it for a name. */
const LIST_COMMANDS = ["LIST -a", "LIST"];

/** Paths are checked before they get here. */
export function createFtpLister(
  pool: FtpPool,
  { profile }: HostFacts,
): (folder: string) => Promise<Listing | undefined> {
  return (folder) =>
    pool.onMain(async (connection) => {
      // Listed from inside: LIST would take a space in the name for an end, and "*" and "[" for patterns.
      if (!(await enter(connection, folder))) return undefined;
      const answer = await request(connection).finally(() => leave(connection));
      const { files, folders, others, showsDotFiles, isWhole } = readListing(answer.text, answer.reply);
      if (showsDotFiles !== null) profile.listsDotFiles = showsDotFiles;
      const paths = others.map((name) => `${folder}/${name}`);
      const found = await look(connection, paths);
      const sizes = new Map(files);
      for (const [index, name] of others.entries()) {
        const what = found[index];
        if (what?.kind === "file") sizes.set(name, what.size);
        else if (what?.kind === "folder") folders.push(name);
      }
      return { files: sizes, folders, isComplete: isWhole && profile.listsDotFiles === true };
    });

  async function request(connection: FtpConnection): ReturnType<FtpConnection["list"]> {
    if (connection.features.hasMlsd) return connection.list("MLSD");
    let refusal: unknown;
    for (const command of LIST_COMMANDS) {
      try {
        return await connection.list(command);
      } catch (error) {
        if (!(error instanceof FTPError) || error.code < 500) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }
}

/** False when there is no such folder. Throws PermanentError when it may not be entered. */
async function enter(connection: FtpConnection, folder: string): Promise<boolean> {
  let isIn = false;
  let refusal: Error | undefined;
  await connection.run([[`CWD ${connection.name(folder)}`]], (_, [reply]) => {
    if (reply === undefined) return;
    const kind = classifyReply(reply);
    isIn = kind === "fine";
    if (kind === "transient") refusal = new Error(quoteReply(reply));
    if (kind === "permission" || kind === "forbidden-name") refusal = refusalOf(folder, reply);
  });
  if (refusal !== undefined) throw refusal;
  return isIn;
}

async function leave(connection: FtpConnection): Promise<void> {
  if (connection.isClosed()) return;
  await connection.run([[`CWD ${connection.base}`]], (_, [reply]) => {
    if (reply !== undefined && classifyReply(reply) !== "fine") throw new Error(quoteReply(reply));
  });
}

/**
 * Symbolic links over SFTP, exchanged in one step. With OpenSSH's server only: ProFTPD 1.3.8 renames what a link leads
 * to instead of the link (seen), which would move a release away from its place.
 */
import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { PermanentError } from "../../errors.ts";
import { pathOf, wholePath } from "../target-path.ts";
import type { SftpLine } from "./line.ts";
import { lstat, makeLink, readLinkText, removeFile, renameOver } from "./requests.ts";
import { explainStatus, ifRefused, undefinedIfMissing } from "./status.ts";

/**
 * See `PublishSession.pointLink`. The link's text is relative: the account may see other paths than the web server.
 */
export async function pointLink(line: SftpLine, path: string, destination: string): Promise<void> {
  const suffix = randomBytes(6).toString("hex");
  await line.onConnection(async (connection) => {
    const link = wholePath(connection, path);
    const text = posix.relative(posix.dirname(link), wholePath(connection, destination));
    const standing = await lstat(connection, link).catch(undefinedIfMissing);
    if (standing !== undefined && !standing.isSymbolicLink()) {
      throw new PermanentError(`${path} on the host is no link. Move it away, then publish again.`);
    }
    const fresh = `${link}.${suffix}`;
    const remove = () => removeFile(connection, fresh).catch(ifRefused(undefined));
    try {
      // An earlier try may have left it.
      await remove();
      await makeLink(connection, text, fresh);
      await renameOver(connection, fresh, link);
    } catch (error) {
      await remove();
      throw explainStatus(error, `${path} be made a link`);
    }
  });
}

/** See `PublishSession.readLink`. */
export async function readLink(line: SftpLine, path: string): Promise<string | undefined> {
  return line.onConnection(async (connection) => {
    const link = wholePath(connection, path);
    // Of what is no link, the protocol says only that it failed.
    const text = await readLinkText(connection, link).catch(ifRefused(undefined));
    return text === undefined ? undefined : pathOf(connection, posix.resolve(posix.dirname(link), text));
  });
}

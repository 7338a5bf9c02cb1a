/** The requests of SFTP, one function each, answered with promises. All throw what `SftpConnection.ask` throws. */
import { posix } from "node:path";
import type { FileEntryWithStats, Stats } from "ssh2";
import type { SftpConnection } from "./connection.ts";
import { hasCode, isMissing, STATUS, undefinedIfMissing } from "./status.ts";

/** How many requests are under way at most. sftp-server of OpenSSH reads ahead no more than 256 KB of them. */
export const REQUESTS_IN_FLIGHT = 128;

/** How many bytes to ask for in one request; every server takes that (draft-ietf-secsh-filexfer-02 section 3). */
export const READ_SIZE = 31 * 1024;

export type FileSystemSpace = {
  readonly f_frsize: number;
  readonly f_bavail: number;
  readonly f_files: number;
  readonly f_favail: number;
};

export const stat = (on: SftpConnection, path: string) =>
  on.ask<Stats>("stat", (sftp, answer) => sftp.stat(path, answer));

/** Undefined where there is nothing. */
export async function statIfAny(on: SftpConnection, path: string): Promise<Stats | undefined> {
  try {
    return await stat(on, path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    // Of a path below a file (ENOTDIR), OpenSSH says that it is missing, ProFTPD that it failed.
    if (!hasCode(error, STATUS.failure) || path === "/") throw error;
    if ((await statIfAny(on, posix.dirname(path)))?.isDirectory() === true) throw error;
    return undefined;
  }
}

export const lstat = (on: SftpConnection, path: string) =>
  on.ask<Stats>("lstat", (sftp, answer) => sftp.lstat(path, answer));

/** Whether there is anything of that name, be it a link that leads nowhere. */
export const exists = (on: SftpConnection, path: string) =>
  lstat(on, path)
    .then(() => true)
    .catch((error: unknown) => undefinedIfMissing(error) ?? false);

export const makeFolder = (on: SftpConnection, path: string) =>
  on.ask<void>("mkdir", (sftp, answer) => sftp.mkdir(path, answer));

export const removeFolder = (on: SftpConnection, path: string) =>
  on.ask<void>("rmdir", (sftp, answer) => sftp.rmdir(path, answer));

export const removeFile = (on: SftpConnection, path: string) =>
  on.ask<void>("remove", (sftp, answer) => sftp.unlink(path, answer));

export const readFolder = (on: SftpConnection, path: string) =>
  on.ask<FileEntryWithStats[]>("readdir", (sftp, answer) => sftp.readdir(path, answer));

/** To a name that is free: the protocol's own rename fails otherwise, with a few servers that do not. */
export const renameToFree = (on: SftpConnection, from: string, to: string) =>
  on.ask<void>("rename", (sftp, answer) => sftp.rename(from, to, answer));

/** In one step over what stands there (rename(2)). Only where `renamesOver`. */
export const renameOver = (on: SftpConnection, from: string, to: string) =>
  on.ask<void>("rename", (sftp, answer) => sftp.ext_openssh_rename(from, to, answer));

/** In the order of symlink(2), where the link is the second. ssh2 sends OpenSSH what it wants (its PROTOCOL, 4.1). */
export const makeLink = (on: SftpConnection, destination: string, link: string) =>
  on.ask<void>("symlink", (sftp, answer) => sftp.symlink(destination, link, answer));

export const readLinkText = (on: SftpConnection, path: string) =>
  on.ask<string>("readlink", (sftp, answer) => sftp.readlink(path, answer));

export const openFile = (on: SftpConnection, path: string, how: "r" | "w") =>
  on.ask<Buffer>("open", (sftp, answer) => sftp.open(path, how, answer));

export const closeFile = (on: SftpConnection, handle: Buffer) =>
  on.ask<void>("close", (sftp, answer) => sftp.close(handle, answer));

export const statFile = (on: SftpConnection, handle: Buffer) =>
  on.ask<Stats>("fstat", (sftp, answer) => sftp.fstat(handle, answer));

export const writeFile = (on: SftpConnection, handle: Buffer, bytes: Buffer, position: number) =>
  on.ask<void>("write", (sftp, answer) => sftp.write(handle, bytes, 0, bytes.length, position, answer));

/** Reads into `into`; answers with the number of bytes, 0 at the end of the file. */
export const readInto = (on: SftpConnection, handle: Buffer, into: Buffer, position: number) =>
  on.ask<number>("read", (sftp, answer) => sftp.read(handle, into, 0, into.length, position, answer));

/** Throws where the server does not offer it. */
export const space = (on: SftpConnection, path: string) =>
  on.ask<FileSystemSpace>("statvfs", (sftp, answer) => sftp.ext_openssh_statvfs(path, answer));

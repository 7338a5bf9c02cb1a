/** Folders and names: the commands that look at or change what is there without moving data (RFC 959, RFC 3659). */
import { chmod, lstat, mkdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { timeValue } from "./listing.ts";
import type { ReplyName } from "./replies.ts";
import { absolutePath, isThere, reasonOf } from "./served-folder.ts";
import type { Session } from "./session.ts";

export function showFolder(session: Session): Promise<void> {
  return session.reply("currentFolder", { folder: quoted(session.folder) });
}

export function changeFolder(session: Session, path: string): Promise<void> {
  return enterFolder(session, path, "folderChanged");
}

export function changeToParent(session: Session): Promise<void> {
  return enterFolder(session, "..", "folderUp");
}

async function enterFolder(session: Session, path: string, reply: "folderChanged" | "folderUp"): Promise<void> {
  const folder = absolutePath(session.folder, path);
  await attempt(session, path, "folderNotChanged", async () => {
    const found = await stat(await session.server.files.follow(folder));
    if (!found.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
    session.folder = folder;
    await session.reply(reply, { folder });
  });
}

export async function makeFolder(session: Session, path: string): Promise<void> {
  const absolute = absolutePath(session.folder, path);
  await attempt(session, path, "folderNotMade", async () => {
    await mkdir(await located(session, path));
    await session.reply("folderMade", { path, absolute: quoted(absolute) });
  });
}

export async function removeFolder(session: Session, path: string): Promise<void> {
  await attempt(session, path, "folderNotRemoved", async () => {
    await rmdir(await located(session, path));
    await session.reply("folderRemoved");
  });
}

export async function deleteFile(session: Session, path: string): Promise<void> {
  await attempt(session, path, "fileNotDeleted", async () => {
    await unlink(await located(session, path));
    await session.reply("fileDeleted", { path });
  });
}

export async function renameFrom(session: Session, path: string): Promise<void> {
  session.renameFrom = undefined;
  await attempt(session, path, "renameMissing", async () => {
    const from = await located(session, path);
    await lstat(from);
    session.renameFrom = from;
    await session.reply("renameReady");
  });
}

export async function renameTo(session: Session, path: string): Promise<void> {
  const from = session.renameFrom;
  session.renameFrom = undefined;
  if (from === undefined) return session.reply("renameOutOfOrder");
  await attempt(session, path, "renameFailed", async () => {
    const to = await located(session, path);
    const { refuseOverwrite } = session.server.misbehaviour().current;
    if ((refuseOverwrite === "rename" || refuseOverwrite === "both") && (await isThere(to))) {
      return session.reply("renameOverwriteDenied", { path });
    }
    await rename(from, to);
    await session.reply("renameDone");
  });
}

export async function showSize(session: Session, path: string): Promise<void> {
  if (!session.isBinary && session.server.refusesSizeInAscii) return session.reply("sizeInAscii");
  await attempt(session, path, "sizeMissing", async () => {
    const found = await stat(await followed(session, path));
    if (!found.isFile()) return session.reply("sizeNotFile", { path });
    await session.replyText(`213 ${found.size}`);
  });
}

export async function showTime(session: Session, path: string): Promise<void> {
  await attempt(session, path, "timeMissing", async () => {
    const found = await stat(await followed(session, path));
    if (!found.isFile()) return session.reply("timeNotFile", { path });
    await session.replyText(`213 ${timeValue(found.mtime)}`);
  });
}

export async function site(session: Session, argument: string): Promise<void> {
  const [, mode, path] = /^CHMOD ([0-7]{3,4}) (.+)$/i.exec(argument) ?? [];
  if (mode === undefined || path === undefined) {
    return session.reply("siteUnknown", { argument: argument.split(" ")[0] ?? "" });
  }
  await attempt(session, path, "modeNotChanged", async () => {
    // No set-user-id and the like.
    await chmod(await followed(session, path), Number.parseInt(mode, 8) & 0o777);
    await session.reply("modeChanged", { path });
  });
}

/** Answers with `refusal` when the file system says no. */
async function attempt(session: Session, path: string, refusal: ReplyName, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => session.reply(refusal, { path, reason: reasonOf(error) }));
}

async function located(session: Session, path: string): Promise<string> {
  const absolute = absolutePath(session.folder, path);
  // The root is ours, not the client's: nobody renames or removes it.
  if (absolute === "/") throw Object.assign(new Error("the root"), { code: "EBUSY" });
  return session.server.files.locate(absolute);
}

function followed(session: Session, path: string): Promise<string> {
  return session.server.files.follow(absolutePath(session.folder, path));
}

/** RFC 959 appendix II: a quote inside a quoted path is doubled. */
function quoted(path: string): string {
  return path.replaceAll('"', '""');
}

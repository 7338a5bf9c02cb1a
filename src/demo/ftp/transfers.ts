/** Uploads and downloads of the demo's FTP server. Every transfer is binary: the type that the client set is not looked at. */
import { type FileHandle, open } from "node:fs/promises";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { TLSSocket } from "node:tls";
import { answerSent, openData, refuseTransfer } from "./data-connection.ts";
import { absolutePath, isThere, reasonOf } from "./served-folder.ts";
import type { Session } from "./session.ts";

/** STOR and APPE. Like the real servers it empties an existing file before the first byte has come. */
export async function store(session: Session, path: string, verb: string): Promise<void> {
  const { server, restartAt } = session;
  const absolute = absolutePath(session.folder, path);
  if (!session.passive.isListening()) return session.reply("noDataConnection");
  let file: FileHandle;
  try {
    const full = await server.files.follow(absolute);
    if (verb === "STOR" && isOverwriteRefused(session) && (await isThere(full))) {
      return refuseTransfer(session, "storeOverwriteDenied", { path });
    }
    file = await open(full, verb === "APPE" ? "a" : restartAt > 0 ? "r+" : "w", 0o644);
  } catch (error) {
    return refuseTransfer(session, "storeFailed", { path, reason: reasonOf(error) });
  }
  try {
    const data = await openData(session, "storeStarts", { path });
    if (data) await receive(session, absolute, data, file, verb === "APPE" ? null : restartAt);
  } finally {
    await file.close();
  }
}

/** `position` is where the first byte goes; null appends. */
async function receive(
  session: Session,
  absolute: string,
  data: Socket,
  file: FileHandle,
  position: number | null,
): Promise<void> {
  const { log, misbehaviour } = session.server;
  const cut = misbehaviour().cutOf(absolute);
  let arrived = 0;
  let stored = 0;
  try {
    const chunks: AsyncIterable<Buffer> = data.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      arrived += chunk.length;
      log.countBytes(chunk.length);
      const kept = cut ? chunk.subarray(0, cut.afterBytes - stored) : chunk;
      if (kept.length > 0) await file.write(kept, 0, kept.length, position === null ? null : position + stored);
      stored += kept.length;
      if (cut && cut.how !== "done" && arrived > cut.afterBytes) break;
    }
  } catch {
    data.destroy();
    return session.reply("storeBroken");
  }
  const isCut = cut !== undefined && arrived > cut.afterBytes;
  if (isCut && cut.how === "hang") return session.hang();
  if (isCut && cut.how !== "done") {
    reset(data);
    return cut.how === "close" ? session.abort() : session.reply("storeBroken");
  }
  log.countStored(absolute, stored);
  await session.reply("storeDone");
}

export async function retrieve(session: Session, path: string): Promise<void> {
  const { server, restartAt } = session;
  if (!session.passive.isListening()) return session.reply("noDataConnection");
  let file: FileHandle;
  try {
    file = await open(await server.files.follow(absolutePath(session.folder, path)), "r");
  } catch (error) {
    return refuseTransfer(session, "retrieveFailed", { path, reason: reasonOf(error) });
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) return await refuseTransfer(session, "retrieveNotFile", { path });
    const data = await openData(session, "retrieveStarts", { path, size: found.size });
    if (!data) return;
    const sent = pipeline(file.createReadStream({ start: restartAt, autoClose: false }), data);
    await answerSent(session, sent, "retrieveDone", {});
  } finally {
    await file.close();
  }
}

function isOverwriteRefused({ server }: Session): boolean {
  const { refuseOverwrite } = server.misbehaviour().current;
  return refuseOverwrite === "store" || refuseOverwrite === "both";
}

/** As a broken network ends it; Node can reset plain connections only. */
function reset(data: Socket): void {
  if (data instanceof TLSSocket) data.destroy();
  else data.resetAndDestroy();
}

/** The commands of the demo's FTP server that send a listing: LIST and NLST (RFC 959), MLSD (RFC 3659). */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { answerSent, openData, refuseTransfer } from "./data-connection.ts";
import { factLine, longLine, readEntries, readEntry } from "./listing.ts";
import type { ReplyName, ReplyValues } from "./replies.ts";
import { absolutePath, reasonOf } from "./served-folder.ts";
import type { Session } from "./session.ts";

/** Of a folder or of one file. An option with an `a` shows the names with a dot in front. */
export function list(session: Session, argument: string): Promise<void> {
  const { withDots, path } = readListArgument(argument);
  return sendListing(session, path, "listDone", withDots, async (full) => {
    const found = await stat(full);
    const now = Date.now();
    if (!found.isDirectory()) return [longLine(await readEntry(dirname(full), basename(full)), now)];
    const entries = await readEntries(full, withDots);
    const dots = withDots ? [".", ".."] : [];
    const lines = dots.map((name) => longLine({ name, stats: found, linkTarget: undefined }, now));
    return [...lines, ...entries.map((entry) => longLine(entry, now))];
  });
}

/** Names of a folder; those with a dot in front where the flavour shows them, or an option has an `a`. */
export function listNames(session: Session, argument: string): Promise<void> {
  const { withDots, path } = readListArgument(argument);
  const showsDots = withDots || session.server.showsDotsInNames;
  return sendListing(session, path, "namesDone", withDots, async (full) => {
    const entries = await readEntries(full, showsDots);
    const names = [...(showsDots ? [".", ".."] : []), ...entries.map(({ name }) => name)];
    return path === "" ? names : names.map((name) => `${path}/${name}`);
  });
}

/** Facts about all names in a folder, those with a dot, too. */
export async function listFacts(session: Session, path: string): Promise<void> {
  if (!session.passive.isListening()) return session.reply("noDataConnection");
  try {
    const full = await session.server.files.follow(absolutePath(session.folder, path));
    const folder = await stat(full);
    const entries = await readEntries(full, true);
    const dots = [factLine(".", folder, "cdir"), factLine("..", folder, "pdir")];
    const lines = [...dots, ...entries.map(({ name, stats }) => factLine(name, stats))];
    await sendLines(session, lines, "namesDone", { what: "MLSD", count: lines.length });
  } catch (error) {
    await refuseTransfer(session, "listFailed", { path, reason: reasonOf(error) });
  }
}

function readListArgument(argument: string): { withDots: boolean; path: string } {
  const [, options = "", path = ""] = /^((?:-\S+\s*)*)(.*)$/.exec(argument) ?? [];
  return { withDots: options.includes("a"), path };
}

async function sendListing(
  session: Session,
  path: string,
  done: ReplyName,
  withDots: boolean,
  read: (full: string) => Promise<string[]>,
): Promise<void> {
  if (!session.passive.isListening()) return session.reply("noDataConnection");
  const values = { what: "file list", options: withDots ? "-a -l " : "-l ", path };
  const lines = await session.server.files
    .follow(absolutePath(session.folder, path))
    .then(read)
    .catch((error: unknown) => reasonOf(error));
  // The servers find out that there is nothing to list when they have said 150 already.
  if (typeof lines === "string") await sendLines(session, [], "listMissing", { ...values, reason: lines });
  else await sendLines(session, lines, done, { ...values, count: lines.length });
}

async function sendLines(
  session: Session,
  lines: readonly string[],
  done: ReplyName,
  values: ReplyValues,
): Promise<void> {
  const data = await openData(session, "listStarts", values);
  if (!data) return;
  const text = lines.map((line) => `${line}\r\n`).join("");
  await answerSent(session, pipeline(Readable.from(text === "" ? [] : [text]), data), done, values);
}

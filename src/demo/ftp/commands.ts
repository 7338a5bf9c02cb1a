/** The table of commands that the demo's FTP server knows, and the small ones themselves (RFC 959, RFC 2389, RFC 2428). */
import {
  changeFolder,
  changeToParent,
  deleteFile,
  makeFolder,
  removeFolder,
  renameFrom,
  renameTo,
  showFolder,
  showSize,
  showTime,
  site,
} from "./file-commands.ts";
import { list, listFacts, listNames } from "./list-commands.ts";
import { checkPassword, login, setBufferSize, setProtection, startTls } from "./login-commands.ts";
import { absolutePath } from "./served-folder.ts";
import type { Session } from "./session.ts";
import { retrieve, store } from "./transfers.ts";

type Command = {
  readonly run: (session: Session, argument: string, verb: string) => Promise<void>;
  /** May be used before PASS. */
  readonly early?: true;
  /** The argument is a path, and there has to be one. */
  readonly path?: true;
  readonly transfers?: true;
};

/** Carries out one command and answers it. */
export async function carryOut(session: Session, verb: string, argument: string): Promise<void> {
  const { server } = session;
  const command = COMMANDS.get(verb);
  const refusal = server.misbehaviour().refusalOf(verb, absolutePath(session.folder, argument));
  if (refusal !== undefined) return session.replyText(refusal);
  const isKnown = command !== undefined && (verb !== "MLSD" || server.knowsMlsd);
  if (!isKnown) return session.reply(session.isLoggedIn ? "unknownCommand" : "loginFirst", { verb });
  if (!session.isLoggedIn && !command.early) return session.reply("loginFirst");
  if (command.path && argument === "") return session.reply("missingArgument", { verb });
  await command.run(session, argument, verb);
  // A restart position is for one transfer; real servers keep it over EPSV and TYPE.
  if (command.transfers) session.restartAt = 0;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["USER", { early: true, run: login }],
  ["PASS", { early: true, run: checkPassword }],
  ["AUTH", { early: true, run: startTls }],
  ["PBSZ", { early: true, run: setBufferSize }],
  ["PROT", { early: true, run: setProtection }],
  ["FEAT", { early: true, run: showFeatures }],
  ["OPTS", { early: true, run: setOption }],
  ["SYST", { early: true, run: (session) => session.reply("system") }],
  ["QUIT", { early: true, run: quit }],
  ["NOOP", { run: (session) => session.reply("noop") }],
  ["ABOR", { run: (session) => session.reply("nothingToAbort") }],
  ["TYPE", { run: setType }],
  ["PWD", { run: showFolder }],
  ["CWD", { run: changeFolder, path: true }],
  ["CDUP", { run: changeToParent }],
  ["MKD", { run: makeFolder, path: true }],
  ["RMD", { run: removeFolder, path: true }],
  ["DELE", { run: deleteFile, path: true }],
  ["RNFR", { run: renameFrom, path: true }],
  ["RNTO", { run: renameTo, path: true }],
  ["SIZE", { run: showSize, path: true }],
  ["MDTM", { run: showTime, path: true }],
  ["SITE", { run: site }],
  ["EPSV", { run: openExtendedPassive }],
  ["PASV", { run: openPassive }],
  ["REST", { run: setRestart }],
  ["STOR", { run: store, path: true, transfers: true }],
  ["APPE", { run: store, path: true, transfers: true }],
  ["RETR", { run: retrieve, path: true, transfers: true }],
  ["LIST", { run: list }],
  ["NLST", { run: listNames }],
  ["MLSD", { run: listFacts }],
]);

function showFeatures(session: Session): Promise<void> {
  return session.reply(session.server.secureContext ? "featuresWithTls" : "features");
}

function setOption(session: Session, argument: string): Promise<void> {
  return session.reply(/^UTF8 ON$/i.test(argument) ? "utf8On" : "optionUnknown", { argument });
}

async function quit(session: Session): Promise<void> {
  await session.reply("goodbye");
  session.end();
}

function setType(session: Session, argument: string): Promise<void> {
  const type = argument.toUpperCase();
  if (!/^(A( N)?|I|L 8)$/.test(type)) return session.reply("typeUnknown", { argument });
  session.isBinary = !type.startsWith("A");
  return session.reply(session.isBinary ? "typeBinary" : "typeAscii");
}

async function openExtendedPassive(session: Session): Promise<void> {
  await session.reply("extendedPassive", { port: await session.passive.listen() });
}

async function openPassive(session: Session): Promise<void> {
  const port = await session.passive.listen();
  await session.reply("passive", { hostAndPort: `127,0,0,1,${port >> 8},${port & 255}` });
}

async function setRestart(session: Session, argument: string): Promise<void> {
  if (!/^\d{1,15}$/.test(argument)) return session.reply("restartUnreadable");
  session.restartAt = Number(argument);
  await session.reply("restart", { position: session.restartAt });
}

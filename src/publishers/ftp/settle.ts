/** What is settled right after the login: binary mode, encrypted transfers, the right folder, what the server can do. */
import { posix } from "node:path";
import type { Client, FTPResponse } from "basic-ftp";
import { OperatorError } from "../../errors.ts";
import type { FtpTarget } from "../publisher.ts";
import type { HostFacts } from "./facts.ts";
import { type FtpFeatures, readFeatures } from "./features.ts";
import { folderAbove } from "./path.ts";
import { sendCommands } from "./pipeline.ts";
import { classifyReply, quoteReply } from "./replies.ts";
import { keyOf } from "./setting.ts";

export type SettledFtp = {
  /** The target's folder as the server calls it. */
  readonly base: string;
  /** Whether the folder above it can be entered. */
  readonly hasFolderAbove: boolean;
  readonly features: FtpFeatures;
};

/**
 * One round trip; two where the folder is known by another name than it was asked for and another folder lies above.
 * Throws OperatorError where the folder is missing or the server encrypts no transfers.
 */
export async function settleFtp(client: Client, target: FtpTarget, facts: HostFacts): Promise<SettledFtp> {
  const folder = posix.normalize(target.folder).replace(/(?<=.)\/$/, "");
  const above = folderAbove(folder);
  const encrypt = target.protocol === "ftps" ? ["PBSZ 0", "PROT P"] : [];
  // Through the folder above, so that a refusal there leaves no trace and the next command leads to where we work.
  const enter = above === undefined ? [] : [`CWD ${above}`, `CWD ${folder}`, "PWD"];
  const commands = ["OPTS UTF8 ON", "TYPE I", ...encrypt, "FEAT", "PWD", ...enter];
  const replies = await ask(client, commands, facts);
  /** The reply to the last such command. */
  const answer = (command: string) => replies[commands.lastIndexOf(command)];
  const refused = (command: string) => {
    const reply = answer(command);
    return reply !== undefined && classifyReply(reply) !== "fine" ? reply : undefined;
  };
  const key = keyOf(target, "publish");
  const noEncryption = refused("PROT P");
  if (noEncryption) {
    throw new OperatorError(key, `${target.host} does not encrypt file transfers (${quoteReply(noEncryption)})`);
  }
  const noFolder = refused(`CWD ${folder}`);
  if (noFolder) {
    const landing = replies[commands.indexOf("PWD")];
    const there = `the account lands in ${JSON.stringify(landing === undefined ? "" : folderIn(landing))}`;
    throw new OperatorError(
      key,
      `${target.host} has no folder ${folder} for this account (${quoteReply(noFolder)}; ${there}). Create it or correct the path`,
    );
  }
  const noBinary = refused("TYPE I") ?? refused("PWD");
  const where = answer("PWD");
  if (noBinary || where === undefined) {
    throw new Error(`${target.host} cannot be worked with: ${noBinary ? quoteReply(noBinary) : "no answer to PWD"}`);
  }
  const base = folderIn(where);
  const features = readFeatures(answer("FEAT"));
  if (base === folder && above !== undefined) return { base, hasFolderAbove: !refused(`CWD ${above}`), features };
  return { base, hasFolderAbove: await canEnterAbove(client, base, facts), features };
}

async function canEnterAbove(client: Client, base: string, facts: HostFacts): Promise<boolean> {
  const above = folderAbove(base);
  if (above === undefined) return false;
  const [there, back] = await ask(client, [`CWD ${above}`, `CWD ${base}`], facts);
  if (back === undefined || classifyReply(back) !== "fine") throw new Error(`cannot enter ${base} again`);
  return there !== undefined && classifyReply(there) === "fine";
}

async function ask(client: Client, commands: readonly string[], facts: HostFacts): Promise<FTPResponse[]> {
  const answers: FTPResponse[] = [];
  await sendCommands(
    client,
    commands.map((command) => [command]),
    (_, replies) => answers.push(...replies),
    { facts },
  );
  return answers;
}

/** The folder in `257 "/a ""quoted"" name" is the current directory` (RFC 959 appendix II). */
function folderIn(reply: FTPResponse): string {
  return (/"((?:[^"]|"")*)"/.exec(reply.message)?.[1] ?? "").replaceAll('""', '"');
}

/** Renames many files over FTP in one go, in order, and knows afterwards what happened even if the connection broke. */
import type { FTPResponse } from "basic-ftp";
import { PermanentError } from "../errors.ts";
import { ftpPath } from "./ftp-connection.ts";
import type { CommandGroup } from "./ftp-pipeline.ts";
import type { FtpPool } from "./ftp-pool.ts";
import { classifyReply, quoteReply } from "./ftp-replies.ts";
import type { Move } from "./publisher.ts";

export type FtpRenamer = { rename(moves: readonly Move[]): Promise<void> };

type SizesOf = (paths: readonly string[]) => Promise<Array<number | undefined>>;

/**
 * Creates the renamer of one session. It remembers whether the server renames over an existing file (RFC 959 leaves it
 * open; ProFTPD without AllowOverwrite and IIS refuse). Where it does not, DELE, RNFR and RNTO go out in one piece, so
 * that the name is gone for no longer than the server needs for two commands.
 */
export function createFtpRenamer(pool: FtpPool, sizesOf: SizesOf): FtpRenamer {
  let removesFirst: boolean | undefined;

  /** Sends moves ahead of replies until all are done. Answers with those whose RNTO was refused, and why. */
  async function send(moves: readonly Move[], removing: (move: Move) => boolean): Promise<Map<Move, FTPResponse>> {
    const open = new Set(moves);
    const refused = new Map<Move, FTPResponse>();
    await pool.onMain(async (connection, attempt) => {
      // The last try may have got further than its replies. Repeating a move that happened would remove its result.
      if (attempt > 1) await settle(open);
      const sent = [...open];
      const vanished: Move[] = [];
      await connection.run(
        sent.map((move) => commandsFor(move, removing(move))),
        (index, replies) => {
          const move = sent[index];
          const [rnfr, rnto] = replies.slice(-2);
          if (move === undefined || rnfr === undefined || rnto === undefined) return;
          const answers = [classifyReply(rnfr), classifyReply(rnto)];
          if (answers.includes("transient")) throw new Error(quoteReply(rnto));
          if (answers.includes("full"))
            throw new PermanentError(`There is no room left on the host: ${quoteReply(rnto)}`);
          if (answers[0] !== "fine") vanished.push(move);
          else if (answers[1] !== "fine") refused.set(move, rnto);
          if (answers[0] === "fine") open.delete(move);
        },
      );
      if (vanished.length > 0 && attempt > 1) await settle(open);
      const [missing] = vanished.filter((move) => open.has(move));
      if (missing !== undefined)
        throw new PermanentError(`Cannot rename ${missing.from}: the host says it is not there.`);
    });
    return refused;
  }

  /** Takes out the moves that have happened: nothing at `from` any more, something at `to`. */
  async function settle(open: Set<Move>): Promise<void> {
    const moves = [...open];
    const sizes = await sizesOf(moves.flatMap(({ from, to }) => [from, to]));
    moves.forEach((move, index) => {
      if (sizes[index * 2] === undefined && sizes[index * 2 + 1] !== undefined) open.delete(move);
    });
  }

  async function sendRun(moves: readonly Move[]): Promise<void> {
    const refused = await send(moves, (move) => move.replaces && removesFirst === true);
    if (refused.size === 0) return;
    const again = [...refused.keys()];
    const standing = await sizesOf(again.map(({ to }) => to));
    again.forEach((move, index) => {
      // Nothing to make room for: the refusal has another reason, and removing things will not help.
      if (standing[index] === undefined) throw refusal(move, refused.get(move));
    });
    removesFirst = true;
    for (const [move, reply] of await send(again, () => true)) throw refusal(move, reply);
  }

  return {
    async rename(moves) {
      // Until the server's habit is known, the first move over a file goes alone: were it refused among others, those
      // behind it would overtake it.
      const first = removesFirst === undefined ? moves.findIndex(({ replaces }) => replaces) : -1;
      if (first === -1) return sendRun(moves);
      await sendRun(moves.slice(0, first));
      await sendRun(moves.slice(first, first + 1));
      removesFirst ??= false;
      await sendRun(moves.slice(first + 1));
    },
  };
}

function commandsFor({ from, to }: Move, removing: boolean): CommandGroup {
  const rename = [`RNFR ${ftpPath(from)}`, `RNTO ${ftpPath(to)}`];
  return removing ? [`DELE ${ftpPath(to)}`, ...rename] : rename;
}

function refusal({ to }: Move, reply: FTPResponse | undefined): PermanentError {
  return new PermanentError(
    `The host does not let a file be renamed to ${to} (${reply === undefined ? "no reason" : quoteReply(reply)}). ` +
      "If there is a folder of that name, move it away; otherwise check the permissions of the account.",
  );
}

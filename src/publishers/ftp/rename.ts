/** Renames many files over FTP in one go, in order, and knows afterwards what happened even if the connection broke. */
import type { FTPResponse } from "basic-ftp";
import { HostFullError, MissingFileError, type Move, NoRenameError, type PublishSession } from "../publisher.ts";
import type { FtpConnection } from "./connection.ts";
import type { HostFacts } from "./facts.ts";
import type { CommandGroup } from "./pipeline.ts";
import type { FtpPool } from "./pool.ts";
import { refusalOf } from "./refusal.ts";
import { classifyReply, quoteReply } from "./replies.ts";

type SizesOf = (paths: readonly string[]) => Promise<Array<number | undefined>>;
type OnMoved = (move: Move) => void;

/** The moves that the host refused: no such file at `from`, or nothing may be put at `to`. */
type Refusals = { readonly from: Map<Move, FTPResponse>; readonly to: Map<Move, FTPResponse> };

/**
 * Creates the renamer of one session. It learns whether the server renames over an existing file (RFC 959 leaves it
 * open; ProFTPD without AllowOverwrite and IIS refuse). Where it does not, DELE, RNFR and RNTO go out in one piece, so
 * that the name is gone for no longer than the server needs for two commands.
 */
export function createFtpRenamer(
  pool: FtpPool,
  { profile }: HostFacts,
  sizesOf: SizesOf,
): Pick<PublishSession, "rename"> {
  /** Whether this session has seen a rename go well. Before, nothing is removed to make room for one. */
  let hasRenamed = false;

  /** Sends moves ahead of replies until all are answered; how many go out at a time is the connection's business. */
  async function send(
    moves: readonly Move[],
    removing: (move: Move) => boolean,
    onMoved: OnMoved | undefined,
  ): Promise<Refusals> {
    const open = new Set(moves);
    const refusals: Refusals = { from: new Map(), to: new Map() };
    function done(move: Move): void {
      open.delete(move);
      refusals.from.delete(move);
      onMoved?.(move);
    }

    /** Takes out the moves that have happened: nothing at `from` any more, something at `to`. */
    async function settle(): Promise<void> {
      const doubtful = [...open];
      const sizes = await sizesOf(doubtful.flatMap(({ from, to }) => [from, to]));
      doubtful.forEach((move, index) => {
        if (sizes[index * 2] === undefined && sizes[index * 2 + 1] !== undefined) done(move);
      });
    }

    await pool.onMain(async (connection, attempt) => {
      // The last try may have got further than its replies. Repeating a move that happened would remove its result.
      if (attempt > 1) await settle();
      const sent = [...open];
      await connection.run(
        sent.map((move) => groupFor(connection, move, removing(move))),
        (index, replies) => {
          const move = sent[index];
          const [rnfr, rnto] = replies.slice(-2);
          if (move === undefined || rnfr === undefined || rnto === undefined) return;
          const answers = [classifyReply(rnfr), classifyReply(rnto)];
          if (answers.includes("transient")) throw new Error(quoteReply(answers[0] === "transient" ? rnfr : rnto));
          if (answers.includes("full"))
            throw new HostFullError(`There is no room left on the host: ${quoteReply(rnto)}`);
          if (answers[0] !== "fine") {
            refusals.from.set(move, rnfr);
            return;
          }
          refusals.from.delete(move);
          if (answers[1] !== "fine") {
            refusals.to.set(move, rnto);
            open.delete(move);
            return;
          }
          hasRenamed = true;
          done(move);
        },
      );
      if (refusals.from.size > 0 && attempt > 1) await settle();
    });
    return refusals;
  }

  /** Why RNFR was refused, for the first of these moves. Many servers say the same to a missing file and a missing right. */
  async function explainFrom(refused: Map<Move, FTPResponse>): Promise<Error | undefined> {
    const [first] = refused;
    if (first === undefined) return undefined;
    const [move, reply] = first;
    if (classifyReply(reply) === "unsupported") return noRename(reply);
    const [size] = await sizesOf([move.from]);
    if (size !== undefined) return hasRenamed ? refusalOf(move.from, reply) : noRename(reply);
    return new MissingFileError(`Cannot rename ${move.from}: the host says it is not there (${quoteReply(reply)}).`);
  }

  /** Whether the host renames at all: tried with the file's own name, a little longer and back again. */
  async function canRename({ from }: Move): Promise<boolean> {
    if (hasRenamed) return true;
    const aside = `${from}~`;
    await pool.onMain(async (connection, attempt) => {
      // A try that was cut off may have left it aside.
      if (attempt > 1) await connection.run([rename(connection, aside, from)], () => {});
      const there = rename(connection, from, aside);
      await connection.run([[...there, ...rename(connection, aside, from)]], (_, replies) => {
        hasRenamed = replies.every((reply) => classifyReply(reply) === "fine");
      });
    });
    return hasRenamed;
  }

  function noRename(reply: FTPResponse): NoRenameError {
    profile.replaces = "overwrite";
    return new NoRenameError(`The host lets no file be renamed (${quoteReply(reply)}).`);
  }

  /** Before something is removed to make room: what is to take its place has to be there. */
  async function requireSources(moves: readonly Move[]): Promise<void> {
    const sizes = await sizesOf(moves.map(({ from }) => from));
    const missing = moves.find((_, index) => sizes[index] === undefined);
    if (missing !== undefined)
      throw new MissingFileError(`Cannot rename ${missing.from}: the host says it is not there.`);
  }

  async function sendRun(moves: readonly Move[], onMoved: OnMoved | undefined): Promise<void> {
    const removesFirst = profile.replaces === "remove-and-rename";
    if (removesFirst) await requireSources(moves.filter(({ replaces }) => replaces));
    const { from, to } = await send(moves, (move) => move.replaces && removesFirst, onMoved);
    const again = [...to.keys()];
    const standing = await sizesOf(again.map((move) => move.to));
    for (const [index, move] of again.entries()) {
      const reply = to.get(move);
      if (reply === undefined) continue;
      if (!(await canRename(move))) throw noRename(reply);
      // Nothing to make room for: the refusal has another reason, and removing things will not help.
      if (standing[index] === undefined) throw refusalOf(move.to, reply);
    }
    const missing = await explainFrom(from);
    if (missing !== undefined) throw missing;
    if (again.length === 0) return;
    const refused = await send(again, () => true, onMoved);
    if (refused.from.size + refused.to.size < again.length) profile.replaces = "remove-and-rename";
    const stillMissing = await explainFrom(refused.from);
    if (stillMissing !== undefined) throw stillMissing;
    for (const [move, reply] of refused.to) throw refusalOf(move.to, reply);
  }

  return {
    async rename(moves, onMoved) {
      const isKnown = profile.replaces === "rename" || profile.replaces === "remove-and-rename";
      // Until the server's habit is known, the first move over a file goes alone: were it refused among others, those
      // behind it would overtake it.
      const first = isKnown ? -1 : moves.findIndex(({ replaces }) => replaces);
      if (first === -1) return sendRun(moves, onMoved);
      await sendRun(moves.slice(0, first), onMoved);
      await sendRun(moves.slice(first, first + 1), onMoved);
      if (profile.replaces !== "remove-and-rename") profile.replaces = "rename";
      await sendRun(moves.slice(first + 1), onMoved);
    },
  };
}

function groupFor(connection: FtpConnection, { from, to }: Move, removing: boolean): CommandGroup {
  const group = rename(connection, from, to);
  return removing ? [`DELE ${connection.name(to)}`, ...group] : group;
}

function rename(connection: FtpConnection, from: string, to: string): string[] {
  return [`RNFR ${connection.name(from)}`, `RNTO ${connection.name(to)}`];
}

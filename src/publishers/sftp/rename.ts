/** Renames over SFTP, in order and in one go, and knows afterwards what happened even if the connection broke. */
import { posix } from "node:path";
import { PermanentError } from "../../errors.ts";
import { inFlight } from "../in-flight.ts";
import { MissingFileError, type Move, NoRenameError } from "../publisher.ts";
import { wholePath } from "../target-path.ts";
import type { SftpConnection } from "./connection.ts";
import type { SftpLine } from "./line.ts";
import { exists, REQUESTS_IN_FLIGHT, removeFile, renameOver, renameToFree, statIfAny } from "./requests.ts";
import { explainFull } from "./space.ts";
import { explainStatus, hasCode, isDenied, isMissing, SftpStatusError, STATUS, undefinedIfMissing } from "./status.ts";

/**
 * Renames files. Where the server cannot rename over a file, removing it and renaming go out together, so that the name
 * is gone for no longer than the server needs for two requests.
 */
export async function renameFiles(
  line: SftpLine,
  moves: readonly Move[],
  onMoved: (move: Move) => void = () => {},
): Promise<void> {
  const open = new Set(moves);
  const done = new Set<Move>();
  /** Tells of a move once all before it have been told of. */
  function confirm(move: Move): void {
    done.add(move);
    for (const next of open) {
      if (!done.has(next)) break;
      open.delete(next);
      onMoved(next);
    }
  }
  await line.onConnection(async (connection, trial) => {
    for (const move of moves) wholePaths(connection, move);
    const left = () => moves.filter((move) => !done.has(move));
    // The last try may have got further than its answers. Repeating a move that happened would find nothing to move.
    if (trial.isRepeat) for (const move of await happened(connection, left())) confirm(move);
    const rename = connection.renamesOver ? renameInOneStep : renameInTwoSteps;
    await rename(connection, left(), confirm);
  });
}

type Rename = (connection: SftpConnection, moves: readonly Move[], confirm: (move: Move) => void) => Promise<void>;

const renameInOneStep: Rename = async (connection, moves, confirm) => {
  await inFlight(REQUESTS_IN_FLIGHT, moves, async (move) => {
    await renameOver(connection, ...wholePaths(connection, move)).catch(explainTo(connection, move));
    confirm(move);
  });
};

const renameInTwoSteps: Rename = async (connection, moves, confirm) => {
  // Before anything is removed for what cannot come.
  const missing = (
    await areFiles(
      connection,
      moves.map(({ from }) => from),
    )
  ).indexOf(false);
  const ready = missing === -1 ? moves : moves.slice(0, missing);
  await inFlight(REQUESTS_IN_FLIGHT / 2, ready, async (move) => {
    const [from, to] = wholePaths(connection, move);
    const rename = () => renameToFree(connection, from, to);
    const clearAndRename = async () => {
      const cleared = removeFile(connection, to).catch((error: unknown) => error);
      await rename().finally(() => cleared);
    };
    await (move.replaces ? clearAndRename() : rename())
      .catch(async (error: unknown) => {
        if (move.replaces || !hasCode(error, STATUS.failure)) throw error;
        if ((await statIfAny(connection, to))?.isFile() !== true) throw error;
        await clearAndRename();
      })
      .catch(explainTo(connection, move));
    confirm(move);
  });
  const [first] = moves.slice(ready.length);
  if (first !== undefined) throw missingFile(first);
};

/** The moves that have happened: nothing at `from` any more, something at `to`. */
async function happened(connection: SftpConnection, moves: readonly Move[]): Promise<Move[]> {
  const there = await areFiles(
    connection,
    moves.flatMap(({ from, to }) => [from, to]),
  );
  return moves.filter((_, index) => there[index * 2] === false && there[index * 2 + 1] === true);
}

function areFiles(connection: SftpConnection, paths: readonly string[]): Promise<boolean[]> {
  return inFlight(REQUESTS_IN_FLIGHT, paths, async (path) => {
    return (await statIfAny(connection, wholePath(connection, path)))?.isFile() ?? false;
  });
}

function wholePaths(connection: SftpConnection, { from, to }: Pick<Move, "from" | "to">): [string, string] {
  return [wholePath(connection, from), wholePath(connection, to)];
}

/** For `catch`: throws what the refusal of a rename means. */
function explainTo(connection: SftpConnection, move: Pick<Move, "from" | "to">) {
  return async (error: unknown): Promise<never> => {
    if (!(error instanceof SftpStatusError)) throw error;
    const [from, to] = wholePaths(connection, move);
    if (hasCode(error, STATUS.unsupported)) throw noRename(error);
    if (isMissing(error)) {
      if (!(await exists(connection, from))) throw missingFile(move);
      throw new PermanentError(`The folder of ${move.to} is missing on the host.`, { cause: error });
    }
    if (isDenied(error) && !(await canRename(connection, from))) throw noRename(error);
    const full = await explainFull(connection, error, posix.dirname(to), 1);
    if (full !== undefined) throw full;
    if ((await statIfAny(connection, to).catch(undefinedIfMissing))?.isDirectory()) {
      throw new PermanentError(`A folder is in the way of ${move.to}. Move it away, then publish again.`);
    }
    throw explainStatus(error, `a file be renamed to ${move.to}`);
  };
}

/** Whether this account can rename at all: the name beside is in a folder that it could write to. */
async function canRename(connection: SftpConnection, path: string): Promise<boolean> {
  const beside = `${path}.renamed`;
  try {
    await renameToFree(connection, path, beside);
    await renameToFree(connection, beside, path);
    return true;
  } catch (error) {
    if (!(error instanceof SftpStatusError)) throw error;
    return false;
  }
}

function missingFile({ from }: Pick<Move, "from">): MissingFileError {
  return new MissingFileError(`Cannot rename ${from}: the host says it is not there.`);
}

function noRename(cause: SftpStatusError): NoRenameError {
  return new NoRenameError(`The host lets nothing be renamed (${cause.message}).`, { cause });
}

/** See `PublishSession.moveFolder`. */
export async function moveFolder(line: SftpLine, from: string, to: string): Promise<boolean> {
  return line.onConnection(async (connection, trial) => {
    const [wholeFrom, wholeTo] = wholePaths(connection, { from, to });
    try {
      await renameToFree(connection, wholeFrom, wholeTo);
      return true;
    } catch (error) {
      if (isMissing(error) && !(await exists(connection, wholeFrom))) {
        // The answer to an earlier try was lost. The name was free, so it was this session that has put it there.
        return trial.isRepeat && (await exists(connection, wholeTo));
      }
      return explainTo(connection, { from, to })(error);
    }
  });
}

/** See `PublishSession.swapFolders`. */
export async function swapFolders(line: SftpLine, live: string, next: string, old: string): Promise<void> {
  await line.onConnection(async (connection) => {
    const [wholeLive, wholeNext, wholeOld] = [live, next, old].map((path) => wholePath(connection, path)) as [
      string,
      string,
      string,
    ];
    const there = (path: string) => exists(connection, path);
    const [hasLive, hasNext, hasOld] = await Promise.all([there(wholeLive), there(wholeNext), there(wholeOld)]);
    if (!hasNext && hasLive && hasOld) return;
    if (!hasNext) throw missingFile({ from: next });
    if (hasLive && hasOld) throw new PermanentError(`${old} is in the way on the host; it has to be a free name.`);
    const refuse = (error: unknown): never => {
      if (!(error instanceof SftpStatusError)) throw error;
      throw new NoRenameError(`The host does not let the folder ${live} be exchanged (${error.message}).`, {
        cause: error,
      });
    };
    const away = hasLive ? renameToFree(connection, wholeLive, wholeOld) : Promise.resolve();
    // Sent without waiting for the answer, so that there is no folder for no longer than the server needs.
    const placed = renameToFree(connection, wholeNext, wholeLive);
    const [first, second] = await Promise.allSettled([away, placed]);
    if (first.status === "rejected") refuse(first.reason);
    if (second.status === "fulfilled") return;
    if (second.reason instanceof SftpStatusError && (hasLive || hasOld))
      await renameToFree(connection, wholeOld, wholeLive);
    refuse(second.reason);
  });
}

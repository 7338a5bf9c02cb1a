/** The FTP connections of one session: a main one that is replaced when it breaks, and as many more as the host allows. */
import { setTimeout as delay } from "node:timers/promises";
import { describeError, PermanentError } from "../errors.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import type { Lane } from "./ftp-upload.ts";

export type FtpPool = {
  /** The main connection, connected again when it was lost. Throws what `connect` throws. */
  main(): Promise<FtpConnection>;
  /** For uploads: the main connection first, then those that the host may refuse. */
  readonly lanes: readonly Lane[];
  /**
   * Does something on the main connection, up to `maxTries` times with growing waits; `work` learns which try it is.
   * A PermanentError ends it at once.
   */
  onMain<T>(work: (connection: FtpConnection, attempt: number) => Promise<T>): Promise<T>;
  /** Waits after the given number of failures in a row. Rejects when the pool is closed. */
  pause(failures: number): Promise<void>;
  isClosed(): boolean;
  close(): void;
};

export type FtpPoolOptions = {
  readonly first: FtpConnection;
  connect(): Promise<FtpConnection>;
  readonly settings: { readonly maxConnections: number; readonly maxTries: number; readonly retryDelayMs: number };
  say(line: string): void;
};

const MAX_RETRY_DELAY_MS = 60_000;

export function createFtpPool({ first, connect, settings, say }: FtpPoolOptions): FtpPool {
  const stop = new AbortController();
  const open = new Set([first]);
  let current = first;
  let refusalSaid = false;

  async function connectAgain(): Promise<FtpConnection> {
    stop.signal.throwIfAborted();
    const connection = await connect();
    if (stop.signal.aborted) connection.close();
    stop.signal.throwIfAborted();
    open.add(connection);
    return connection;
  }

  async function main(): Promise<FtpConnection> {
    if (!current.isClosed()) return current;
    open.delete(current);
    current = await connectAgain();
    return current;
  }

  async function pause(failures: number): Promise<void> {
    const longest = Math.min(settings.retryDelayMs * 2 ** (failures - 1), MAX_RETRY_DELAY_MS);
    // Spread, so that the connections of one session do not all come back in the same moment.
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal: stop.signal });
  }

  async function onMain<T>(work: (connection: FtpConnection, attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(await main(), attempt);
      } catch (error) {
        if (error instanceof PermanentError || stop.signal.aborted || attempt >= settings.maxTries) throw error;
        say(`The connection to the host failed (${describeError(error)}); trying again.`);
        current.close();
        await pause(attempt);
      }
    }
  }

  /** A lane beside the main one. Whatever keeps it from connecting, the main one goes on. */
  function createExtraLane(): Lane {
    let connection: FtpConnection | null | undefined;
    return {
      async connection() {
        if (connection === null || connection?.isClosed() === false) return connection;
        if (connection !== undefined) open.delete(connection);
        connection = await connectAgain().catch((error: unknown) => {
          stop.signal.throwIfAborted();
          if (!refusalSaid) say(`The host allows no more connections (${describeError(error)}); going on with fewer.`);
          refusalSaid = true;
          return null;
        });
        return connection;
      },
    };
  }

  return {
    main,
    lanes: [{ connection: main }, ...Array.from({ length: settings.maxConnections - 1 }, createExtraLane)],
    onMain,
    pause,
    isClosed: () => stop.signal.aborted,
    close() {
      stop.abort(new Error("the session was closed"));
      for (const connection of open) connection.close();
    },
  };
}

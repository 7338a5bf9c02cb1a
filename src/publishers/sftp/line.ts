/** The SFTP connection of a session, replaced when it breaks. One is enough: many requests are under way on it. */
import { setTimeout as delay } from "node:timers/promises";
import { describeError, PermanentError } from "../../errors.ts";
import type { SftpConnection } from "./connection.ts";

type Trial = {
  /** Whether an earlier connection was lost in the middle of this: what was sent may have happened. */
  readonly isRepeat: boolean;
  /** Something was finished: the next loss counts as the first again. */
  progressed(): void;
};

export type SftpLine = {
  /**
   * Does something on the connection, again when that was lost, with growing waits in between. Throws what `work` or
   * connecting throws once that is permanent, or no loss of a connection, or has happened `maxTries` times in a row.
   */
  onConnection<T>(work: (connection: SftpConnection, trial: Trial) => Promise<T>): Promise<T>;
  /** The same, but what was begun is not begun again. */
  once<T>(work: (connection: SftpConnection) => Promise<T>): Promise<T>;
  /** Waits after the given number of failures in a row. Rejects when the line is closed. */
  pause(failures: number): Promise<void>;
  close(): void;
};

export type SftpLineOptions = {
  readonly first: SftpConnection;
  /** Connects again. The signal ends that, and the connection. */
  connect(signal: AbortSignal): Promise<SftpConnection>;
  readonly settings: { readonly maxTries: number; readonly retryDelayMs: number };
  say(line: string): void;
};

const MAX_RETRY_DELAY_MS = 60_000;

export function createSftpLine({ first, connect, settings, say }: SftpLineOptions): SftpLine {
  const stop = new AbortController();
  let current = first;
  let connecting: Promise<SftpConnection> | undefined;
  let lossSaid: SftpConnection | undefined;

  /** The connection, made again when it was lost, once for all who ask. */
  async function connection(): Promise<SftpConnection> {
    stop.signal.throwIfAborted();
    if (!current.isClosed()) return current;
    connecting ??= connect(stop.signal).finally(() => {
      connecting = undefined;
    });
    current = await connecting;
    if (stop.signal.aborted) current.close();
    stop.signal.throwIfAborted();
    return current;
  }

  async function pause(failures: number): Promise<void> {
    const longest = Math.min(settings.retryDelayMs * 2 ** (failures - 1), MAX_RETRY_DELAY_MS);
    // Spread, so that many who lost the same host do not all come back in the same moment.
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal: stop.signal });
  }

  /** Told once for each connection, however many things were under way on it, and for each attempt at a new one. */
  function sayLoss(used: SftpConnection | undefined, error: unknown): void {
    if (used !== undefined && used === lossSaid) return;
    lossSaid = used ?? lossSaid;
    say(`The connection to the host failed (${describeError(error)}); trying again.`);
  }

  async function repeatedly<T>(
    work: (connection: SftpConnection, trial: Trial) => Promise<T>,
    mayRepeat: boolean,
  ): Promise<T> {
    let failures = 0;
    let isRepeat = false;
    const progressed = () => {
      failures = 0;
    };
    for (;;) {
      let used: SftpConnection | undefined;
      try {
        used = await connection();
        return await work(used, { isRepeat, progressed });
      } catch (error) {
        stop.signal.throwIfAborted();
        failures += 1;
        const isLoss = used === undefined || used.isClosed();
        const mayGoOn = used === undefined || mayRepeat;
        if (error instanceof PermanentError || !isLoss || !mayGoOn || failures >= settings.maxTries) throw error;
        isRepeat ||= used !== undefined;
        sayLoss(used, error);
        await pause(failures);
      }
    }
  }

  return {
    onConnection: (work) => repeatedly(work, true),
    once: (work) => repeatedly(work, false),
    pause,
    close() {
      stop.abort(new Error("the session was closed"));
      current.close();
    },
  };
}

/** The FTP connections of one session: a main one that is replaced when it breaks, and as many more as the host allows. */
import { setTimeout as delay } from "node:timers/promises";
import { describeError, PermanentError, RetryLaterError } from "../../errors.ts";
import type { FtpConnection } from "./connection.ts";
import type { HostFacts } from "./facts.ts";
import { isWorthHaving } from "./lanes.ts";

export type FtpPool = {
  /** The main connection, connected again when it was lost or is old. Throws what `connect` throws. */
  main(): Promise<FtpConnection>;
  /** For uploads. */
  readonly lanes: FtpLanes;
  /**
   * Logs connections in, beside what is going on, since an upload of about so many files is about to come: a second one,
   * and as many as that is worth where the host has granted them before.
   */
  prepare(files: number): void;
  /**
   * Does something on the main connection, up to `maxTries` times with growing waits; `work` learns which try it is.
   * A PermanentError ends it at once.
   */
  onMain<T>(work: (connection: FtpConnection, attempt: number) => Promise<T>): Promise<T>;
  /** Waits after the given number of failures in a row. Rejects when the pool is closed. */
  pause(failures: number): Promise<void>;
  isClosed(): boolean;
  /** Says good-bye on every connection and closes it; what is under way fails. */
  close(): void;
};

/** Connections for uploads. None of these throws because the host wants fewer of them. */
export type FtpLanes = {
  /** The main connection; null when the host refuses to replace it while others are logged in. */
  main(): Promise<FtpConnection | null>;
  /** One that nobody else uses; null when the host grants none, or none more. */
  take(): Promise<FtpConnection | null>;
  /** The given one, taken before; or another in its place when it was lost or is old. */
  renew(connection: FtpConnection): Promise<FtpConnection | null>;
  /** Gives back what was taken. */
  release(connection: FtpConnection): void;
  /** How many can be taken without a login. */
  idle(): number;
  /** Whether `take` would ask the host for one more. */
  hasRoom(): boolean;
  /** How long the last login took, in milliseconds. */
  loginMs(): number;
  /** Whether their number was chosen by the operator, who knows the host. */
  readonly isChosen: boolean;
};

export type FtpPoolOptions = {
  connect(): Promise<FtpConnection>;
  /** Whether `connect` failed since the host does not take the password. */
  isLoginRefused(error: unknown): boolean;
  readonly facts: HostFacts;
  readonly settings: {
    readonly maxConnections: number;
    readonly isChosen: boolean;
    readonly maxTries: number;
    readonly retryDelayMs: number;
    readonly maxAgeMs: number;
  };
  say(line: string): void;
};

const MAX_RETRY_DELAY_MS = 60_000;

/** For how long it is believed that the host allows so many connections; other sessions may have held the rest. */
const LIMIT_HOLDS_MS = 10 * 60_000;

/** How often to wait for a host that has too many connections: 1 + 2 + 4 + 8 + 16 + 32 s, about a minute. */
const MAX_WAITS_FOR_ROOM = 6;

/** How often a password is tried that has worked before. Firewalls ban who is refused about five times (fail2ban). */
const MAX_TRIES_OF_A_GOOD_PASSWORD = 3;

/**
 * Makes the first connection. Where the host has too many, it is asked again for about a minute before that is a
 * RetryLaterError; everything else that `connect` throws is thrown at once, so a wrong password is tried once.
 */
export async function openFtpPool({ connect, isLoginRefused, facts, settings, say }: FtpPoolOptions): Promise<FtpPool> {
  const stop = new AbortController();
  const bornAtMs = new Map<FtpConnection, number>();
  const idle: FtpConnection[] = [];
  let loggingIn = 0;
  let loginMs = 0;
  let hasLoggedIn = false;
  let limitSaid = false;
  let refusal: { readonly error: unknown } | undefined;
  let troubles = 0;
  let troubleUntilMs = 0;
  let reconnecting: Promise<FtpConnection> | undefined;
  let current = await loginPatiently();

  function live(): number {
    for (const connection of bornAtMs.keys()) if (connection.isClosed()) bornAtMs.delete(connection);
    return bornAtMs.size;
  }

  /** Hosts end sessions after 30 to 60 minutes, whatever they are doing then. */
  function isFresh(connection: FtpConnection): boolean {
    const age = performance.now() - (bornAtMs.get(connection) ?? 0);
    return !connection.isClosed() && age < settings.maxAgeMs;
  }

  async function login(): Promise<FtpConnection> {
    stop.signal.throwIfAborted();
    const startedAtMs = performance.now();
    const { pipelines } = facts.profile;
    const connection = await connect().catch((error: unknown) => {
      // It was found out just now that the host wants its commands one at a time.
      if (facts.profile.pipelines === false && pipelines !== false) return connect();
      throw error;
    });
    if (stop.signal.aborted) connection.close();
    stop.signal.throwIfAborted();
    loginMs = performance.now() - startedAtMs;
    hasLoggedIn = true;
    bornAtMs.set(connection, performance.now());
    facts.profile.granted = Math.max(facts.profile.granted ?? 0, live());
    return connection;
  }

  /** ProFTPD says that there are too many with the code for a wrong password, and other words than we may know. */
  function isRefused(error: unknown): boolean {
    return error instanceof RetryLaterError || (hasLoggedIn && isLoginRefused(error));
  }

  async function loginPatiently(): Promise<FtpConnection> {
    for (let refusals = 1; ; refusals += 1) {
      try {
        return await login();
      } catch (error) {
        if (!isRefused(error)) throw error;
        const tries = error instanceof RetryLaterError ? MAX_WAITS_FOR_ROOM : MAX_TRIES_OF_A_GOOD_PASSWORD - 1;
        if (refusals > tries) throw new RetryLaterError(MAX_RETRY_DELAY_MS, describeError(error), { cause: error });
        if (refusals === 1) say(`The host lets nobody in at the moment (${describeError(error)}); waiting for room.`);
        await pause(refusals);
      }
    }
  }

  async function main(): Promise<FtpConnection> {
    if (isFresh(current)) return current;
    reconnecting ??= replaceMain().finally(() => {
      reconnecting = undefined;
    });
    return reconnecting;
  }

  async function replaceMain(): Promise<FtpConnection> {
    current.close();
    current = takeIdle() ?? (await loginPatiently());
    return current;
  }

  function takeIdle(): FtpConnection | undefined {
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (isFresh(connection)) return connection;
      connection.close();
    }
    return undefined;
  }

  function limit(): number {
    const { connections } = facts.profile;
    const age = Date.now() - (connections?.atMs ?? 0);
    const isKnown = connections !== null && age >= 0 && age < LIMIT_HOLDS_MS;
    return isKnown ? Math.min(settings.maxConnections, connections.max) : settings.maxConnections;
  }

  const hasRoom = () => refusal === undefined && performance.now() >= troubleUntilMs && live() + loggingIn < limit();

  async function take(): Promise<FtpConnection | null> {
    return takeIdle() ?? (hasRoom() ? loginBeside() : null);
  }

  /** One connection more than there are; null when it is not granted. */
  async function loginBeside(): Promise<FtpConnection | null> {
    loggingIn += 1;
    try {
      const connection = await login();
      troubles = 0;
      return connection;
    } catch (error) {
      stop.signal.throwIfAborted();
      if (isRefused(error) || error instanceof PermanentError) refusal ??= { error };
      else noteTrouble();
      return null;
    } finally {
      loggingIn -= 1;
      // How many there may be is known when the others that asked at the same time have their answer.
      if (loggingIn === 0 && refusal !== undefined && !stop.signal.aborted) noteLimit(refusal.error);
      if (loggingIn === 0) refusal = undefined;
    }
  }

  function noteLimit(error: unknown): void {
    // That none is left says more about the network.
    const max = Math.max(live(), 1);
    facts.profile.connections = { max, atMs: Date.now() };
    facts.profile.granted = max;
    if (!limitSaid) say(`The host allows no more connections (${describeError(error)}); going on with ${max}.`);
    limitSaid = true;
  }

  /** Not reached, or no answer: says nothing about how many it allows. */
  function noteTrouble(): void {
    troubles += 1;
    troubleUntilMs = performance.now() + Math.min(settings.retryDelayMs * 2 ** troubles, MAX_RETRY_DELAY_MS);
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
        const isFinal = error instanceof PermanentError || error instanceof RetryLaterError;
        if (isFinal || stop.signal.aborted || attempt >= settings.maxTries) throw error;
        say(`The connection to the host failed (${describeError(error)}); trying again.`);
        current.close();
        await pause(attempt);
      }
    }
  }

  const lanes: FtpLanes = {
    async main() {
      if (isFresh(current) || live() === 0) return main();
      current.close();
      const replacement = live() === 0 ? await main() : await take();
      if (replacement !== null) current = replacement;
      return replacement;
    },
    take,
    async renew(connection) {
      if (isFresh(connection)) return connection;
      connection.close();
      return take();
    },
    release: (connection) => {
      if (isFresh(connection) && !stop.signal.aborted) idle.push(connection);
      else connection.close();
    },
    idle: () => idle.length,
    hasRoom,
    loginMs: () => loginMs,
    isChosen: settings.isChosen,
  };

  return {
    main,
    lanes,
    prepare(files) {
      const granted = facts.profile.granted ?? 0;
      for (let count = live() + loggingIn; hasRoom() && isWorthHaving(count + 1, files, granted); count += 1) {
        // Whatever becomes of it, the upload goes on with what there is.
        loginBeside().then(
          (connection) => connection && lanes.release(connection),
          () => {},
        );
      }
    },
    onMain,
    pause,
    isClosed: () => stop.signal.aborted,
    close() {
      stop.abort(new Error("the session was closed"));
      for (const connection of bornAtMs.keys()) connection.close();
    },
  };
}

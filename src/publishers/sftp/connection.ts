/** One SFTP connection (draft-ietf-secsh-filexfer-02): logged in, with the target's folder looked up. */
import { posix } from "node:path";
import type { Client, SFTPWrapper } from "ssh2";
import { OperatorError } from "../../errors.ts";
import { operatorKey } from "../operator-key.ts";
import type { SftpTarget } from "../publisher.ts";
import type { TargetPlace } from "../target-path.ts";
import { type HandshakeOptions, logIn } from "./handshake.ts";
import { ifRefused, SftpStatusError, undefinedIfMissing } from "./status.ts";

/** For ssh2's callbacks. */
type Answer<T> = (error?: Error | null, result?: T) => void;

export type SftpConnection = TargetPlace & {
  /** Whether the server renames over a file in one step (posix-rename@openssh.com of OpenSSH's PROTOCOL file). */
  readonly renamesOver: boolean;
  /** Whether a rename moves a symbolic link, and not what it leads to. Of OpenSSH's server it is known. */
  readonly renamesLinks: boolean;
  /** How many bytes may go into one write. */
  readonly maxWrite: number;
  isClosed(): boolean;
  close(): void;
  /**
   * Sends a request and resolves with what it is answered. Throws SftpStatusError when the server refuses, and another
   * error when the connection is lost: then the request may or may not have been carried out.
   */
  ask<T>(request: string, send: (sftp: SFTPWrapper, answer: Answer<T>) => void): Promise<T>;
};

export async function connectSftp(target: SftpTarget, options: HandshakeOptions): Promise<SftpConnection> {
  const { client, socket, banner } = await logIn(target, options);
  try {
    const sftp = await startSftp(client, target, options.stallTimeoutMs);
    const requests = createRequests(sftp, client, options.stallTimeoutMs, () => socket.destroy());
    const place = await findPlace(target, requests.ask);
    return {
      ...place,
      ...requests,
      renamesLinks: /^SSH-2\.0-(OpenSSH|dropbear)/.test(banner),
      ...findOffers(sftp),
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Throws OperatorError when the host serves no SFTP: the account may log in, and that is all. */
function startSftp(client: Client, target: SftpTarget, timeoutMs: number): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error(`${target.host} closed the connection`));
    const timer = setTimeout(() => reject(new Error(`${target.host} does not start SFTP`)), timeoutMs);
    client.once("close", lost);
    client.sftp((error: (Error & { reason?: unknown }) | undefined, sftp) => {
      clearTimeout(timer);
      client.off("close", lost);
      if (!error) return resolve(sftp);
      // The channel itself was refused, before SFTP was asked for (RFC 4254 section 5.1): another time it may be granted.
      if (error.reason !== undefined) return reject(error);
      const said = `${target.host} lets ${target.user} in but serves no SFTP; ask the hosting company, or use ftps://`;
      // When the connection broke instead, its end is told right after.
      setImmediate(() => reject(new OperatorError(operatorKey(target, "publish"), said, { cause: error })));
      client.once("close", lost);
    });
  });
}

type Requests = Pick<SftpConnection, "ask" | "isClosed" | "close">;

/** The requests of a connection. When it is lost, or silent for too long, all that wait fail. */
function createRequests(sftp: SFTPWrapper, client: Client, stallTimeoutMs: number, destroy: () => void): Requests {
  const waiting = new Set<(error: Error) => void>();
  let lost: Error | undefined;

  function lose(error: Error): void {
    if (lost !== undefined) return;
    lost = error;
    clearTimeout(watch);
    destroy();
    for (const fail of waiting) fail(error);
    waiting.clear();
  }

  const silence = `the host has not answered for ${stallTimeoutMs / 1000} s`;
  const watch = setTimeout(() => waiting.size > 0 && lose(new Error(silence)), stallTimeoutMs);
  // The socket keeps the process alive as long as that is wanted.
  watch.unref();
  client.on("error", (error) => lose(new Error(`the connection to the host broke: ${error.message}`)));
  client.on("close", () => lose(new Error("the host closed the connection")));
  sftp.on("error", (error: Error) => lose(new Error(`the host does not keep to the protocol: ${error.message}`)));
  sftp.on("close", () => lose(new Error("the host ended SFTP")));

  return {
    isClosed: () => lost !== undefined,
    close: () => lose(new Error("the connection was closed")),
    ask<T>(request: string, send: (sftp: SFTPWrapper, answer: Answer<T>) => void): Promise<T> {
      if (lost !== undefined) return Promise.reject(lost);
      if (waiting.size === 0) watch.refresh();
      return new Promise<T>((resolve, reject) => {
        waiting.add(reject);
        const answer: Answer<T> = (error, result) => {
          if (!waiting.delete(reject)) return;
          watch.refresh();
          if (!error) return resolve(result as T);
          const { code } = error as { code?: unknown };
          if (typeof code === "number") return reject(new SftpStatusError(request, code, error.message));
          // Not an answer, then: SFTP has ended. ssh2 tells the requests of it before it tells why.
          queueMicrotask(() => {
            lose(new Error("the host ended SFTP"));
            reject(lost);
          });
        };
        try {
          send(sftp, answer);
        } catch (error) {
          // ssh2 knows that the server would not understand it.
          waiting.delete(reject);
          reject(error);
        }
      });
    },
  };
}

/** Finds the target's folder. Throws OperatorError when there is none. */
async function findPlace(target: SftpTarget, ask: SftpConnection["ask"]): Promise<TargetPlace> {
  const isFolder = (path: string) =>
    ask<{ isDirectory(): boolean }>("stat", (sftp, answer) => sftp.stat(path, answer)).then((stats) =>
      stats.isDirectory(),
    );
  const landsIn = await ask<string>("realpath", (sftp, answer) => sftp.realpath(".", answer));
  const base = target.folder === "/" ? landsIn : posix.normalize(target.folder).replace(/(?<=.)\/+$/, "");
  const above = posix.dirname(base);
  const [exists, seesAbove] = await Promise.all([
    isFolder(base).catch(undefinedIfMissing),
    base === "/" ? false : isFolder(above).catch(ifRefused(false)),
  ]);
  if (!exists) {
    const what = exists === undefined ? "has no folder" : "has a file, not a folder, at";
    throw new OperatorError(
      operatorKey(target, "publish"),
      `${target.host} ${what} ${base} for this account (it lands in ${JSON.stringify(landsIn)}). Create it or correct the path`,
    );
  }
  return { base, hasFolderAbove: seesAbove };
}

/** The most that every server takes in one write (draft-ietf-secsh-filexfer-02 section 3 wants packets of 34000 bytes). */
const MAX_WRITE = 31 * 1024;

/** What the server offers, which ssh2 keeps to itself. */
function findOffers(sftp: SFTPWrapper): Pick<SftpConnection, "renamesOver" | "maxWrite"> {
  const { _extensions: extensions, _maxWriteLen: maxWrite = MAX_WRITE } = sftp as SFTPWrapper & {
    readonly _extensions?: Readonly<Record<string, string>>;
    /** From limits@openssh.com (OpenSSH's PROTOCOL, 4.8). More than this ssh2 sends in parts that wait for each other. */
    readonly _maxWriteLen?: number;
  };
  return {
    renamesOver: extensions?.["posix-rename@openssh.com"] === "1",
    maxWrite: Math.min(MAX_WRITE, maxWrite),
  };
}

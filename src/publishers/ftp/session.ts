/** What a publish does over FTP, in batches of commands that survive the loss of a connection. */
import { setTimeout as delay } from "node:timers/promises";
import { FTPError, type FTPResponse } from "basic-ftp";
import { PermanentError } from "../../errors.ts";
import { HostFullError, type PublishSession, type Upload } from "../publisher.ts";
import { wholePath } from "../target-path.ts";
import { readDigest, readModified, readSize } from "./answers.ts";
import type { FtpConnection } from "./connection.ts";
import type { HostFacts } from "./facts.ts";
import { createFtpFolders } from "./folders.ts";
import { createFtpLister } from "./lister.ts";
import type { CommandGroup } from "./pipeline.ts";
import type { FtpPool } from "./pool.ts";
import { refusalOf } from "./refusal.ts";
import { createFtpRenamer } from "./rename.ts";
import { classifyReply, quoteReply } from "./replies.ts";
import { uploadFiles } from "./upload.ts";

/**
 * ProFTPD's mod_digest (1.3.8) remembers digests by a file's name and the second of its last change, so a file that is
 * replaced within that second keeps the digest of before (measured). In milliseconds, with something to spare.
 */
const DIGEST_SECOND_MS = 1100;

export async function createFtpSession(pool: FtpPool, facts: HostFacts, maxTries: number): Promise<PublishSession> {
  const place = await pool.main();
  const { hasFolderAbove, features } = place;
  facts.profile.digest = features.digest;
  /** When the digest of a path was last asked for, by `performance.now()`. */
  const digestedAtMs = new Map<string, number>();

  function check(...paths: readonly string[]): void {
    for (const path of paths) wholePath(place, path);
  }

  /**
   * Has each path's commands answered once, however many connections that takes. They may be sent twice when a reply
   * was lost. `take` may throw an Error to have them sent again, or a PermanentError to end the batch. `before` is sent
   * first on each connection.
   */
  async function batch(
    paths: readonly string[],
    commandsFor: (name: string, connection: FtpConnection) => CommandGroup,
    take: (path: string, index: number, replies: readonly FTPResponse[]) => void,
    before: CommandGroup = [],
  ) {
    check(...paths);
    const open = new Set(paths.keys());
    await pool.onMain(async (connection) => {
      const sent = [...open];
      const setup = before.map((command) => [command]);
      const groups = sent.map((index) => commandsFor(connection.name(paths[index] ?? ""), connection));
      await connection.run(open.size === 0 ? [] : [...setup, ...groups], (position, replies) => {
        const index = sent[position - setup.length];
        if (index === undefined) return;
        take(paths[index] ?? "", index, replies);
        open.delete(index);
      });
    });
  }

  async function sizes(paths: readonly string[]): Promise<Array<number | undefined>> {
    const found: Array<number | undefined> = paths.map(() => undefined);
    await batch(
      paths,
      (name) => [`SIZE ${name}`],
      (_, index, [reply]) => {
        if (reply !== undefined) found[index] = readSize(reply);
      },
    );
    return found;
  }

  const { rename } = createFtpRenamer(pool, facts, sizes);
  const folders = createFtpFolders(pool);
  const list = createFtpLister(pool, facts);

  return {
    hasFolderAbove,
    sizes,

    async digests(paths) {
      const found: Array<string | undefined> = paths.map(() => undefined);
      const { digest } = features;
      check(...paths);
      if (digest === "none") return found;
      await batch(
        paths,
        // XSHA256 takes a name with spaces in quotes only (ProFTPD); HASH takes quotes for a part of the name.
        (name) => [digest === "HASH" ? `HASH ${name}` : `XSHA256 "${name}"`],
        (_, index, [reply]) => {
          if (reply !== undefined) found[index] = readDigest(reply, digest);
        },
        digest === "HASH" ? ["OPTS HASH SHA-256"] : [],
      );
      for (const path of paths) digestedAtMs.set(path, performance.now());
      return found;
    },

    async modifiedAtMs(path) {
      let changedAtMs: number | undefined;
      await batch(
        [path],
        (name) => [`MDTM ${name}`],
        (_path, _index, [reply]) => {
          if (reply !== undefined) changedAtMs = readModified(reply);
        },
      );
      return changedAtMs;
    },

    async rename(moves, onMoved) {
      check(...moves.flatMap(({ from, to }) => [from, to]));
      await rename(moves, onMoved);
    },

    async claimFolder(path, beside) {
      check(path, ...(beside === undefined ? [] : [beside]));
      return folders.claimFolder(path, beside);
    },

    async moveFolder(from, to) {
      check(from, to);
      return folders.moveFolder(from, to);
    },

    async swapFolders(live, next, old) {
      check(live, next, old);
      return folders.swapFolders(live, next, old);
    },

    async readFile(path, maxBytes, isKnown = false) {
      check(path);
      if (!isKnown) {
        // SIZE first: on a missing file ProFTPD resets the data connection, which may cost the control connection too.
        const [size] = await sizes([path]);
        if (size === undefined) return undefined;
        if (size > maxBytes) throw new PermanentError(`${path} is larger than ${maxBytes} bytes`);
      }
      const read = await pool.onMain((connection) => connection.download(path, maxBytes).catch(keepRefusal));
      if (Buffer.isBuffer(read)) return read;
      // vsftpd says the same of a file that is gone by now and of one that may not be read.
      const [size] = await sizes([path]);
      if (size === undefined) return undefined;
      throw new PermanentError(`${path} cannot be read: ${quoteReply(read)}`);
    },

    async list(folder) {
      check(folder);
      return list(folder);
    },

    async makeFolders(paths) {
      const made: string[] = [];
      const doubtful = new Map<string, FTPResponse>();
      await batch(
        paths,
        (name) => [`MKD ${name}`],
        (path, _, [reply]) => {
          if (reply === undefined) return;
          refuseIfFull(reply);
          if (classifyReply(reply) === "fine") made.push(path);
          else doubtful.set(path, reply);
        },
      );
      // Refused: it exists, or there is a file of that name, or it may not be made; vsftpd says the same to all three.
      await requireFolders(doubtful);
      return made;
    },

    prepareUpload: pool.prepare,

    async upload(files, onDone) {
      check(...files.map(({ path }) => path));
      await digestsCanChange(files);
      await uploadFiles(files, onDone, { lanes: pool.lanes, maxTries, pause: pool.pause });
    },

    async remove(paths) {
      const refused = new Map<string, FTPResponse>();
      await batch(
        paths,
        (name) => [`DELE ${name}`],
        (path, _, [reply]) => {
          if (reply === undefined) return;
          const kind = classifyReply(reply);
          if (kind === "transient") throw new Error(quoteReply(reply));
          if (kind !== "fine") refused.set(path, reply);
        },
      );
      const names = [...refused.keys()];
      const still = await sizes(names);
      const left = names.find((_, index) => still[index] !== undefined);
      const reply = left === undefined ? undefined : refused.get(left);
      if (reply) throw new PermanentError(`The host does not let ${left} be removed: ${quoteReply(reply)}`);
    },

    async removeEmptyFolders(paths) {
      await batch(
        paths,
        (name) => [`RMD ${name}`],
        () => {},
      );
    },

    async close() {
      pool.close();
    },

    profile: () => ({ ...facts.profile }),
  };

  /** Waits until the host will tell files that are sent now from those whose digests it told. */
  async function digestsCanChange(files: readonly Upload[]): Promise<void> {
    const lastMs = files.reduce((latest, { path }) => Math.max(latest, digestedAtMs.get(path) ?? -Infinity), -Infinity);
    const waitMs = lastMs + DIGEST_SECOND_MS - performance.now();
    if (waitMs > 0) await delay(waitMs);
  }

  /** Throws PermanentError when one of the folders is not there. The replies say why it could not be made. */
  async function requireFolders(refused: ReadonlyMap<string, FTPResponse>): Promise<void> {
    let missing: string | undefined;
    await batch(
      [...refused.keys()],
      (name, { base }) => [`CWD ${name}`, `CWD ${base}`],
      (path, _, [there, back]) => {
        if (there === undefined || back === undefined) return;
        if (classifyReply(back) !== "fine") throw new Error(quoteReply(back));
        if (classifyReply(there) !== "fine") missing ??= path;
      },
    );
    const reply = missing === undefined ? undefined : refused.get(missing);
    if (missing !== undefined && reply !== undefined) throw refusalOf(missing, reply);
  }
}

/** For a file that was not sent: the refusal where it stays one, to be looked into; throws what may be over next time. */
function keepRefusal(error: unknown): FTPResponse {
  if (!(error instanceof FTPError)) throw error;
  const kind = classifyReply(error);
  if (kind === "transient" || kind === "too-many") throw error;
  return error;
}

function refuseIfFull(reply: FTPResponse): void {
  const kind = classifyReply(reply);
  if (kind === "full") throw new HostFullError(`There is no room left on the host: ${quoteReply(reply)}`);
  if (kind === "transient") throw new Error(quoteReply(reply));
}

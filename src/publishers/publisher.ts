/**
 * What every publisher does: it speaks one protocol to one target. It moves bytes and names; what is to be moved,
 * and in which order, is decided by `releases/plan.ts` and walked by `pipeline/publish.ts`.
 * All paths are relative to the target's folder, with "/" between segments.
 */
import type { Readable } from "node:stream";

/** A file to be uploaded. `open` may be called again when a transfer has to be repeated. */
export type Upload = {
  readonly path: string;
  readonly size: number;
  open(): Readable;
};

export type Move = {
  readonly from: string;
  readonly to: string;
  /** Whether a file is expected at `to`. Some FTP servers rename over a file only after it was removed. */
  readonly replaces: boolean;
};

/** A connection (or several) to a target, from `open` to `close`. */
export interface PublishSession {
  /** The whole file, or undefined where there is none. Throws PermanentError when it is larger than `maxBytes`. */
  readFile(path: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Size in bytes of each path, in the same order; undefined where there is no such file (a folder is none). */
  sizes(paths: readonly string[]): Promise<Array<number | undefined>>;
  /**
   * Name → size in bytes of the files directly in an existing folder. Servers may cut a long list short, so a file that
   * is missing here may still exist.
   */
  list(folder: string): Promise<Map<string, number>>;
  /** Creates folders, parents first; those that exist are fine. Answers with the ones that were really made. */
  makeFolders(paths: readonly string[]): Promise<string[]>;
  /**
   * Uploads files, several at once where the target allows it; their folders exist. An existing file is overwritten.
   * Connections that break are replaced and the file is sent again. `onDone` is called once for each finished file.
   * That it finished is the host's word only: whoever relies on the content asks `sizes`.
   */
  upload(files: readonly Upload[], onDone: (file: Upload) => void): Promise<void>;
  /**
   * Renames in the given order, replacing what stands at `to`. A missing `from` is an error, and so is a folder at
   * `to`. When it throws, an unknown number of moves from the start of the list has happened.
   */
  rename(moves: readonly Move[]): Promise<void>;
  /** Removes files; those that are gone already are fine. */
  remove(paths: readonly string[]): Promise<void>;
  /** Removes folders if they are empty, in the given order; anything else is left alone without an error. */
  removeEmptyFolders(paths: readonly string[]): Promise<void>;
  /** Ends the session at once; whatever is under way fails. May be called more than once, and never throws. */
  close(): Promise<void>;
}

export interface Publisher {
  /** The target as people may see it, without a password: "ftps://deploy@ftp.example.com/httpdocs". */
  readonly label: string;
  /**
   * Connects and logs in. Throws OperatorError for what only the operator can mend (wrong password, missing folder,
   * plain FTP where the server insists on TLS); anything else may be tried again. `say` gets a line for people when
   * something noteworthy happens later, such as a connection that had to be replaced.
   */
  open(say?: (line: string) => void): Promise<PublishSession>;
}

/** A folder on an FTP host. */
export type FtpTarget = {
  readonly protocol: "ftp" | "ftps";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Folder on the host, as the account sees it: "/httpdocs"; "/" is the folder the account lands in. */
  readonly folder: string;
  /** ftps only: TLS from the first byte (port 990) instead of AUTH TLS. */
  readonly implicit: boolean;
  /** ftps only: PEM certificates to trust besides the system's, for a private CA. */
  readonly ca: string | null;
  /** The configuration key to name in errors: "sites.shop". */
  readonly key: string;
};

/** A folder on this machine. */
export type DirectoryTarget = { readonly protocol: "dir"; readonly folder: string; readonly key: string };

/** Where a site is published, parsed from the `publish` key. */
export type Target = FtpTarget | DirectoryTarget;

/**
 * What every publisher does: it speaks one protocol to one target. It moves bytes and names; what is to be moved,
 * and in which order, is decided by `releases/plan.ts` and walked by `publish/`.
 * All paths are relative to the target's folder, with "/" between segments. One "../" at the very start is the folder
 * above it; no other "." or ".." segment is accepted.
 */
import type { Readable } from "node:stream";
import { PermanentError } from "../errors.ts";
import type { HostProfile } from "./host-profile.ts";

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

/** What lies directly in a folder. */
export type Listing = {
  /** Name → size in bytes. */
  readonly files: ReadonlyMap<string, number>;
  readonly folders: readonly string[];
  /** False when the server said, or is known, to leave names out; then what is missing here may still exist. */
  readonly isComplete: boolean;
};

/** Disk or quota of the host is full. What was uploaded so far is worth removing. */
export class HostFullError extends PermanentError {
  override readonly name = "HostFullError";
}

/** What was to be renamed is not there. */
export class MissingFileError extends PermanentError {
  override readonly name = "MissingFileError";
}

/** The host has no command to rename files with, or lets this account rename none. */
export class NoRenameError extends PermanentError {
  override readonly name = "NoRenameError";
}

/** A connection (or several) to a target, from `open` to `close`. */
export interface PublishSession {
  /**
   * Whether this account sees a folder above the target's, so that paths may begin with "../". That the account may
   * write there is not said.
   */
  readonly hasFolderAbove: boolean;
  /**
   * The whole file, or undefined where there is none. Throws PermanentError when it is larger than `maxBytes`. A caller
   * that knows that the file is there and small enough says so with `isKnown`, which may spare a round trip.
   */
  readFile(path: string, maxBytes: number, isKnown?: boolean): Promise<Buffer | undefined>;
  /** Size in bytes of each path, in the same order; undefined where there is no such file (a folder is none). */
  sizes(paths: readonly string[]): Promise<Array<number | undefined>>;
  /**
   * SHA-256, in lower-case hex, of each path as the host itself computes it, in the same order; undefined for a path
   * that is no file, and for all where the host does not offer this.
   */
  digests(paths: readonly string[]): Promise<Array<string | undefined>>;
  /** When a file was last changed by the host's own clock, in ms since 1970 (whole seconds); undefined if unknown. */
  modifiedAtMs(path: string): Promise<number | undefined>;
  /** What lies directly in a folder; undefined where there is no such folder. */
  list(folder: string): Promise<Listing | undefined>;
  /** Creates folders, parents first; those that exist are fine. Answers with the ones that were really made. */
  makeFolders(paths: readonly string[]): Promise<string[]>;
  /**
   * Makes one folder and says whether this very call made it: of two sessions that try at the same time, one gets
   * true. False when something of that name exists. When a connection is lost before the answer came it throws, and
   * does not try again: the answer of a second try would prove nothing.
   * `beside`, a name that nobody else uses, is made in the same breath, and may be there whatever the answer is.
   */
  claimFolder(path: string, beside?: string): Promise<boolean>;
  /** Renames a folder to a name that is free. False when there is no folder `from`; of two that try, one gets true. */
  moveFolder(from: string, to: string): Promise<boolean>;
  /**
   * Puts the folder `next` where the folder `live` is, which becomes `old` (a free name), with as little time between
   * as the protocol allows. Repeated after a lost connection it finishes what was begun. Throws NoRenameError when the
   * host refuses, with `live` as it was.
   */
  swapFolders(live: string, next: string, old: string): Promise<void>;
  /**
   * Makes `path` a symbolic link to `destination` (a path like all others), atomically replacing an earlier link.
   * Missing where the protocol has no links. Throws PermanentError when something else than a link stands at `path`.
   */
  pointLink?(path: string, destination: string): Promise<void>;
  /** Where a symbolic link leads, as a path like all others; undefined where there is none, or it leads elsewhere. */
  readLink?(path: string): Promise<string | undefined>;
  /** Says that an upload of about so many files is about to come, so that what it needs can be made ready meanwhile. */
  prepareUpload?(files: number): void;
  /**
   * Uploads files, several at once where the target allows it; their folders exist. An existing file is overwritten.
   * Connections that break are replaced and the file is sent again. `onDone` is called once for each finished file.
   * That it finished is the host's word only: whoever relies on the content asks `sizes`.
   */
  upload(files: readonly Upload[], onDone: (file: Upload) => void): Promise<void>;
  /**
   * Renames in the given order, replacing what stands at `to`. A missing `from` is a MissingFileError, and a folder at
   * `to` an error. When it throws, an unknown number of moves from the start of the list has happened. Throws
   * NoRenameError when the host renames nothing at all. `onMoved` is called when the host has confirmed a move.
   */
  rename(moves: readonly Move[], onMoved?: (move: Move) => void): Promise<void>;
  /** Removes files; those that are gone already are fine. */
  remove(paths: readonly string[]): Promise<void>;
  /** Removes folders if they are empty, in the given order; anything else is left alone without an error. */
  removeEmptyFolders(paths: readonly string[]): Promise<void>;
  /** Ends the session at once; whatever is under way fails. May be called more than once, and never throws. */
  close(): Promise<void>;
  /** What is known of the host by now, to be remembered for the next `open`. */
  profile(): HostProfile;
}

export type OpenOptions = {
  /** Gets a line for people when something noteworthy happens, such as a connection that had to be replaced. */
  readonly say?: (line: string) => void;
  /** What an earlier session learned about this host. */
  readonly profile?: HostProfile;
};

export interface Publisher {
  /** The target as people may see it, without a password: "ftps://deploy@ftp.example.com/httpdocs". */
  readonly label: string;
  /**
   * Connects and logs in. Throws OperatorError for what only the operator can mend (wrong password, missing folder,
   * plain FTP where the server insists on TLS, a host key that changed); anything else may be tried again.
   */
  open(options?: OpenOptions): Promise<PublishSession>;
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
  /** ftps only: the one certificate to accept, by its SHA-256 in lower-case hex, whoever signed it and whatever its name. */
  readonly fingerprint: string | null;
  /** ftps only: accept any certificate. The command line's `--insecure`; no configuration key sets it. */
  readonly insecure: boolean;
  /** Connections at the same time, at most; null leaves it to the publisher. */
  readonly connections: number | null;
  /** The configuration key to name in errors: "sites.shop". */
  readonly key: string;
};

/** A folder on an SSH host, reached by SFTP. */
export type SftpTarget = {
  readonly protocol: "sftp";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** As the account sees it: "/var/www/site"; "/" alone is the folder the account lands in. */
  readonly folder: string;
  /** At least one of `password`, `privateKey` and `agent` is set; they are tried in the order agent, key, password. */
  readonly password: string | null;
  /** A private key in OpenSSH's or PEM's form. */
  readonly privateKey: string | null;
  readonly passphrase: string | null;
  /** Path of an SSH agent's socket. */
  readonly agent: string | null;
  /** The host's key as ssh-keygen -l prints it: "SHA256:" and 43 characters. Null trusts none. */
  readonly hostKey: string | null;
  /** With `hostKey` null: trust the key that the host shows. `profile().hostKey` then tells which it was. */
  readonly acceptNewHostKey: boolean;
  /** Connections at the same time, at most; null leaves it to the publisher. */
  readonly connections: number | null;
  readonly key: string;
};

/** A folder on this machine. */
export type DirectoryTarget = { readonly protocol: "dir"; readonly folder: string; readonly key: string };

/** Where a site is published, parsed from the `publish` key. */
export type Target = FtpTarget | SftpTarget | DirectoryTarget;

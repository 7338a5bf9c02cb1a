/** Paths of the demo's FTP server: what a client may name, and where it lies on the disk. Nothing leads out of the root. */
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, posix, sep } from "node:path";

export type ServedFolder = {
  /** The file itself for a path, also when it is a symbolic link or does not exist yet. */
  locate(path: string): Promise<string>;
  /** Like `locate`, but goes through a symbolic link to what it names. */
  follow(path: string): Promise<string>;
};

/** An absolute path inside the server: "a/../b" in "/site" is "/site/b". ".." of "/" is "/". */
export function absolutePath(folder: string, path: string): string {
  return posix.resolve("/", folder, path);
}

/** Both functions throw the file system's errors; ENOENT for what lies outside. */
export function createServedFolder(root: string): ServedFolder {
  async function inside(path: string): Promise<string> {
    const [real, realRoot] = await Promise.all([realpath(path), realpath(root)]);
    if (real !== realRoot && !real.startsWith(realRoot + sep)) throw outside();
    return real;
  }

  async function locate(path: string): Promise<string> {
    if (path.includes("\0")) throw outside();
    const full = join(root, absolutePath("/", path));
    if (path === "/") return inside(root);
    // The last name is left as it is: it may not exist, or be a link that is to be renamed or deleted.
    return join(await inside(dirname(full)), basename(full));
  }

  return {
    locate,
    async follow(path) {
      const full = await locate(path);
      const found = await lstat(full).catch(() => undefined);
      return found?.isSymbolicLink() ? inside(full) : full;
    },
  };
}

export function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function outside(): Error {
  return Object.assign(new Error("outside the served folder"), { code: "ENOENT" });
}

/** The C library's sentence for an error of the file system, as FTP servers quote it (strerror(3)). */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  return REASONS[code] ?? "Input/output error";
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EEXIST: "File exists",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  ENOTEMPTY: "Directory not empty",
  EBUSY: "Device or resource busy",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  EINVAL: "Invalid argument",
  ENAMETOOLONG: "File name too long",
  ENOSPC: "No space left on device",
  ELOOP: "Too many levels of symbolic links",
};

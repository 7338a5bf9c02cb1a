/** Paths of a publish as names that an FTP server understands. */
import { posix } from "node:path";
import { type TargetPlace, wholePath } from "../target-path.ts";

/**
 * The path as the argument of a command, on a connection that works in the folder `base`. Paths inside are relative;
 * for the folder above the full name is used, as servers that keep an account in a folder may refuse "..".
 * Throws PermanentError for what is no such path.
 */
export function ftpName(place: TargetPlace, path: string): string {
  const whole = wholePath(place, path);
  if (path.startsWith("../")) return whole;
  // A leading space would be trimmed, a dash taken for an option (LIST of most servers), a tilde for a home (ProFTPD).
  return /^[\s~-]/.test(path) ? `./${path}` : path;
}

/** The folder above one that the server calls by its full name; undefined where there is none. */
export function folderAbove(base: string): string | undefined {
  return base.startsWith("/") && base !== "/" ? posix.dirname(base) : undefined;
}

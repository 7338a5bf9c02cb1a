/** Which paths a release may have. Build outputs and manifests on a host are written by others, so both are checked. */

/** Slipway's own folder on every target. Nothing of a release may be called so, in any case of letters. */
export const TOOL_FOLDER = ".slipway";

/** What is wrong with a path of a release, as the end of a sentence ("has …"), or null. */
export function pathProblem(path: string): string | null {
  const segments = path.split("/");
  if (segments.includes("") || segments.includes(".") || segments.includes("..")) {
    return "has an empty, '.' or '..' segment";
  }
  // A line end would end an FTP command (RFC 959, section 5.3.1), a backslash is a separator on Windows hosts.
  if (/[\p{Cc}\\]/u.test(path)) return "has a control character or a backslash";
  if (!path.isWellFormed() || path.includes("\uFFFD")) return "has a name that is not valid UTF-8";
  if (path.normalize("NFC") !== path) return "has a name that is not in Unicode normal form C";
  if (segments[0]?.toLowerCase() === TOOL_FOLDER)
    return `has the first segment ${TOOL_FOLDER}, which belongs to Slipway`;
  return null;
}

/**
 * As `pathProblem`, for a path that is about to be published; this is asked of new files only, so that what stands on a
 * host already stays known.
 */
export function newPathProblem(path: string): string | null {
  const problem = pathProblem(path);
  if (problem !== null) return problem;
  // Pure-FTPd 1.0.50 keeps " a" as "_a" and "a " as "a_", and Windows drops the space at an end.
  if (/^ | $|\/ | \//.test(path)) return "has a name that begins or ends with a space, which some hosts change";
  return null;
}

/** The folders above a path, outermost first: "a/b/c.html" → ["a", "a/b"]. */
export function foldersAbove(path: string): string[] {
  const segments = path.split("/");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}

/** A path as it may be shown in one line, whatever it contains. */
export function showPath(path: string): string {
  return JSON.stringify(path).slice(1, -1);
}

/** Reads listings of folders: facts (MLSD, RFC 3659 section 7), lines as `ls -l` prints them, and those of IIS (DOS). */
import { parseList } from "basic-ftp";
import { PermanentError } from "../../errors.ts";
import { isTruncated } from "./replies.ts";

export type FtpListing = {
  /** Name → size in bytes. */
  readonly files: Map<string, number>;
  readonly folders: string[];
  /** Symbolic links and what else is neither; the listing does not say where a link leads. */
  readonly others: string[];
  /** Whether names with a dot in front are shown; null when there is nothing to tell it by. */
  readonly showsDotFiles: boolean | null;
  /** Whether all lines were understood, and the server did not say that it left some out. */
  readonly isWhole: boolean;
};

/** Throws PermanentError for a form of listing that is not known. */
export function readListing(text: string, reply: { message: string }): FtpListing {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !/^total \d+$/.test(line));
  const entries = parse(text);
  const listing: FtpListing = {
    files: new Map(),
    folders: [],
    others: [],
    showsDotFiles: showsDotFiles(lines),
    isWhole: !isTruncated(reply) && entries.length === lines.filter((line) => !isFolderItself(line)).length,
  };
  let isWhole = listing.isWhole;
  for (const { name, size, isFile, isDirectory } of entries) {
    // Nothing that Slipway could name later.
    if (name === "" || name.includes("/") || /\p{Cc}/u.test(name)) isWhole = false;
    else if (isFile && Number.isSafeInteger(size)) listing.files.set(name, size);
    else (isDirectory ? listing.folders : listing.others).push(name);
  }
  return { ...listing, isWhole };
}

function parse(text: string): ReturnType<typeof parseList> {
  try {
    return parseList(text);
  } catch (error) {
    throw new PermanentError("The host lists folders in a form that Slipway cannot read.", { cause: error });
  }
}

/** "." and "..", in whichever form: "type=cdir;…; .", "drwx------ 3 1 1 4096 Nov 24 16:07 ..". */
function isFolderItself(line: string): boolean {
  // Of files, names may end like that: "type=file;size=0; a .".
  return /^[^ ]*\btype=[cp]dir;/i.test(line) || /^(d[rwxsStT-]{9}|.*<DIR>).* \.\.?$/.test(line);
}

/** Servers that list "." list all names with a dot; Windows hides none of them; facts come with all names. */
function showsDotFiles(lines: readonly string[]): boolean | null {
  if (lines.length === 0) return null;
  const isFacts = (line: string) => /^[^\s=]+=\S*; /.test(line);
  const isDos = (line: string) => /^\d{2}[-/]\d{2}[-/]\d{2}/.test(line);
  return lines.some((line) => isFacts(line) || isDos(line) || /\d \.\S*/.test(line));
}

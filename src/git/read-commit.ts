/** Answers questions about commits that are in the mirror, without laying anything out. */
import { PermanentError } from "../errors.ts";
import { isCommitName } from "./git-name.ts";
import type { Git } from "./run-git.ts";

export type Head = {
  readonly commit: string;
  /** Git's id of all its files: the same as long as nothing in them changes. */
  readonly tree: string;
  readonly author: string;
  /** First line of the message. */
  readonly title: string;
  /** All of it, up to some length. */
  readonly message: string;
};

/** Longer messages are cut: they are lists made by programs. */
const MAX_MESSAGE = 20_000;
/** About 300,000 paths. A commit with a longer author or message is refused. */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

/** Who made a commit, and what they said. `name` is a commit or a ref. */
export async function readHead(git: Git, name: string): Promise<Head> {
  const output = await git.read(["log", "-1", "--format=%H%n%T%n%an%n%s%n%B", name, "--"], MAX_OUTPUT_BYTES);
  const [commit = "", tree = "", author = "", title = "", ...message] = (output?.toString() ?? "").split("\n");
  if (!isCommitName(commit)) throw new Error("git named no commit");
  return { commit, tree, author, title: shorten(title), message: shorten(message.join("\n").trimEnd()) };
}

function shorten(text: string): string {
  return text.slice(0, MAX_MESSAGE).toWellFormed();
}

/** Paths that are not the same in two commits: made, removed, or changed in content, mode or kind. Null when very many. */
export async function diffPaths(git: Git, from: string, to: string): Promise<string[] | null> {
  const args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", from, to];
  const output = await git.read([...args, "--"], MAX_OUTPUT_BYTES);
  return output === null ? null : output.toString().split("\0").slice(0, -1);
}

type Found = { mode: string; id: string; bytes: number };

async function find(git: Git, commit: string, path: string): Promise<Found | null> {
  const args = ["ls-tree", "-z", "--long", "--full-tree", commit, "--", path];
  const output = await git.read(args, MAX_OUTPUT_BYTES);
  const [mode = "", , id = "", size = ""] = (output?.toString() ?? "").split("\t")[0]?.split(/ +/) ?? [];
  return mode === "" ? null : { mode, id, bytes: Number(size) || 0 };
}

/**
 * The text of a file; null when there is none, or a link or a folder in its place. Throws PermanentError when it is larger
 * than `maxBytes`.
 */
export async function readFileAt(git: Git, commit: string, path: string, maxBytes: number): Promise<string | null> {
  const found = await find(git, commit, normalize(path));
  if (!found?.mode.startsWith("100")) return null;
  const content = found.bytes > maxBytes ? null : await git.read(["cat-file", "blob", found.id], maxBytes);
  if (content === null) throw new PermanentError(`${path} is larger than ${maxBytes} bytes`);
  return content.toString();
}

/** "./a//b/" is "a/b" to git, and "." is the whole. */
function normalize(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

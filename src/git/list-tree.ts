/** What a commit's tree holds, before anything of it is written. */
import { PermanentError } from "../errors.ts";
import type { Git } from "./run-git.ts";

export type TreeEntry = {
  readonly path: string;
  /** Regular file (executable or not), symbolic link, or the commit of a submodule (gitformat-index(5), "mode"). */
  readonly kind: "file" | "link" | "submodule";
  readonly id: string;
  /** Of files and links. */
  readonly bytes: number;
};

/** How much one checkout may still lay out, over a repository and all its submodules. */
export type CheckoutBudget = { files: number; bytes: number; submodules: number };

/** More than any site needs; a repository of a few kilobytes can name billions of files, each tree being used many times. */
export const CHECKOUT_BUDGET: Readonly<CheckoutBudget> = { files: 300_000, bytes: 20e9, submodules: 100 };

/** About 300 bytes for each of so many files. */
const MAX_LISTING_BYTES = 96 * 1024 * 1024;

/** Lists all files of a commit, and takes them off the budget. Throws PermanentError when that is used up. */
export async function listTree(git: Git, commit: string, budget: CheckoutBudget): Promise<TreeEntry[]> {
  const listing = await git.read(["ls-tree", "-r", "-z", "--long", "--full-tree", commit], MAX_LISTING_BYTES);
  const entries = listing === null ? null : parseTree(listing.toString());
  budget.files -= entries?.length ?? Number.POSITIVE_INFINITY;
  if (entries === null || budget.files < 0) {
    throw new PermanentError(
      `The repository has more than ${CHECKOUT_BUDGET.files.toLocaleString("en")} files, which is more than Slipway checks out`,
    );
  }
  for (const { bytes } of entries) takeBytes(budget, bytes);
  return entries;
}

/** Takes bytes off the budget. Throws PermanentError when that is used up. */
export function takeBytes(budget: CheckoutBudget, bytes: number): void {
  budget.bytes -= bytes;
  if (budget.bytes >= 0) return;
  throw new PermanentError(
    `The repository's files are larger than ${CHECKOUT_BUDGET.bytes / 1e9} GB together, which is more than Slipway checks out`,
  );
}

/** Reads what `git ls-tree -z --long` prints: "MODE TYPE ID SIZE\tPATH\0" for each entry. */
function parseTree(listing: string): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (const line of listing.split("\0")) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const [mode = "", type, id = "", size = ""] = line.slice(0, tab).split(/ +/);
    const kind = type === "commit" ? "submodule" : mode.startsWith("12") ? "link" : "file";
    entries.push({ path: line.slice(tab + 1), kind, id, bytes: Number(size) || 0 });
  }
  return entries;
}

/** Fetches the head of a branch and lays its files out in a clean folder. */
import { type MirrorOptions, openMirror } from "./open-mirror.ts";
import type { Head } from "./read-commit.ts";

export type CheckoutOptions = MirrorOptions & {
  readonly branch: string;
  /** Gets the files; made anew. */
  readonly folder: string;
};

export type Checkout = {
  readonly head: Pick<Head, "commit" | "author" | "title">;
  /** Lays the files of this commit out in `folder`. */
  layOut(): Promise<void>;
};

/** The checkout of a deployment that builds the newest commit. Throws as `Mirror.fetchHead` does. */
export async function fetchHead(options: CheckoutOptions): Promise<Checkout> {
  const mirror = openMirror(options);
  const { commit, author, title } = await mirror.fetchHead(options.branch);
  return {
    head: { commit, author, title },
    layOut: () => mirror.layOut(commit, options.folder, { submodules: true, lfs: true }),
  };
}

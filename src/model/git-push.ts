/** A push that a git host other than GitHub reports. */

export type GitPush = {
  /** Every address that the host says the repository can be cloned from. */
  readonly cloneUrls: readonly string[];
  /** "group/project". */
  readonly repoName: string;
  /** The whole ref: "refs/heads/main". */
  readonly ref: string;
  readonly before: string;
  /** The commit that the ref names now; null where it was deleted. */
  readonly after: string | null;
  readonly head: { readonly message: string; readonly author: string } | null;
};

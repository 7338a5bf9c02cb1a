/** What a build asks the toolchain for. */

export type ManagerName = "npm" | "pnpm" | "yarn" | "bun";

/** A version or range, and who asks for it, as the end of a sentence: ".nvmrc", "packageManager of package.json". */
export type WantedVersion = { readonly range: string; readonly because: string };

export type WantedTools = {
  /** Null takes the Node that runs Slipway. */
  readonly node: WantedVersion | null;
  /** Null where the build has no packages. Its `version` null takes the one that belongs to the Node. */
  readonly manager: { readonly name: ManagerName; readonly version: WantedVersion | null } | null;
};

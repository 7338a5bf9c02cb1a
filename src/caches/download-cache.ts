/** Where package managers keep what they downloaded. They check it against the lock file before they use it. */
import { join } from "node:path";

/** `version` is exact where it is known: the two kinds of Yarn have different settings. */
export type Manager = { readonly name: "npm" | "pnpm" | "yarn" | "bun"; readonly version: string };

/**
 * The variables that make a package manager keep its downloads in `folder`, for the install stage.
 *
 * pnpm has to copy from its store: by default it gives the files there second names in node_modules, and a build could
 * change both through one. `clone-or-copy` is not enough, pnpm 11.28 links all the same. It reads `npm_config_*` up to
 * version 10, `pnpm_config_*` from 11 on.
 *
 * Yarn from 2 on would let `.pnp.cjs` point at its global cache, which is not part of what is kept as dependencies; so
 * it fills `.yarn/cache` in the workspace, from its mirror in the global folder (yarnpkg.com/configuration/yarnrc,
 * enableMirror). For it YARN_CACHE_FOLDER would be that folder, so Yarn 1 alone gets it.
 */
export function downloadCacheEnvironment(folder: string, { name, version }: Manager): Record<string, string> {
  if (name === "npm") return { npm_config_cache: join(folder, "npm") };
  if (name === "bun") return { BUN_INSTALL_CACHE_DIR: join(folder, "bun") };
  if (name === "yarn") {
    if (isFirstYarn(version)) return { YARN_CACHE_FOLDER: join(folder, "yarn") };
    return { YARN_GLOBAL_FOLDER: join(folder, "yarn-global"), YARN_ENABLE_GLOBAL_CACHE: "false" };
  }
  const settings = {
    store_dir: join(folder, "pnpm-store"),
    cache_dir: join(folder, "pnpm"),
    package_import_method: "copy",
  };
  const prefixes = ["npm_config_", "pnpm_config_"];
  const pairs = Object.entries(settings);
  return Object.fromEntries(prefixes.flatMap((prefix) => pairs.map(([key, value]) => [prefix + key, value])));
}

export function isFirstYarn(version: string): boolean {
  return /^[\^~]?[01]\./.test(version);
}

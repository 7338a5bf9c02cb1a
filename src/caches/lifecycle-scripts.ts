/** What a repository's own scripts, which an install runs, mean for keeping what it installed. No I/O. */

/** npm runs these of the repository's own packages, in this order. docs.npmjs.com/cli/using-npm/scripts, "npm ci". */
export const LIFECYCLE = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];

export type ScriptKind =
  /** Does nothing that a build could see, or reads only what the key of the cache holds anyway. */
  | "harmless"
  /** Writes into the sources, from the sources, and is run again after the dependencies were put back. */
  | "repeated"
  /** May read anything. */
  | "unknown";

const RUNNER = /^(npx( --no-install| --no| --yes| -y)?|npm exec( --)?|pnpm (exec|dlx)|yarn( run| dlx)?|bunx( --bun)?) /;

/** Git hooks; checks of the package manager; patches, Prisma's schemas and browsers, of which the key or the install knows. */
const HARMLESS = [
  /^(is-ci|husky( install)?( [\w./-]+)?|lefthook install( -f| --force)?|simple-git-hooks|only-allow \w+)$/,
  /^(patch-package|prisma generate|playwright install( --with-deps)?( (chromium|firefox|webkit))*)$/,
  /^(true|exit 0|:|echo( [\w .,!'"-]*)?)$/,
];

/** They write types and settings for editors and checkers, which the framework's own build writes as well. */
const REPEATED = /^(nuxt|nuxi) prepare$|^(svelte-kit|astro) sync$|^react-router typegen$/;

/** Judges the text of a script by its parts. */
export function kindOf(script: string): ScriptKind {
  const parts = script.split(/&&|\|\||;/).map((part) => part.trim().replace(RUNNER, ""));
  if (parts.every((part) => isHarmless(part))) return "harmless";
  // A patch that is made twice would change what was installed.
  const isRepeatable = parts.every((part) => REPEATED.test(part) || (isHarmless(part) && part !== "patch-package"));
  return isRepeatable ? "repeated" : "unknown";
}

function isHarmless(part: string): boolean {
  return HARMLESS.some((pattern) => pattern.test(part));
}

/** Whether the command installs what the lock file says and does nothing else, so that its inputs are known. */
export function isFrozenInstall(command: string): boolean {
  const words = command.trim();
  const plain =
    /^(npm (ci|clean-install)|pnpm (install|i)|yarn( install)?|bun (install|i))( --?[\w-]+(=[\w./@:-]+)?)*$/;
  return plain.test(words);
}

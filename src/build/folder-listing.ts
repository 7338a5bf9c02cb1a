/** What detection knows of a folder of the repository: its names, and the texts of the files that decide. */

export type FolderListing = {
  /** Relative to the repository; "." is the repository itself. */
  readonly folder: string;
  readonly names: ReadonlySet<string>;
  /** Of the files that `isDeciding` names; of lock files only the beginning. */
  readonly texts: ReadonlyMap<string, string>;
};

const CODE = ["js", "mjs", "cjs", "ts", "mts", "cts"];
/** Tools whose configuration is read, never run: `vite.config.ts`. */
const TOOLS = ["vite", "astro", "next", "nuxt", "svelte", "eleventy", "vue", "react-router"];
const HUGO_CONFIGS = ["hugo", "config"].flatMap((stem) =>
  ["toml", "yaml", "yml", "json"].map((ext) => `${stem}.${ext}`),
);

const DECIDING: ReadonlySet<string> = new Set([
  "package.json",
  "angular.json",
  "pnpm-workspace.yaml",
  ".yarnrc.yml",
  ".nvmrc",
  ".node-version",
  ".tool-versions",
  ".eleventy.js",
  "_config.yml",
  "Gemfile",
  ...HUGO_CONFIGS,
  ...TOOLS.flatMap((tool) => CODE.map((ext) => `${tool}.config.${ext}`)),
]);

/** Whose first lines say which version of the tool wrote them. */
const LOCKS: ReadonlySet<string> = new Set(["yarn.lock", "pnpm-lock.yaml"]);

/** Whether detection reads this file whole, or only its beginning. */
export function isDeciding(name: string): "whole" | "beginning" | null {
  if (DECIDING.has(name)) return "whole";
  return LOCKS.has(name) ? "beginning" : null;
}

/** The configuration of a tool that is written as code, with the name of its file. */
export function codeConfig({ texts }: FolderListing, tool: string): { name: string; text: string } | null {
  for (const ext of CODE) {
    const name = `${tool}.config.${ext}`;
    const text = texts.get(name);
    if (text !== undefined) return { name, text };
  }
  return null;
}

/** The configuration of Hugo, by either of its names. gohugo.io/configuration/introduction. */
export function hugoConfig({ texts }: FolderListing): { name: string; text: string } | null {
  for (const name of HUGO_CONFIGS) {
    const text = texts.get(name);
    if (text !== undefined) return { name, text };
  }
  return null;
}

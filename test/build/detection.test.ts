/** From files on disk to the first lines of the transcript, for each framework that Slipway knows by name. */
import { describe, expect, test } from "vitest";
import { planBuild } from "../../src/build/build-plan.ts";
import { describePlan } from "../../src/build/describe-plan.ts";
import { readFolders } from "../../src/build/read-folders.ts";
import { applyRepositoryConfig } from "../../src/build/repository-config.ts";
import type { SiteBuild } from "../../src/model/build.ts";
import { type Files, siteWith, writeRepository } from "./site-and-listings.ts";

/** The lines, with one space where there are columns. */
async function linesFor(files: Files, changes: Partial<SiteBuild> = {}, config: string | null = null) {
  const folder = writeRepository(files);
  const { site, from } = applyRepositoryConfig(siteWith(changes), config);
  const plan = planBuild(site, await readFolders(folder, site.folder), from);
  const taken = { node: "24.1.0", ...(plan.manager && { manager: "9.9.9" }) };
  return describePlan(plan, taken).map((line) => line.replace(/ {2,}/g, " | "));
}

const NODE = "Node | 24.1.0 | the one that runs Slipway";
const npm = [
  "package manager | npm 9.9.9 | package-lock.json",
  NODE,
  "install | npm ci --no-audit --no-fund | package-lock.json",
];
const script = "build | npm run build | the build script of package.json";
const pack = (dependencies: Record<string, string>, scripts: Record<string, string>) => ({
  "package.json": { dependencies, scripts },
  "package-lock.json": "{}",
});

describe("What is found out about a repository, with where each comes from:", () => {
  test.each<[string, Files, string[]]>([
    [
      "Angular",
      {
        ...pack({ "@angular/core": "22.2.0", "@angular/build": "22.2.0" }, { build: "ng build" }),
        "angular.json": {
          projects: { shop: { architect: { build: { builder: "@angular/build:application", options: {} } } } },
        },
      },
      ["framework | Angular 22.2.0 | package.json", ...npm, script, "output | dist/shop/browser | angular.json"],
    ],
    [
      "Angular with outputMode static and a path of its own",
      {
        ...pack({ "@angular/core": "^22.2.0" }, { build: "ng build" }),
        "angular.json": {
          projects: { shop: { architect: { build: { options: { outputPath: "web", outputMode: "static" } } } } },
        },
      },
      ["framework | Angular ^22.2.0 | package.json", ...npm, script, "output | web/browser | angular.json"],
    ],
    [
      "Vite",
      { ...pack({ vite: "^7" }, { build: "vite build" }), "vite.config.ts": "export default { base: '/' }" },
      ["framework | Vite ^7 | package.json", ...npm, script, "output | dist | the default of Vite"],
    ],
    [
      "Vite with an outDir",
      { ...pack({ vite: "^7" }, { build: "vite build" }), "vite.config.ts": "build: { outDir: 'web' }" },
      ["framework | Vite ^7 | package.json", ...npm, script, "output | web or dist | vite.config.ts"],
    ],
    [
      "Astro",
      pack({ astro: "5.1.0", vite: "7" }, { build: "astro check && astro build" }),
      ["framework | Astro 5.1.0 | package.json", ...npm, script, "output | dist | the default of Astro"],
    ],
    [
      "Next with an export",
      {
        ...pack({ next: "16.0.0", react: "19" }, { build: "next build" }),
        "next.config.mjs": 'export default { output: "export" }',
      },
      ["framework | Next.js 16.0.0 | package.json", ...npm, script, "output | out | the default of Next.js"],
    ],
    [
      "Next with an export into another folder",
      {
        ...pack({ next: "16.0.0" }, { build: "next build" }),
        "next.config.ts": 'const config = { output: "export", distDir: "web" }; export default config;',
      },
      ["framework | Next.js 16.0.0 | package.json", ...npm, script, "output | web or out | next.config.ts"],
    ],
    [
      "Nuxt whose build script makes a server",
      pack({ nuxt: "^4.0.0" }, { build: "nuxt build" }),
      [
        "framework | Nuxt ^4.0.0 | package.json",
        ...npm,
        "build | npx --no -- nuxt generate | the default of Nuxt",
        "output | .output/public or dist | the default of Nuxt",
      ],
    ],
    [
      "Nuxt with a generate script",
      pack({ nuxt: "^4.0.0" }, { build: "nuxt build", generate: "nuxt generate" }),
      [
        "framework | Nuxt ^4.0.0 | package.json",
        ...npm,
        "build | npm run generate | the generate script of package.json",
        "output | .output/public or dist | the default of Nuxt",
      ],
    ],
    [
      "SvelteKit with its static adapter",
      {
        ...pack({ "@sveltejs/kit": "^2", "@sveltejs/adapter-static": "^3", vite: "7" }, { build: "vite build" }),
        "svelte.config.js": "kit: { adapter: adapter({ pages: 'web' }) }",
      },
      ["framework | SvelteKit ^2 | package.json", ...npm, script, "output | web or build | svelte.config.js"],
    ],
    [
      "Eleventy",
      pack({ "@11ty/eleventy": "3.0.0" }, { build: "eleventy --output=web" }),
      ["framework | Eleventy 3.0.0 | package.json", ...npm, script, "output | web | the build script of package.json"],
    ],
    [
      "Eleventy without a script",
      { ...pack({ "@11ty/eleventy": "3.0.0" }, {}), ".eleventy.js": 'return { dir: { output: "www" } }' },
      [
        "framework | Eleventy 3.0.0 | package.json",
        ...npm,
        "build | npx --no -- eleventy | the default of Eleventy",
        "output | www or _site | .eleventy.js",
      ],
    ],
    [
      "Gatsby",
      pack({ gatsby: "^5" }, { build: "gatsby build" }),
      ["framework | Gatsby ^5 | package.json", ...npm, script, "output | public | the default of Gatsby"],
    ],
    [
      "Hugo",
      { "hugo.toml": "title = 'x'", "content/a.md": "# a" },
      [
        "framework | Hugo | hugo.toml",
        NODE,
        "build | hugo | the default of Hugo",
        "output | public | the default of Hugo",
      ],
    ],
    [
      "Jekyll",
      { Gemfile: 'gem "jekyll"', "_config.yml": "title: x\ndestination: ./web\n" },
      [
        "framework | Jekyll | Gemfile",
        NODE,
        "install | bundle config set --local path vendor/bundle && bundle install | the default of Jekyll",
        "build | bundle exec jekyll build | the default of Jekyll",
        "output | web | _config.yml",
      ],
    ],
    [
      "a build script of one's own",
      pack({ marked: "^16" }, { build: "node build.js" }),
      [...npm, script, "output | dist or build or out or _site or public | the usual names"],
    ],
    ["a plain folder", { "index.html": "x", "style.css": "x" }, [NODE, "output | . | nothing is built"]],
  ])("%s", async (_, files, lines) => {
    expect(await linesFor(files)).toEqual(lines);
  });

  test.each<[string, Files, string[]]>([
    [
      "pnpm",
      { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", ".nvmrc": "v24\n" },
      [
        "package manager | pnpm 9.9.9 | pnpm-lock.yaml",
        "Node | 24.1.0 | .nvmrc: v24",
        "install | pnpm install --frozen-lockfile | pnpm-lock.yaml",
        "build | pnpm run build | the build script of package.json",
      ],
    ],
    [
      "Yarn 1",
      { "yarn.lock": "# yarn lockfile v1\n" },
      [
        "package manager | yarn 9.9.9 | yarn.lock",
        NODE,
        "install | yarn install --frozen-lockfile | yarn.lock",
        "build | yarn run build | the build script of package.json",
      ],
    ],
    [
      "Yarn 4, by its lock file",
      { "yarn.lock": "__metadata:\n  version: 8\n" },
      [
        "package manager | yarn 9.9.9 | yarn.lock",
        NODE,
        "install | yarn install --immutable | yarn.lock",
        "build | yarn run build | the build script of package.json",
      ],
    ],
    [
      "bun",
      { "bun.lock": "{}" },
      [
        "package manager | bun 9.9.9 | bun.lock",
        NODE,
        "install | bun install --frozen-lockfile | bun.lock",
        "build | bun run build | the build script of package.json",
      ],
    ],
  ])("%s", async (_, files, lines) => {
    const found = await linesFor({ "package.json": { scripts: { build: "x" }, dependencies: { a: "1" } }, ...files });
    expect(found.slice(0, -1)).toEqual(lines);
  });

  test("packageManager, with the file that named the manager and the one that named its version", async () => {
    const files = {
      "package.json": { packageManager: "pnpm@10.2.0", scripts: { build: "x" }, engines: { node: ">=20" } },
      "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    };
    expect((await linesFor(files)).slice(0, 2)).toEqual([
      "package manager | pnpm 9.9.9 | packageManager of package.json",
      "Node | 24.1.0 | engines.node of package.json",
    ]);
    const implied = { ...files, "package.json": { scripts: { build: "x" }, engines: { pnpm: "~10.1" } } };
    expect((await linesFor(implied))[0]).toBe(
      "package manager | pnpm 9.9.9 | pnpm-lock.yaml; engines.pnpm of package.json",
    );
  });
});

test("What was set is shown with the file that set it, and the operator's wins", async () => {
  const files = pack({ vite: "7" }, { build: "vite build" });
  const config = "build: { install: npm i, command: make, output: web, node: 22 }";
  expect(await linesFor(files, { command: "make all", node: "24" }, config)).toEqual([
    "framework | Vite 7 | package.json",
    "package manager | npm 9.9.9 | package-lock.json",
    "Node | 24.1.0 | build.node of slipway.yaml",
    "install | npm i | build.install of .github/slipway.yml",
    "build | make all | build.command of slipway.yaml",
    "output | web | build.output of .github/slipway.yml",
  ]);
});

test("The lines stand in columns", () => {
  const plan = planBuild(siteWith(), [{ folder: ".", names: new Set(["index.html"]), texts: new Map() }]);
  expect(describePlan(plan, { node: "24.1.0" })).toEqual([
    "Node    24.1.0  the one that runs Slipway",
    "output  .       nothing is built",
  ]);
});

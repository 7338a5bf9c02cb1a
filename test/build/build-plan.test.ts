import { describe, expect, test } from "vitest";
import { type BuildPlan, chooseOutput, planBuild, toolsOf } from "../../src/build/build-plan.ts";
import { PermanentError } from "../../src/errors.ts";
import type { SiteBuild } from "../../src/model/build.ts";
import { type Files, listingsOf, siteWith } from "./site-and-listings.ts";

const usual = ["dist", "build", "out", "_site", "public"];
const plan = (files: Files, changes: Partial<SiteBuild> = {}): BuildPlan =>
  planBuild(siteWith(changes), listingsOf(files, changes.folder ?? "."));
/** A package.json with these dependencies and scripts. */
const pack = (dependencies: Record<string, string>, scripts: Record<string, string> = {}) => ({
  dependencies,
  scripts,
});
const buildable = { scripts: { build: "x" }, devDependencies: { thing: "*" } };

describe("The default command and output of", () => {
  const vite = { "package.json": pack({ vite: "^7" }) };
  test.each<[string, Files, string, string[]]>([
    ["Vite", vite, "npx --no -- vite build", ["dist"]],
    ["Vite with a literal outDir", { ...vite, "vite.config.ts": "build: { outDir: 'web' }" }, "", ["web", "dist"]],
    [
      "Vite with a root",
      { ...vite, "vite.config.js": 'root: "src", build: { outDir: "../web/" }' },
      "",
      ["web", "dist"],
    ],
    ["Vite with a computed outDir", { ...vite, "vite.config.js": 'build: { outDir: base + "/web" }' }, "", ["dist"]],
    ["Vite with two outDirs", { ...vite, "vite.config.js": 'a: {outDir: "a"}, b: {outDir: "b"}' }, "", ["dist"]],
    ["Vite with outDir in a comment", { ...vite, "vite.config.js": '// outDir: "a"\n/* outDir: "b" */' }, "", ["dist"]],
    ["Vite that writes outside", { ...vite, "vite.config.js": 'outDir: "../../etc"' }, "", ["dist"]],
    ["Vite that writes to its sources", { ...vite, "vite.config.js": 'outDir: "."' }, "", ["dist"]],
    [
      "Astro, which has Vite",
      { "package.json": pack({ astro: "5.1.0", vite: "7" }) },
      "npx --no -- astro build",
      ["dist"],
    ],
    ["Nuxt", { "package.json": pack({ nuxt: "4.0.0" }) }, "npx --no -- nuxt generate", [".output/public", "dist"]],
    [
      "SvelteKit",
      { "package.json": pack({ "@sveltejs/kit": "2", "@sveltejs/adapter-static": "3" }) },
      "npx --no -- vite build",
      ["build"],
    ],
    ["Eleventy", { "package.json": pack({ "@11ty/eleventy": "3" }) }, "npx --no -- eleventy", ["_site"]],
    [
      "Eleventy with a folder of its own",
      { "package.json": pack({ "@11ty/eleventy": "3" }), ".eleventy.js": 'return { dir: { output: "www" } }' },
      "",
      ["www", "_site"],
    ],
    ["Gatsby", { "package.json": pack({ gatsby: "5" }) }, "npx --no -- gatsby build", ["public"]],
    ["Docusaurus", { "package.json": pack({ "@docusaurus/core": "3" }) }, "npx --no -- docusaurus build", ["build"]],
    [
      "VitePress in docs",
      { "package.json": pack({ vitepress: "1" }) },
      "npx --no -- vitepress build docs",
      ["docs/.vitepress/dist"],
    ],
    [
      "VitePress in the folder itself",
      { "package.json": pack({ vitepress: "1" }), ".vitepress/config.ts": "" },
      "npx --no -- vitepress build .",
      [".vitepress/dist"],
    ],
    [
      "Create React App",
      { "package.json": pack({ "react-scripts": "5" }) },
      "npx --no -- react-scripts build",
      ["build"],
    ],
    ["Vue CLI", { "package.json": pack({ "@vue/cli-service": "5" }) }, "npx --no -- vue-cli-service build", ["dist"]],
    ["Parcel", { "package.json": pack({ parcel: "2" }) }, "npx --no -- parcel build", ["dist"]],
    ["Hexo", { "package.json": pack({ hexo: "7" }) }, "npx --no -- hexo generate", ["public"]],
    ["Hugo", { "hugo.toml": "" }, "hugo", ["public"]],
    ["Hugo with a folder of its own", { "hugo.yaml": "title: x\npublishDir: web # here\n" }, "hugo", ["web"]],
    ["Hugo by its older name", { "config.toml": "", "content/a.md": "", "themes/x/y": "" }, "hugo", ["public"]],
    ["Hugo beside a package.json", { "hugo.toml": "", "package.json": pack({ postcss: "8" }) }, "hugo", ["public"]],
    ["Hugo from npm", { "package.json": pack({ "hugo-extended": "0.166" }) }, "npx --no -- hugo", ["public"]],
    ["Jekyll", { Gemfile: 'gem "jekyll"\n', "_config.yml": "" }, "bundle exec jekyll build", ["_site"]],
  ])("%s", (_, files, command, outputs) => {
    const made = plan(files);
    if (command !== "") expect(made.build?.command).toBe(command);
    expect(made.outputs).toEqual(outputs);
  });

  test("Zola is not taken for Hugo", () => {
    const made = plan({ "config.toml": 'base_url = "https://x"', "content/a.md": "", "themes/x/y": "" });
    expect(made).toMatchObject({ framework: null, build: null, outputs: ["."] });
  });
});

describe("The build script of package.json", () => {
  test("wins over the command of the framework", () => {
    const made = plan({ "package.json": pack({ vite: "^7.1.0" }, { build: "tsc && vite build --outDir=site" }) });
    expect(made.framework).toEqual({ name: "Vite", version: "^7.1.0", because: "package.json" });
    const because = "the build script of package.json";
    expect(made.build).toEqual({ command: "npm run build", folder: ".", because });
    expect(made).toMatchObject({ outputs: ["site"], outputsBecause: because });
  });

  test("of Nuxt is not run where it would make a server", () => {
    const made = plan({ "package.json": pack({ nuxt: "4" }, { build: "nuxt build" }) });
    expect(made.build?.command).toBe("npx --no -- nuxt generate");
    expect(made.remarks.join()).toContain("nuxt generate makes static files");
  });

  test("of Nuxt gives way to its generate script", () => {
    const made = plan({ "package.json": pack({ nuxt: "4" }, { build: "nuxt build", generate: "nuxt generate" }) });
    expect(made.build?.command).toBe("npm run generate");
  });

  test("may be called docs:build with VitePress, and names its folder", () => {
    const made = plan({ "package.json": pack({ vitepress: "1" }, { "docs:build": "vitepress build guide" }) });
    expect(made).toMatchObject({ build: { command: "npm run docs:build" }, outputs: ["guide/.vitepress/dist"] });
  });

  test("without a known framework leaves its output in one of the usual folders", () => {
    expect(plan({ "package.json": buildable })).toMatchObject({ framework: null, outputs: usual });
  });
});

describe("A site that would need a server", () => {
  test.each<[string, Files, RegExp]>([
    [
      "Next without a configuration",
      { "package.json": pack({ next: "15" }) },
      /there is no next\.config.*output: "export"/,
    ],
    [
      "Next without static export",
      { "package.json": pack({ next: "15" }), "next.config.mjs": "export default {}" },
      /next\.config\.mjs does not set output: "export"/,
    ],
    ["SvelteKit with another adapter", { "package.json": pack({ "@sveltejs/kit": "2" }) }, /@sveltejs\/adapter-static/],
    [
      "Astro on request",
      { "package.json": pack({ astro: "5" }), "astro.config.mjs": "defineConfig({ output: 'server' })" },
      /astro\.config\.mjs lets Astro render pages on a server/,
    ],
  ])("%s is refused with advice, unless the output is named", (_, files, message) => {
    expect(() => plan(files)).toThrow(PermanentError);
    expect(() => plan(files)).toThrow(message);
    expect(plan(files, { output: "web" }).outputs).toEqual(["web"]);
  });

  test.each(['output: "export"', "output: isProduction ? 'export' : undefined"])("Next with %s goes out", (config) => {
    const made = plan({ "package.json": pack({ next: "15" }), "next.config.js": `module.exports = { ${config} }` });
    expect(made.outputs).toEqual(["out"]);
  });

  test("Next whose configuration is put together elsewhere gets the benefit of the doubt, and advice", () => {
    const config = 'import shared from "./shared.mjs"; export default shared;';
    const made = plan({ "package.json": pack({ next: "15" }), "next.config.mjs": config });
    expect(made.remarks.join()).toContain('does not say output: "export" itself');
    expect(made.advice).toContain("nextjs.org");
  });
});

describe("The settings of a site", () => {
  const settings = { install: "make deps", command: "make", output: "web", node: "22" };

  test("win over all that is found, and are named as where it comes from", () => {
    const made = plan({ "package.json": buildable, "package-lock.json": "" }, settings);
    expect(made.install).toEqual({ command: "make deps", folder: ".", because: "build.install of slipway.yaml" });
    expect(made.build).toEqual({ command: "make", folder: ".", because: "build.command of slipway.yaml" });
    expect(made).toMatchObject({ outputs: ["web"], outputsBecause: "build.output of slipway.yaml" });
    expect(made.node).toEqual({ range: "22", because: "build.node of slipway.yaml" });
  });

  test("are told from those of the repository", () => {
    const from = { install: ".github/slipway.yml", output: ".github/slipway.yml" };
    const made = planBuild(siteWith(settings), listingsOf({ "package.json": buildable }), from);
    expect(made.install?.because).toBe("build.install of .github/slipway.yml");
    expect(made.build?.because).toBe("build.command of slipway.yaml");
    expect(made.outputsBecause).toBe("build.output of .github/slipway.yml");
  });
});

test("Nothing is installed where nothing is named", () => {
  const made = plan({ "package.json": { scripts: { build: "x" } } });
  expect(made.install).toBeNull();
  expect(made.remarks).toEqual(["package.json names no dependencies, so nothing is installed"]);
});

test("Plain files are the site themselves", () => {
  const made = plan({ "index.html": "x" });
  expect(made).toMatchObject({ install: null, build: null, outputs: ["."], framework: null, manager: null });
  expect(toolsOf(made)).toEqual({ node: null, manager: null });
});

test("The toolchain is asked for what the plan found", () => {
  const made = plan({ "package.json": { ...buildable, packageManager: "pnpm@10.2.0" }, ".nvmrc": "22" });
  expect(toolsOf(made)).toEqual({
    node: { range: "22", because: ".nvmrc" },
    manager: { name: "pnpm", version: { range: "10.2.0", because: "packageManager of package.json" } },
  });
});

test("Of several outputs the one that the build made is taken, else the first that exists", () => {
  const made = plan({ "package.json": buildable });
  const choose = (before: string[], after: string[]) => chooseOutput(made, new Set(before), new Set(after));
  expect(choose([], ["public", "dist"])).toBe("dist");
  expect(choose(["dist"], ["dist", "public"])).toBe("public");
  expect(choose(["public"], ["public", "out"])).toBe("out");
  expect(choose(["public"], ["public"])).toBe("public");
  expect(choose([], [])).toBeUndefined();
});

/** The frameworks that Slipway knows, one entry each. Those that others are built on come later in the list. */
import { angularOutputs } from "./angular-workspace.ts";
import { hugoConfig } from "./folder-listing.ts";
import type { Framework, FrameworkFacts, Outputs } from "./framework.ts";
import { lineSetting, type OutputRule, outputsOf } from "./framework-output.ts";
import { dependency } from "./package-json.ts";
import { examineAstro, examineNext, examineNuxt, examineReactRouter, examineSvelteKit } from "./static-setup.ts";

/** An entry without peculiarities: one package, one command, one folder. */
function plain(name: string, pack: string, command: string, rule: OutputRule): Framework {
  return { name, packages: [pack], command: () => command, outputs: (facts) => outputsOf(facts, name, rule) };
}

const FRAMEWORKS: readonly Framework[] = [
  {
    name: "Angular",
    packages: ["@angular/core", "@angular/cli"],
    command: () => "ng build",
    outputs: angularOutputs,
  },
  {
    ...plain("Next.js", "next", "next build", { usual: "out", setting: { tool: "next", key: "distDir" } }),
    examine: examineNext,
  },
  {
    name: "Nuxt",
    packages: ["nuxt", "nuxt3"],
    scripts: ["generate", "build"],
    insteadOf: /\b(nuxt|nuxi) build\b(?!.*--prerender)/,
    command: () => "nuxt generate",
    outputs: () => ({ paths: [".output/public", "dist"], because: "the default of Nuxt" }),
    examine: examineNuxt,
  },
  {
    ...plain("SvelteKit", "@sveltejs/kit", "vite build", { usual: "build", setting: { tool: "svelte", key: "pages" } }),
    examine: examineSvelteKit,
  },
  {
    ...plain("Astro", "astro", "astro build", {
      usual: "dist",
      options: ["--outDir"],
      setting: { tool: "astro", key: "outDir" },
    }),
    examine: examineAstro,
  },
  {
    ...plain("React Router", "@react-router/dev", "react-router build", { usual: "build/client" }),
    examine: examineReactRouter,
  },
  plain("Gatsby", "gatsby", "gatsby build", { usual: "public" }),
  plain("Docusaurus", "@docusaurus/core", "docusaurus build", { usual: "build", options: ["--out-dir"] }),
  {
    name: "VitePress",
    packages: ["vitepress"],
    scripts: ["build", "docs:build"],
    command: (facts) => `vitepress build ${vitePressRoot(facts)}`,
    outputs: vitePressOutputs,
  },
  {
    ...plain("VuePress", "vuepress", "vuepress build docs", { usual: "docs/.vuepress/dist" }),
    scripts: ["build", "docs:build"],
  },
  {
    name: "Eleventy",
    packages: ["@11ty/eleventy"],
    command: () => "eleventy",
    outputs: eleventyOutputs,
  },
  {
    name: "Hugo",
    packages: ["hugo-extended", "hugo-bin"],
    file: hugoFile,
    command: () => "hugo",
    programs: ["hugo"],
    outputs: hugoOutputs,
  },
  {
    name: "Jekyll",
    packages: [],
    file: ({ own }) =>
      /^\s*gem\s+["'](jekyll|github-pages)["']/m.test(own.texts.get("Gemfile") ?? "") ? "Gemfile" : null,
    install: "bundle config set --local path vendor/bundle && bundle install",
    command: () => "bundle exec jekyll build",
    programs: ["bundle"],
    outputs: jekyllOutputs,
  },
  plain("Hexo", "hexo", "hexo generate", { usual: "public" }),
  plain("Create React App", "react-scripts", "react-scripts build", { usual: "build" }),
  plain("Vue CLI", "@vue/cli-service", "vue-cli-service build", {
    usual: "dist",
    options: ["--dest"],
    setting: { tool: "vue", key: "outputDir" },
  }),
  plain("Ember", "ember-cli", "ember build --environment=production", { usual: "dist" }),
  plain("Parcel", "parcel", "parcel build", { usual: "dist", options: ["--dist-dir", "-d"] }),
  plain("Vite", "vite", "vite build", {
    usual: "dist",
    options: ["--outDir"],
    setting: { tool: "vite", key: "outDir" },
  }),
];

export type FoundFramework = {
  readonly framework: Framework;
  /** As package.json has it; null where no package shows it. */
  readonly version: string | null;
  readonly because: string;
};

/** The first framework of the table that the site shows. */
export function findFramework(facts: FrameworkFacts): FoundFramework | null {
  for (const framework of FRAMEWORKS) {
    for (const name of framework.packages) {
      const version = dependency(facts.pack, name);
      if (version !== undefined) return { framework, version, because: "package.json" };
    }
    const file = framework.file?.(facts) ?? null;
    if (file !== null) return { framework, version: null, because: file };
  }
  return null;
}

/** The folder is given on the command line, else it is the one with `.vitepress`. vitepress.dev/reference/cli. */
function vitePressRoot({ own, script }: FrameworkFacts): string {
  const [, root] = /\bvitepress build\s+([\w@./][\w@./-]*)/.exec(script) ?? [];
  return root ?? (own.names.has(".vitepress") ? "." : "docs");
}

function vitePressOutputs(facts: FrameworkFacts): Outputs {
  return outputsOf(facts, "VitePress", { usual: `${vitePressRoot(facts)}/.vitepress/dist`.replace(/^\.\//, "") });
}

function eleventyOutputs(facts: FrameworkFacts): Outputs {
  const rule = { usual: "_site", options: ["--output"] };
  const old = facts.own.texts.get(".eleventy.js");
  const own =
    old === undefined
      ? facts.own
      : { ...facts.own, texts: new Map([...facts.own.texts, ["eleventy.config.js", old] as const]) };
  const made = outputsOf({ ...facts, own }, "Eleventy", { ...rule, setting: { tool: "eleventy", key: "output" } });
  return old !== undefined && made.because === "eleventy.config.js" ? { ...made, because: ".eleventy.js" } : made;
}

/** `config.*` is a name that others use too, Zola among them: it is Hugo's beside Hugo's folders. */
function hugoFile({ own }: FrameworkFacts): string | null {
  const config = hugoConfig(own);
  if (config?.name.startsWith("hugo.")) return config.name;
  const isHugo = own.names.has("content") && ["layouts", "themes", "archetypes"].some((name) => own.names.has(name));
  return config && isHugo && !/^\s*base_url\s*=/m.test(config.text) ? config.name : null;
}

function hugoOutputs({ own, script }: FrameworkFacts): Outputs {
  const config = hugoConfig(own);
  const made = outputsOf({ own, script, pack: null }, "Hugo", { usual: "public", options: ["--destination", "-d"] });
  const set = config && lineSetting(config.text, "publishDir");
  return config && set && made.because.startsWith("the default") ? { paths: [set], because: config.name } : made;
}

function jekyllOutputs({ own }: FrameworkFacts): Outputs {
  const set = lineSetting(own.texts.get("_config.yml") ?? "", "destination");
  return set ? { paths: [set], because: "_config.yml" } : { paths: ["_site"], because: "the default of Jekyll" };
}

/** Whether a framework is set up to write static files, and the same ones in each build of a commit. */
import type { FolderListing } from "./folder-listing.ts";
import type { Findings, FrameworkFacts } from "./framework.ts";
import { configMentions } from "./framework-output.ts";
import { dependency } from "./package-json.ts";

const SET_OUTPUT = "set build.output if it writes static files to a folder after all";

/** Pages are written by `next build` only with `output: "export"`. nextjs.org/docs/app/guides/static-exports. */
export function examineNext({ own, script }: FrameworkFacts): Findings {
  const remarks = changingName(own, NEXT_BUILD_ID);
  const advice = `Next.js writes static files only where next.config has output: "export" (nextjs.org/docs/app/guides/static-exports)`;
  if (/\bnext export\b/.test(script)) return { remarks };
  const found = configMentions(own, "next", /["'`]export["'`]/);
  if (found?.does) return { advice, remarks };
  // What a configuration imports may set it all the same; without one nothing does.
  const imports = configMentions(own, "next", /\b(import|require)\b[\s(]*[^\n]*["'`]\.{1,2}\//);
  if (found && imports?.does) return { advice, remarks: [`${found.name} does not say output: "export" itself.`] };
  const where = found ? `${found.name} does not set output: "export"` : "there is no next.config";
  return { refusal: `${where}: ${advice}. Set it, or ${SET_OUTPUT}.` };
}

export function examineNuxt({ own }: FrameworkFacts): Findings {
  return { remarks: changingName(own, NUXT_BUILD_ID) };
}

export function examineSvelteKit({ own, pack }: FrameworkFacts): Findings {
  const remarks = changingName(own, SVELTE_VERSION);
  if (dependency(pack, "@sveltejs/adapter-static") !== undefined) return { remarks };
  const refusal =
    "SvelteKit writes static files only with @sveltejs/adapter-static (svelte.dev/docs/kit/adapter-static), which package.json does not name";
  return { refusal: `${refusal}. Use it, or ${SET_OUTPUT}.`, remarks };
}

/** docs.astro.build/en/guides/on-demand-rendering: "server" renders on request, an adapter may do so for some pages. */
export function examineAstro({ own }: FrameworkFacts): Findings {
  const server = configMentions(own, "astro", /\boutput\s*:\s*["'`](server|hybrid)["'`]/);
  if (!server?.does) return {};
  return { refusal: `${server.name} lets Astro render pages on a server. Remove output there, or ${SET_OUTPUT}.` };
}

export function examineReactRouter({ own }: FrameworkFacts): Findings {
  if (configMentions(own, "react-router", /\bssr\s*:\s*false/)?.does) return {};
  const remark =
    "React Router renders on a server unless ssr: false is set; only what it writes to build/client is published.";
  return { remarks: [remark] };
}

/** What a framework puts into the pages of each build, and differs from one to the next where `setting` is not set. */
type BuildName = {
  readonly tool: string;
  readonly setting: RegExp;
  readonly what: string;
  /** How it becomes the same, up to the name of the file. */
  readonly cure: string;
};

/** nextjs.org/docs/app/api-reference/config/next-config-js/generateBuildId. */
const NEXT_BUILD_ID: BuildName = {
  ...{ tool: "next", setting: /\bgenerateBuildId\b/, what: "Next.js puts a random build id" },
  cure: "they do not with generateBuildId: () => process.env.SLIPWAY_COMMIT ?? null",
};
/** nuxt.com/docs/api/nuxt-config#buildid. When a page was rendered is in its payload whatever is set. */
const NUXT_BUILD_ID: BuildName = {
  ...{ tool: "nuxt", setting: /\bbuildId\b/, what: "Nuxt puts a random build id and the time" },
  cure: "fewer files do with buildId: process.env.SLIPWAY_COMMIT",
};
/** svelte.dev/docs/kit/configuration#version. */
const SVELTE_VERSION: BuildName = {
  ...{ tool: "svelte", setting: /\bversion\s*:/, what: "SvelteKit puts the time of the build" },
  cure: "they do not with kit: { version: { name: process.env.SLIPWAY_COMMIT } }",
};

function changingName(own: FolderListing, { tool, setting, what, cure }: BuildName): string[] {
  const found = configMentions(own, tool, setting);
  if (found?.does) return [];
  return [`${what} into its pages, so two builds of one commit differ; ${cure} in ${found?.name ?? `${tool}.config`}.`];
}

import { describe, expect, test } from "vitest";
import { planBuild } from "../../src/build/build-plan.ts";
import { type Files, listingsOf, siteWith } from "./site-and-listings.ts";

const pack = (dependencies: Record<string, string>, scripts: Record<string, string>) => ({
  "package.json": { dependencies, scripts },
  "package-lock.json": "{}",
});

describe("Where a framework gives each build another name,", () => {
  const next = pack({ next: "16" }, { build: "next build" });
  const remarksFor = (files: Files) => planBuild(siteWith(), listingsOf(files)).remarks.join("\n");

  test.each<[string, Files, string]>([
    [
      "Next.js",
      { ...next, "next.config.js": 'module.exports = { output: "export" }' },
      "Next.js puts a random build id into its pages, so two builds of one commit differ; they do not with generateBuildId",
    ],
    [
      "SvelteKit",
      pack({ "@sveltejs/kit": "2", "@sveltejs/adapter-static": "3" }, { build: "vite build" }),
      "SvelteKit puts the time of the build into its pages, so two builds of one commit differ; they do not with kit:",
    ],
    [
      "Nuxt",
      pack({ nuxt: "4" }, { generate: "nuxt generate" }),
      "Nuxt puts a random build id and the time into its pages",
    ],
  ])("%s, that is said with what to do", (_, files, remark) => {
    expect(remarksFor(files)).toContain(remark);
  });

  test("and its configuration sets one, nothing is said", () => {
    const config = 'module.exports = { output: "export", generateBuildId: () => process.env.SLIPWAY_COMMIT }';
    expect(remarksFor({ ...next, "next.config.js": config })).toBe("");
  });
});

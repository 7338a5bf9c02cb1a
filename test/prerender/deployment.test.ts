import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Isolation } from "../../src/model/build.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { createJob, TEST_LIMITS } from "../pipeline/deployment-job.ts";
import { runJob } from "../pipeline/run-job.ts";
import { describeWithProgram } from "../servers/available.ts";
import { APP, SETTINGS } from "./prerender-world.ts";

/** A browser takes its time on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FILES = Object.fromEntries(
  readdirSync(APP, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [join("public", path.slice(APP.length)), readFileSync(path, "utf8")]),
);
const PACKAGE = { "package.json": JSON.stringify({ scripts: { build: "rm -rf dist && cp -r public dist" } }) };

function createDeployment(isolation: Isolation, routes: readonly string[]) {
  const repository = createGitRepository();
  repository.commit({ ...PACKAGE, ...FILES });
  return createJob(repository.url, {
    site: { output: "dist", prerender: { ...SETTINGS, routes } },
    sandbox: { isolation, allowHosts: [], limits: TEST_LIMITS },
    siteUrl: "https://shop.example/",
  });
}

for (const isolation of ["none", "bubblewrap"] as const) {
  const program = isolation === "none" ? "chromium" : "bwrap";
  describeWithProgram(program, `A deployment whose pages are rendered, isolation ${isolation}`, () => {
    test("publishes them, and says how many", async () => {
      const { job, target } = createDeployment(isolation, ["/", "/products", "/old"]);
      const { outcome, transcript } = await runJob(job);
      expect(outcome, `${transcript}\n${JSON.stringify(outcome)}`).toMatchObject({ kind: "live" });
      expect(transcript).toContain("\nPrerendered 3 pages and 1 redirect");
      expect(readFileSync(join(target, "products", "index.html"), "utf8")).toContain("Teapot");
      expect(existsSync(join(target, "sitemap.xml"))).toBe(true);
      expect(transcript).not.toMatch(/warning/i);
    });
  });
}

describeWithProgram("chromium", "A deployment with a page that throws", () => {
  test("fails, names the page, and is not tried again", async () => {
    const { job, target } = createDeployment("none", ["/", "/throws"]);
    const { outcome, transcript } = await runJob(job);
    expect(outcome, transcript).toMatchObject({ kind: "failed", stage: "prerender", retry: false });
    expect(outcome).toHaveProperty("reason", "1 page could not be prerendered: /throws throws: no price for this one");
    expect(readdirSync(target)).toEqual([]);
  });
});

describe("A deployment of what Angular prerendered", () => {
  test("fails where a route that it lists has no page, and names the route", async () => {
    const repository = createGitRepository();
    repository.commit({
      "dist/shop/prerendered-routes.json": JSON.stringify({ routes: { "/": {}, "/about": {} } }),
      "dist/shop/browser/index.html": "<h1>Shop</h1>",
    });
    const { job, target } = createJob(repository.url, { site: { output: "dist/shop/browser" } });
    const failed = await runJob(job);
    expect(failed.outcome, failed.transcript).toMatchObject({ kind: "failed", retry: false });
    expect(failed.outcome).toHaveProperty("reason", expect.stringContaining("no page in the output: /about. "));
    repository.commit({ "dist/shop/browser/about/index.html": "<h1>About</h1>" });
    const { outcome, transcript } = await runJob(job);
    expect(outcome, transcript).toMatchObject({ kind: "live" });
    expect(transcript).toContain("\nAngular prerendered 2 routes; each has its page\n");
    expect(existsSync(join(target, "prerendered-routes.json"))).toBe(false);
  });
});

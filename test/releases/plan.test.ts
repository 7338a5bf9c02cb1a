/** The plan, checked by walking it over a model of a host that refuses what real hosts refuse. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FileEntry, Manifest } from "../../src/model/release.ts";
import { foldersAbove } from "../../src/releases/path.ts";
import { allFolders, applyPlan, countPuts, planPublish } from "../../src/releases/plan.ts";

const entry = (n: number): FileEntry => ({ sha256: String(n).repeat(64).slice(0, 64), size: n });

/** Few names, so that the same name is often a file in one manifest and a folder in the other. */
const path = fc
  .array(fc.constantFrom("a", "b", "A", "index.html", "x.js", "main-5XQ7W2AB.js", "sw.js", "ngsw.json"), {
    minLength: 1,
    maxLength: 4,
  })
  .map((segments) => segments.join("/"));

const manifest: fc.Arbitrary<Manifest> = fc
  .array(fc.tuple(path, fc.integer({ min: 0, max: 3 }).map(entry)), { maxLength: 14 })
  .map((files) => {
    const found = new Map<string, FileEntry>();
    // On a real host a name is a file or a folder, never both.
    for (const [name, file] of files) {
      const clash = foldersAbove(name).some((folder) => found.has(folder)) || allFolders(found.keys()).has(name);
      if (!clash) found.set(name, file);
    }
    return found;
  });

const sorted = (files: Manifest) => [...files].sort(([a], [b]) => (a < b ? -1 : 1));

describe("planPublish", () => {
  it("leads from any manifest to exactly the other one, through steps a host accepts", () => {
    fc.assert(
      fc.property(manifest, manifest, (onHost, release) => {
        const plan = planPublish({ onHost, release, folders: allFolders(onHost.keys()) });
        expect(sorted(applyPlan(onHost, plan))).toEqual(sorted(release));
      }),
      { numRuns: 2000 },
    );
  });

  it("removes nothing but files of ours, and puts nothing that is there already", () => {
    fc.assert(
      fc.property(manifest, manifest, (onHost, release) => {
        const { steps, added, changed, removed, unchanged } = planPublish({ onHost, release });
        for (const step of steps) {
          if (step.do === "remove") expect(onHost.get(step.path)).toEqual(step.entry);
          if (step.do === "put") expect(onHost.get(step.path)).not.toEqual(step.entry);
        }
        expect(added + changed + unchanged).toBe(release.size);
        expect(unchanged + changed + removed).toBe(onHost.size);
        expect(countPuts(onHost, release)).toBe(added + changed);
      }),
    );
  });

  it("removes only folders that we made, except where a file has to take a folder's place", () => {
    fc.assert(
      fc.property(manifest, manifest, fc.subarray(["a", "b", "a/b", "b/a"]), (onHost, release, own) => {
        const { steps } = planPublish({ onHost, release, folders: new Set(own) });
        for (const step of steps) {
          if (step.do !== "removeFolder") continue;
          const placeTaken = [step.path, ...foldersAbove(step.path)].some((name) => release.has(name));
          expect(own.includes(step.path) || placeTaken).toBe(true);
        }
      }),
    );
  });

  it("puts assets before pages, pages before entry points and the service worker last", () => {
    const rank = (name: string) =>
      /(^|\/)(sw\.js|ngsw\.json)$/.test(name) ? 3 : name === "index.html" ? 2 : /\.html$/.test(name) ? 1 : 0;
    fc.assert(
      fc.property(manifest, manifest, (onHost, release) => {
        const ranks = planPublish({ onHost, release }).steps.flatMap((step) =>
          step.do === "put" ? [rank(step.path)] : [],
        );
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }),
    );
  });

  it("removes after it has put, unless a name is needed", () => {
    fc.assert(
      fc.property(manifest, manifest, (onHost, release) => {
        const { steps } = planPublish({ onHost, release });
        const lastPut = steps.findLastIndex((step) => step.do === "put");
        steps.forEach((step, index) => {
          if (step.do === "remove" && !step.inTheWay) expect(index).toBeGreaterThan(lastPut);
        });
      }),
    );
  });

  it("orders a typical release by who refers to whom", () => {
    const files = [
      "index.html",
      "ngsw.json",
      "ngsw-worker.js",
      "404.html",
      "sitemap.xml",
      ".htaccess",
      "about/index.html",
      "blog/2026/post.html",
      "logo.svg",
      "main-5XQ7W2AB.js",
    ];
    const plan = planPublish({ onHost: new Map(), release: new Map(files.map((name) => [name, entry(1)])) });
    expect(plan.steps.map((step) => `${step.do} ${step.path}`)).toEqual([
      "makeFolder about",
      "makeFolder blog",
      "makeFolder blog/2026",
      "put main-5XQ7W2AB.js",
      "put logo.svg",
      "put .htaccess",
      "put blog/2026/post.html",
      "put about/index.html",
      "put 404.html",
      "put sitemap.xml",
      "put index.html",
      "put ngsw-worker.js",
      "put ngsw.json",
    ]);
  });

  it("clears the way first where a file becomes a folder and where a folder becomes a file", () => {
    const onHost = new Map([
      ["news", entry(1)],
      ["shop/cart.html", entry(1)],
    ]);
    const release = new Map([
      ["news/index.html", entry(2)],
      ["shop", entry(2)],
    ]);
    const plan = planPublish({ onHost, release });
    expect(plan.steps.map((step) => `${step.do} ${step.path}`)).toEqual([
      "remove shop/cart.html",
      "remove news",
      "removeFolder shop",
      "makeFolder news",
      "put shop",
      "put news/index.html",
    ]);
  });

  it("has no steps when nothing changed", () => {
    const files = new Map([["index.html", entry(1)]]);
    expect(planPublish({ onHost: files, release: files })).toMatchObject({ steps: [], unchanged: 1 });
  });
});

import { describe, expect, test } from "vitest";
import { planBuild } from "../../src/build/build-plan.ts";
import { type Files, listingsOf, siteWith } from "./site-and-listings.ts";

const pack = { dependencies: { "@angular/core": "22.2.0" }, scripts: { build: "ng build" } };
const plan = (files: Files, folder = ".") => planBuild(siteWith({ folder }), listingsOf(files, folder));
const angular = (build: unknown, more: object = {}, script = "ng build") =>
  plan({
    "package.json": { ...pack, scripts: { build: script } },
    "angular.json": { projects: { shop: { projectType: "application", architect: { build } } }, ...more },
  });

describe("The output of an Angular project", () => {
  test.each([
    ["without a path", { builder: "@angular/build:application" }, "dist/shop/browser"],
    ["with a path", { builder: "@angular/build:application", options: { outputPath: "web/" } }, "web/browser"],
    ["with a base", { builder: "@angular/build:application", options: { outputPath: { base: "web" } } }, "web/browser"],
    ["with outputMode static", { options: { outputPath: "web", outputMode: "static" } }, "web/browser"],
    ["with an empty browser folder", { options: { outputPath: { base: "web", browser: "" } } }, "web"],
    [
      "of the older builder",
      { builder: "@angular-devkit/build-angular:browser", options: { outputPath: "web" } },
      "web",
    ],
    [
      "of the one between",
      { builder: "@angular-devkit/build-angular:browser-esbuild", options: { outputPath: "w" } },
      "w",
    ],
    [
      "with another path for production",
      { configurations: { production: { outputPath: "prod" } }, defaultConfiguration: "production" },
      "prod/browser",
    ],
  ])("%s is read from angular.json", (_, build, output) => {
    expect(angular(build)).toMatchObject({ outputs: [output], outputsBecause: "angular.json" });
  });

  test("is that of the configuration which the script names", () => {
    const build = { configurations: { live: { outputPath: "live" } }, defaultConfiguration: "production" };
    expect(angular(build, {}, "ng build --configuration=live").outputs).toEqual(["live/browser"]);
  });

  test("is the default project's first, and no library's", () => {
    const app = { projectType: "application", targets: { build: {} } };
    const projects = { one: app, lib: { ...app, projectType: "library" }, two: app };
    expect(angular({}, { projects, defaultProject: "two" }).outputs).toEqual(["dist/two/browser", "dist/one/browser"]);
    expect(angular({}, { projects }, "ng build one && cp a b").outputs).toEqual(["dist/one/browser"]);
  });

  test("is found in an angular.json with comments and trailing commas", () => {
    const text = '/* a */ { "projects": { "shop": { "architect": { "build": {}, }, }, // "x": {\n } }';
    const made = plan({ "package.json": pack, "angular.json": text });
    expect(made.outputs).toEqual(["dist/shop/browser"]);
  });

  test.each(["/etc", "../..", "a/../../b"])("must not be %s", (outputPath) => {
    expect(() => angular({ options: { outputPath } })).toThrow("leads out of the repository");
  });
});

test("A site that is one project of a workspace is built there, by its name", () => {
  const project = (root: string) => ({ root, projectType: "application", architect: { build: {} } });
  const files = {
    "package.json": pack,
    "package-lock.json": "",
    "angular.json": { projects: { shop: project("projects/shop"), admin: project("projects/admin/") } },
    "projects/admin/src/main.ts": "",
  };
  const made = plan(files, "projects/admin");
  expect(made.install).toMatchObject({ command: "npm ci --no-audit --no-fund", folder: "." });
  expect(made.build).toEqual({
    ...{ command: "npx --no -- ng build admin", folder: ".", because: "the project of angular.json" },
  });
  expect(made.outputs).toEqual(["../../dist/admin/browser"]);
});

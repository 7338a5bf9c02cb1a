import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type BuildPlan, chooseOutput, planBuild } from "../../src/build/build-plan.ts";
import { existingFolders, readFolders } from "../../src/build/read-folders.ts";
import { PermanentError } from "../../src/errors.ts";
import type { SiteBuild } from "../../src/model/build.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const site: SiteBuild = {
  name: "shop",
  folder: ".",
  command: null,
  install: null,
  output: null,
  node: null,
  env: {},
  timeoutMs: 1000,
  idleTimeoutMs: 1000,
  prerender: null,
  links: "off",
};
const usual = ["dist", "build", "out", "_site", "public"];

/** The plan for a repository with these files. */
async function plan(files: Readonly<Record<string, string>>, changes: Partial<SiteBuild> = {}): Promise<BuildPlan> {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const planned = { ...site, ...changes };
  return planBuild(planned, await readFolders(folder, planned.folder));
}

const buildable = JSON.stringify({ scripts: { build: "x" }, devDependencies: { vite: "*" } });

describe("Install and build", () => {
  test.each([
    ["package-lock.json", "", "npm ci --no-audit --no-fund", "npm run build"],
    ["npm-shrinkwrap.json", "", "npm ci --no-audit --no-fund", "npm run build"],
    ["pnpm-lock.yaml", "", "pnpm install --frozen-lockfile", "pnpm run build"],
    ["yarn.lock", "# yarn lockfile v1\n", "yarn install --frozen-lockfile", "yarn run build"],
    ["yarn.lock", "# generated\n\n__metadata:\n  version: 8\n", "yarn install --immutable", "yarn run build"],
    ["bun.lock", "", "bun install --frozen-lockfile", "bun run build"],
    ["bun.lockb", "", "bun install --frozen-lockfile", "bun run build"],
  ])("go by %s", async (lock, content, install, build) => {
    const made = await plan({ "package.json": buildable, [lock]: content });
    expect(made.install).toEqual({ command: install, folder: ".", because: lock });
    expect(made.build).toEqual({ command: build, folder: ".", because: "the build script of package.json" });
    expect(made.outputs).toEqual(usual);
  });

  test("use npm where there is no lock file", async () => {
    const made = await plan({ "package.json": buildable });
    expect(made.install?.command).toBe("npm install --no-audit --no-fund");
    expect(made.build?.command).toBe("npm run build");
  });

  test("install nothing where nothing is named", async () => {
    const made = await plan({ "package.json": JSON.stringify({ scripts: { build: "x" } }) });
    expect(made.install).toBeNull();
    expect(made.remarks).toEqual(["package.json names no dependencies, so nothing is installed"]);
  });

  test("are left out for plain files, which are the site then", async () => {
    const made = await plan({ "index.html": "x" });
    expect(made).toMatchObject({ install: null, build: null, outputs: ["."] });
  });

  test("follow the site's own settings where it has some", async () => {
    const settings = { install: "make deps", command: "make", output: "web" };
    const made = await plan({ "package.json": buildable, "package-lock.json": "" }, settings);
    expect(made.install).toEqual({ command: "make deps", folder: ".", because: "build.install of the site" });
    expect(made.build).toEqual({ command: "make", folder: ".", because: "build.command of the site" });
    expect(made.outputs).toEqual(["web"]);
  });

  test("find the lock file above the site's folder", async () => {
    const files = { "pnpm-lock.yaml": "", "sites/shop/package.json": buildable };
    const made = await plan(files, { folder: "sites/shop" });
    expect(made.install).toEqual({ command: "pnpm install --frozen-lockfile", folder: ".", because: "pnpm-lock.yaml" });
    expect(made.build).toMatchObject({ command: "pnpm run build", folder: "sites/shop" });
  });
});

describe("The output of an Angular project", () => {
  const angular = (build: unknown, more: object = {}) =>
    plan({
      "package.json": buildable,
      "angular.json": JSON.stringify({
        projects: { shop: { projectType: "application", architect: { build } } },
        ...more,
      }),
    });

  test.each([
    ["without a path", { builder: "@angular/build:application" }, "dist/shop/browser"],
    ["with a path", { builder: "@angular/build:application", options: { outputPath: "web/" } }, "web/browser"],
    ["with a base", { builder: "@angular/build:application", options: { outputPath: { base: "web" } } }, "web/browser"],
    ["with an empty browser folder", { options: { outputPath: { base: "web", browser: "" } } }, "web"],
    [
      "of the older builder",
      { builder: "@angular-devkit/build-angular:browser", options: { outputPath: "web" } },
      "web",
    ],
  ])("%s is read from angular.json", async (_, build, output) => {
    const made = await angular(build);
    expect(made).toMatchObject({ outputs: [output], outputsBecause: "angular.json" });
  });

  test("is the default project's first, and no library's", async () => {
    const app = { projectType: "application", targets: { build: {} } };
    const projects = { one: app, lib: { ...app, projectType: "library" }, two: app };
    const made = await angular({}, { projects, defaultProject: "two" });
    expect(made.outputs).toEqual(["dist/two/browser", "dist/one/browser"]);
  });

  test.each(["/etc", "../..", "a/../../b"])("must not be %s", async (outputPath) => {
    await expect(angular({ options: { outputPath } })).rejects.toThrow("leads out of the repository");
  });
});

describe("A hostile repository", () => {
  test.each(["not json", "[]", '"x"', "null", '{"scripts":[]}', '{"dependencies":7}'])(
    "with the package.json %s fails for good, unquoted",
    async (text) => {
      const error = await plan({ "package.json": text }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PermanentError);
      expect(String(error)).toMatch(/package\.json is not (valid JSON|of the usual shape)/);
    },
  );

  test("whose package.json is a link or a pipe is taken to have none", async () => {
    const folder = temporaryFolder();
    symlinkSync("/etc/passwd", join(folder, "package.json"));
    execFileSync("mkfifo", [join(folder, "angular.json")]);
    const [listing] = await readFolders(folder, ".");
    expect(listing).toMatchObject({ packageJson: null, angularJson: null });
  });

  test("whose build script is called like a member of every object is planned all the same", async () => {
    const made = await plan({ "package.json": '{"scripts":{"__proto__":"x","constructor":"y"}}' });
    expect(made.build).toBeNull();
  });
});

test("Of several outputs the one that the build made is taken, else the first that exists", async () => {
  const made = await plan({ "package.json": buildable });
  const choose = (before: string[], after: string[]) => chooseOutput(made, new Set(before), new Set(after));
  expect(choose([], ["public", "dist"])).toBe("dist");
  expect(choose(["dist"], ["dist", "public"])).toBe("public");
  expect(choose(["public"], ["public", "out"])).toBe("out");
  expect(choose(["public"], ["public"])).toBe("public");
  expect(choose([], [])).toBeUndefined();
});

test("A file is no output folder", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "dist"), "");
  mkdirSync(join(folder, "out"));
  expect(await existingFolders(folder, usual)).toEqual(new Set(["out"]));
});

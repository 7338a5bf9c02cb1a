import { describe, expect, test } from "vitest";
import { planBuild } from "../../src/build/build-plan.ts";
import { PermanentError } from "../../src/errors.ts";
import { type Files, listingsOf, siteWith } from "./site-and-listings.ts";

const buildable = { scripts: { build: "x" }, devDependencies: { thing: "*" } };
const plan = (files: Files, folder = ".") => planBuild(siteWith({ folder }), listingsOf(files, folder));
const yarn = (version: number) => `# generated\n\n__metadata:\n  version: ${version}\n`;

test.each([
  ["package-lock.json", "", "npm ci --no-audit --no-fund", "npm run build", null],
  ["npm-shrinkwrap.json", "", "npm ci --no-audit --no-fund", "npm run build", null],
  ["pnpm-lock.yaml", "lockfileVersion: '9.0'\n", "pnpm install --frozen-lockfile", "pnpm run build", "^10"],
  ["pnpm-lock.yaml", "lockfileVersion: '6.0'\n", "pnpm install --frozen-lockfile", "pnpm run build", "^8"],
  ["pnpm-lock.yaml", "lockfileVersion: 5.4\n", "pnpm install --frozen-lockfile", "pnpm run build", "^7"],
  ["yarn.lock", "# yarn lockfile v1\n", "yarn install --frozen-lockfile", "yarn run build", "^1.22.22"],
  ["yarn.lock", yarn(6), "yarn install --immutable", "yarn run build", "^3"],
  ["yarn.lock", yarn(8), "yarn install --immutable", "yarn run build", "^4"],
  ["bun.lock", "", "bun install --frozen-lockfile", "bun run build", null],
  ["bun.lockb", "", "bun install --frozen-lockfile", "bun run build", null],
])("%s with %j means %s", (lock, content, install, build, range) => {
  const made = plan({ "package.json": buildable, [lock]: content });
  expect(made.install).toEqual({ command: install, folder: ".", because: lock });
  expect(made.build).toEqual({ command: build, folder: ".", because: "the build script of package.json" });
  expect(made.manager).toMatchObject({ because: lock, range });
});

test("Without a lock file it is npm, and a declaration alone does not freeze", () => {
  expect(plan({ "package.json": buildable }).install?.command).toBe("npm install --no-audit --no-fund");
  const declared = (packageManager: string) =>
    plan({ "package.json": { ...buildable, packageManager } }).install?.command;
  expect(declared("pnpm@10.0.0")).toBe("pnpm install --no-frozen-lockfile");
  expect(declared("yarn@4.5.0")).toBe("yarn install --no-immutable");
  expect(declared("yarn@1.22.22")).toBe("yarn install");
});

describe("The version", () => {
  test.each<[string, object, string, string]>([
    ["packageManager", { packageManager: "pnpm@10.2.1+sha512.abc" }, "10.2.1", "packageManager of package.json"],
    [
      "devEngines",
      { devEngines: { packageManager: { name: "pnpm", version: "^9.1" } } },
      "^9.1",
      "devEngines.packageManager of package.json",
    ],
    ["volta", { volta: { pnpm: "9.3.0" } }, "9.3.0", "volta.pnpm of package.json"],
    [
      "engines, where they are narrower than the lock file",
      { engines: { pnpm: "~10.4" } },
      "~10.4",
      "engines.pnpm of package.json",
    ],
    ["the lock file, where it is narrower than engines", { engines: { pnpm: ">=9" } }, "^10", "pnpm-lock.yaml"],
  ])("comes from %s", (_, more, range, because) => {
    const made = plan({ "package.json": { ...buildable, ...more }, "pnpm-lock.yaml": "lockfileVersion: '9.0'" });
    expect(made.manager).toMatchObject({ name: "pnpm", range, rangeBecause: because });
  });

  test("of Yarn comes from the release that the repository brings", () => {
    const rc = "yarnPath: .yarn/releases/yarn-4.5.1.cjs\n";
    const made = plan({ "package.json": buildable, "yarn.lock": yarn(8), ".yarnrc.yml": rc });
    expect(made.manager).toMatchObject({ range: "4.5.1", isModernYarn: true });
  });

  test("must be one", () => {
    expect(() => plan({ "package.json": { ...buildable, packageManager: "pnpm@latest" } })).toThrow(PermanentError);
    const devEngines = { packageManager: { name: "npm", version: "new" } };
    expect(() => plan({ "package.json": { ...buildable, devEngines } })).toThrow('names no version of npm: "new"');
  });
});

describe("Of several lock files", () => {
  test("the one beside npm's wins, and the other one is named", () => {
    const made = plan({ "package.json": buildable, "package-lock.json": "", "pnpm-lock.yaml": "" });
    expect(made.manager?.name).toBe("pnpm");
    expect(made.remarks.join()).toContain("package-lock.json is not used: pnpm is, since pnpm-lock.yaml is there");
  });

  test("the one of the manager that package.json declares wins", () => {
    const pack = { ...buildable, packageManager: "npm@11.3.0" };
    const made = plan({ "package.json": pack, "package-lock.json": "", "pnpm-lock.yaml": "", "bun.lock": "" });
    expect(made.install?.command).toBe("npm ci --no-audit --no-fund");
    expect(made.remarks.join()).toContain(
      "pnpm-lock.yaml and bun.lock is not used: npm is, as packageManager of package.json says",
    );
  });
});

describe("A folder of a monorepo", () => {
  test.each<[string, Files]>([
    ["pnpm", { "pnpm-workspace.yaml": "packages:\n  - 'sites/*' # all\n", "pnpm-lock.yaml": "" }],
    ["npm", { "package.json": { workspaces: ["./sites/*"] }, "package-lock.json": "" }],
    ["Yarn", { "package.json": { workspaces: { packages: ["sites/**", "!sites/old"] } }, "yarn.lock": "" }],
  ])("is installed with its workspace by %s", (_, files) => {
    const made = plan({ ...files, "sites/shop/package.json": buildable }, "sites/shop");
    expect(made.install?.folder).toBe(".");
    expect(made.build?.folder).toBe("sites/shop");
  });

  test("that is no part of the workspace above does not use its lock file", () => {
    const files = { "package.json": { workspaces: ["packages/*", "!docs"] }, "package-lock.json": "" };
    const made = plan({ ...files, "docs/package.json": buildable }, "docs");
    expect(made.install).toMatchObject({ command: "npm install --no-audit --no-fund", folder: "docs" });
  });

  test("takes the version that the folder above declares", () => {
    const root = { workspaces: ["sites/*"], packageManager: "npm@11.3.0" };
    const made = plan({ "package.json": root, "package-lock.json": "", "sites/a/package.json": buildable }, "sites/a");
    expect(made.manager).toMatchObject({ name: "npm", range: "11.3.0" });
  });
});

/** Decides how a site is installed, built and where its output lies, from what the repository holds. No I/O. */
import { posix } from "node:path";
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { SiteBuild } from "../model/build.ts";

/** What is looked at of one folder of the repository. File contents are null where there is no such file. */
export type FolderListing = {
  /** Relative to the repository; "." is the repository itself. */
  readonly folder: string;
  readonly names: ReadonlySet<string>;
  readonly packageJson: string | null;
  readonly angularJson: string | null;
  /** The first bytes of yarn.lock: they tell the two kinds of Yarn apart. */
  readonly yarnLock: string | null;
};

/** A command, where it runs (relative to the repository), and where the decision came from. */
export type PlannedCommand = { readonly command: string; readonly folder: string; readonly because: string };

export type BuildPlan = {
  readonly install: PlannedCommand | null;
  readonly build: PlannedCommand | null;
  /** Output folders, relative to the site's folder, in the order in which they are tried after the build. */
  readonly outputs: readonly string[];
  /** Where the outputs came from, as the end of a sentence. */
  readonly outputsBecause: string;
  /** Sentences for the transcript on what there is not. */
  readonly remarks: readonly string[];
};

type Manager = { readonly install: string; readonly run: string };

const NPM: Manager = { install: "npm ci --no-audit --no-fund", run: "npm run" };
const LOCK_FILES: ReadonlyArray<readonly [name: string, manager: (listing: FolderListing) => Manager]> = [
  ["package-lock.json", () => NPM],
  ["npm-shrinkwrap.json", () => NPM],
  ["pnpm-lock.yaml", () => ({ install: "pnpm install --frozen-lockfile", run: "pnpm run" })],
  ["yarn.lock", yarnManager],
  ["bun.lock", () => ({ install: "bun install --frozen-lockfile", run: "bun run" })],
  ["bun.lockb", () => ({ install: "bun install --frozen-lockfile", run: "bun run" })],
];

/** Yarn 2 and later know `--immutable` and write `__metadata` into the lock; Yarn 1 knows `--frozen-lockfile`. */
function yarnManager({ names, yarnLock }: FolderListing): Manager {
  const isModern = names.has(".yarnrc.yml") || yarnLock?.includes("__metadata:") === true;
  return { install: `yarn install ${isModern ? "--immutable" : "--frozen-lockfile"}`, run: "yarn run" };
}

/** Folders that the usual generators write to. "public" is last: many repositories keep their sources there. */
const USUAL_OUTPUTS = ["dist", "build", "out", "_site", "public"];

const packageSchema = z.object({
  scripts: z.record(z.string(), z.unknown()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
  optionalDependencies: z.record(z.string(), z.unknown()).optional(),
});
type Package = z.output<typeof packageSchema>;

const angularTarget = z.object({
  builder: z.string().optional(),
  options: z
    .object({
      outputPath: z.union([z.string(), z.object({ base: z.string(), browser: z.string().optional() })]).optional(),
    })
    .optional(),
});
const angularTargets = z.object({ build: angularTarget.optional() });
const angularSchema = z.object({
  defaultProject: z.string().optional(),
  projects: z.record(
    z.string(),
    z.object({
      projectType: z.string().optional(),
      architect: angularTargets.optional(),
      targets: angularTargets.optional(),
    }),
  ),
});

/**
 * The plan for a site. `listings` are the site's folder and those above it up to the repository, innermost first.
 * Throws PermanentError when a file that decides is not what it should be; its content is not quoted.
 */
export function planBuild(site: SiteBuild, listings: readonly FolderListing[]): BuildPlan {
  const [own] = listings;
  if (!own) throw new RangeError("there is no listing of the site's folder");
  const remarks: string[] = [];
  const pack = parseFile(own.packageJson, packageSchema, "package.json");
  const found = findLock(listings);
  const install = planInstall(site, own, pack, found);
  if (!install)
    remarks.push(
      pack
        ? "package.json names no dependencies, so nothing is installed"
        : "There is no package.json, so nothing is installed",
    );
  const build = planScript(site, own, pack, found?.manager ?? NPM);
  if (!build) remarks.push("There is no build script and no build.command, so the files are published as they are");
  return { install, build, ...planOutputs(site, own, build !== null), remarks };
}

function findLock(listings: readonly FolderListing[]) {
  for (const listing of listings) {
    for (const [name, manager] of LOCK_FILES) {
      if (listing.names.has(name)) return { folder: listing.folder, name, manager: manager(listing) };
    }
  }
  return undefined;
}

function planInstall(
  site: SiteBuild,
  { folder }: FolderListing,
  pack: Package | null,
  found: ReturnType<typeof findLock>,
): PlannedCommand | null {
  if (site.install !== null) return { command: site.install, folder, because: "build.install of the site" };
  if (!pack) return null;
  if (found)
    return { command: found.manager.install, folder: found.folder, because: posix.join(found.folder, found.name) };
  const lists = [pack.dependencies, pack.devDependencies, pack.optionalDependencies];
  if (!lists.some((list) => Object.keys(list ?? {}).length > 0)) return null;
  return { command: "npm install --no-audit --no-fund", folder, because: "package.json, without a lock file" };
}

function planScript(
  site: SiteBuild,
  { folder }: FolderListing,
  pack: Package | null,
  manager: Manager,
): PlannedCommand | null {
  if (site.command !== null) return { command: site.command, folder, because: "build.command of the site" };
  if (typeof pack?.scripts?.build !== "string") return null;
  return { command: `${manager.run} build`, folder, because: "the build script of package.json" };
}

function planOutputs(site: SiteBuild, own: FolderListing, isBuilt: boolean) {
  if (site.output !== null) return { outputs: [site.output], outputsBecause: "build.output of the site" };
  if (!isBuilt) return { outputs: ["."], outputsBecause: "nothing is built" };
  const angular = parseFile(own.angularJson, angularSchema, "angular.json");
  const outputs = angular ? angularOutputs(angular) : [];
  if (outputs.length > 0) return { outputs, outputsBecause: "angular.json" };
  return { outputs: USUAL_OUTPUTS, outputsBecause: "the usual names" };
}

/**
 * Where Angular's builders write to: the application builder into `browser` below its output path (default
 * `dist/PROJECT`), the older browser builder into the path itself. angular.dev/reference/configs/workspace-config.
 */
function angularOutputs({ defaultProject, projects }: z.output<typeof angularSchema>): string[] {
  const outputs: string[] = [];
  const names = Object.keys(projects).sort((a, b) => Number(b === defaultProject) - Number(a === defaultProject));
  for (const name of names) {
    const project = projects[name];
    const build = (project?.architect ?? project?.targets)?.build;
    if (!build || (project?.projectType ?? "application") !== "application") continue;
    const path = build.options?.outputPath ?? `dist/${name}`;
    const isPlain = build.builder?.endsWith(":browser") === true;
    if (typeof path === "string") outputs.push(isPlain ? path : posix.join(path, "browser"));
    else outputs.push(posix.join(path.base, path.browser ?? "browser"));
  }
  return outputs.map(requireInside);
}

function requireInside(path: string): string {
  const normal = posix.normalize(path);
  if (posix.isAbsolute(normal) || normal === ".." || normal.startsWith("../")) {
    throw new PermanentError("angular.json has an output path that leads out of the repository");
  }
  return normal.replace(/\/+$/, "");
}

function parseFile<T>(text: string | null, schema: z.ZodType<T>, name: string): T | null {
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new PermanentError(`${name} is not valid JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".") ?? "";
  throw new PermanentError(`${name} is not of the usual shape${where === "" ? "" : ` (at ${where})`}`);
}

/**
 * The output folder, of those that exist after the build. One that the build made comes before one that was there
 * already. Undefined where none exists.
 */
export function chooseOutput(
  plan: BuildPlan,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): string | undefined {
  const existing = plan.outputs.filter((path) => after.has(path));
  return existing.find((path) => !before.has(path)) ?? existing[0];
}

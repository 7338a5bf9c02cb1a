/** Which package manager a site uses, which version of it, and how it is called. */
import { posix } from "node:path";
import picomatch from "picomatch";
import semver from "semver";
import { PermanentError } from "../errors.ts";
import type { ManagerName } from "../toolchain/wanted-tools.ts";
import type { FolderListing } from "./folder-listing.ts";
import { ownText, packageOf } from "./package-json.ts";

export type PlannedManager = {
  readonly name: ManagerName;
  /** Version or range; null takes the one that belongs to the Node of the build. */
  readonly range: string | null;
  /** Where the name came from. */
  readonly because: string;
  /** Where the range came from; null without a range. */
  readonly rangeBecause: string | null;
  /** Its lock file, and the folder where that lies; null where there is none. */
  readonly lock: { readonly folder: string; readonly name: string } | null;
  /** Yarn 2 and later, which knows other options. */
  readonly isModernYarn: boolean;
  readonly remarks: readonly string[];
};

/** In the order in which they win: who has another one beside npm's chose it, npm's comes by accident. */
const LOCK_FILES: ReadonlyArray<readonly [name: string, manager: ManagerName]> = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["npm-shrinkwrap.json", "npm"],
  ["package-lock.json", "npm"],
];

/**
 * The package manager of the innermost folder that says anything: a lock file, or a declaration in package.json, which
 * wins over lock files beside it. A folder above counts as far as the site belongs to its workspace.
 */
export function choosePackageManager(listings: readonly FolderListing[]): PlannedManager {
  const concerned = listings.filter((listing, at) => at === 0 || holdsWorkspace(listing, listings[0]?.folder ?? "."));
  for (const [at, listing] of concerned.entries()) {
    const locks = LOCK_FILES.filter(([name]) => listing.names.has(name));
    const declared = declarationIn(listing);
    const name = declared?.name ?? locks[0]?.[1];
    if (name === undefined) continue;
    const around = concerned.slice(at);
    const lock = findLock(around, name);
    const because = declared?.because ?? posix.join(listing.folder, locks[0]?.[0] ?? "");
    const version = versionOf(name, around, lock);
    return { name, because, ...version, lock: lock && placeOf(lock), remarks: remarksOn(name, locks, declared, lock) };
  }
  return {
    ...{ name: "npm", range: null, because: "package.json, without a lock file", rangeBecause: null },
    ...{ lock: null, isModernYarn: false, remarks: [] },
  };
}

type Lock = { readonly listing: FolderListing; readonly name: string };
type Declaration = { readonly name: ManagerName; readonly range: string | null; readonly because: string };

function placeOf({ listing, name }: Lock) {
  return { folder: listing.folder, name };
}

function findLock(listings: readonly FolderListing[], manager: ManagerName): Lock | null {
  for (const listing of listings) {
    const found = LOCK_FILES.find(([name, of]) => of === manager && listing.names.has(name));
    if (found) return { listing, name: found[0] };
  }
  return null;
}

function remarksOn(
  name: ManagerName,
  locks: ReadonlyArray<readonly [string, ManagerName]>,
  declared: Declaration | undefined,
  lock: Lock | null,
): string[] {
  const others = locks.filter(([, manager]) => manager !== name).map(([file]) => file);
  if (others.length === 0) return [];
  const why = declared ? `as ${declared.because} says` : `since ${lock?.name} is there`;
  return [`${others.join(" and ")} is not used: ${name} is, ${why}. Remove what is left over from another one.`];
}

/** Whether the site's folder is one of the packages that are installed from this folder. */
function holdsWorkspace(listing: FolderListing, site: string): boolean {
  const relative = posix.relative(listing.folder, site);
  const patterns = packageOf(listing)?.workspaces ?? pnpmPatterns(listing);
  const includes = (pattern: string) => picomatch.isMatch(relative, pattern.replace(/^\.\/|\/+$/g, ""));
  const [excluded, included] = [
    patterns.filter((one) => one.startsWith("!")),
    patterns.filter((one) => !one.startsWith("!")),
  ];
  return included.some(includes) && !excluded.some((pattern) => includes(pattern.slice(1)));
}

/** The list under `packages:`, by its lines; the file's other parts are of no interest here. pnpm.io/pnpm-workspace_yaml. */
function pnpmPatterns({ texts }: FolderListing): string[] {
  const lines = (texts.get("pnpm-workspace.yaml") ?? "").split("\n");
  const start = lines.findIndex((line) => /^packages\s*:/.test(line));
  const patterns: string[] = [];
  for (const line of start < 0 ? [] : lines.slice(start + 1)) {
    const [, item] = /^\s*-\s+["']?([^"'#\n]{1,200}?)["']?\s*(?:#.*)?$/.exec(line.trimEnd()) ?? [];
    if (item) patterns.push(item);
    else if (/^\S/.test(line) && !line.startsWith("#")) break;
  }
  return patterns;
}

const NAMES: ReadonlySet<string> = new Set<ManagerName>(["npm", "pnpm", "yarn", "bun"]);
function isManager(name: string | undefined): name is ManagerName {
  return name !== undefined && NAMES.has(name);
}

/** What package.json says: corepack's `packageManager: "pnpm@10.2.0+sha512.…"`, or `devEngines`. */
function declarationIn(listing: FolderListing): Declaration | undefined {
  const pack = packageOf(listing);
  const file = posix.join(listing.folder, "package.json");
  const [, name, version] = /^([a-z]+)@([^+\s]+)(?:\+\S*)?$/.exec(pack?.packageManager ?? "") ?? [];
  if (isManager(name) && version !== undefined) {
    const because = `packageManager of ${file}`;
    if (semver.valid(version) === null)
      throw new PermanentError(
        `${because} must name an exact version, such as ${name}@1.2.3; it is ${JSON.stringify(version)}`,
      );
    return { name, range: version, because };
  }
  const wanted = pack?.devEngines?.packageManager;
  if (!isManager(wanted?.name)) return undefined;
  return { name: wanted.name, range: wanted.version ?? null, because: `devEngines.packageManager of ${file}` };
}

/** The version, from the clearest statement to the vaguest. */
function versionOf(name: ManagerName, listings: readonly FolderListing[], lock: Lock | null) {
  const said = statedVersion(name, listings);
  const implied = lock === null ? undefined : impliedVersion(name, lock);
  const stated = said && !(implied && isNarrower(implied.range, said.range)) ? said : implied;
  const range = stated?.range ?? null;
  if (range !== null && (range.length > 200 || semver.validRange(range) === null))
    throw new PermanentError(`${stated?.because} names no version of ${name}: ${JSON.stringify(range.slice(0, 60))}`);
  const isModernYarn = name === "yarn" && range !== null && (semver.minVersion(range)?.major ?? 0) >= 2;
  return { range, rangeBecause: stated?.because ?? null, isModernYarn };
}

/** Whether all that `range` takes is taken by `than` as well. */
function isNarrower(range: string, than: string): boolean {
  return semver.validRange(than) !== null && semver.subset(range, than);
}

type Stated = { readonly range: string; readonly because: string };

function statedVersion(name: ManagerName, listings: readonly FolderListing[]): Stated | undefined {
  for (const listing of listings) {
    const declared = declarationIn(listing);
    if (declared?.name === name && declared.range !== null) return { range: declared.range, because: declared.because };
    const pack = packageOf(listing);
    const file = posix.join(listing.folder, "package.json");
    const volta = ownText(pack?.volta, name);
    if (volta) return { range: volta, because: `volta.${name} of ${file}` };
    // yarnPath names the very file that runs: .yarn/releases/yarn-4.5.0.cjs.
    const [, release] =
      /^yarnPath:.*\byarn-(\d+\.\d+\.\d+[\w.-]*)\.[cm]?js/m.exec(listing.texts.get(".yarnrc.yml") ?? "") ?? [];
    if (name === "yarn" && release) return { range: release, because: "yarnPath of .yarnrc.yml" };
    const engine = ownText(pack?.engines, name);
    if (engine && semver.validRange(engine)) return { range: engine, because: `engines.${name} of ${file}` };
  }
  return undefined;
}

/** What the lock file's own version says about the tool that wrote it. */
function impliedVersion(name: ManagerName, { listing, name: file }: Lock): Stated | undefined {
  const text = listing.texts.get(file) ?? "";
  const because = posix.join(listing.folder, file);
  if (name === "pnpm") return { range: pnpmFor(/^lockfileVersion:\s*['"]?(\d+)/m.exec(text)?.[1]), because };
  if (name !== "yarn") return undefined;
  // Yarn 2 and later write `__metadata` with a version of its own; a new project has only its .yarnrc.yml.
  const [, metadata] = /^__metadata:\s*\n\s+version:\s*(\d+)/m.exec(text) ?? [];
  const isModern = metadata !== undefined || listing.names.has(".yarnrc.yml");
  return { range: isModern ? yarnFor(Number(metadata ?? 8)) : "^1.22.22", because };
}

/** pnpm reads its own and older formats only, and `--frozen-lockfile` refuses to convert. */
function pnpmFor(lockfileVersion: string | undefined): string {
  if (lockfileVersion === "5") return "^7";
  if (lockfileVersion === "6") return "^8";
  return "^10";
}

/** Yarn 2 wrote 4, Yarn 3 wrote 5 and 6, Yarn 4 writes 8. `--immutable` refuses to convert. */
function yarnFor(metadata: number): string {
  if (metadata <= 4) return "^2";
  return metadata <= 6 ? "^3" : "^4";
}

/** How the manager is told to install what the lock file says, exactly. */
export function installCommand({ name, lock, isModernYarn }: PlannedManager): string {
  if (name === "npm") return lock ? "npm ci --no-audit --no-fund" : "npm install --no-audit --no-fund";
  if (name === "yarn" && isModernYarn) return lock ? "yarn install --immutable" : "yarn install --no-immutable";
  // pnpm and Yarn 2 freeze by themselves where CI is set, also where there is no lock file to freeze.
  if (name === "pnpm" && !lock) return "pnpm install --no-frozen-lockfile";
  return lock ? `${name} install --frozen-lockfile` : `${name} install`;
}

/** Runs a script of package.json. */
export function scriptCommand({ name }: PlannedManager, script: string): string {
  return `${name} run ${script}`;
}

/** Runs a program of an installed package; nothing is downloaded for it. */
export function programCommand({ name }: PlannedManager, command: string): string {
  if (name === "npm") return `npx --no -- ${command}`;
  return name === "pnpm" ? `pnpm exec ${command}` : `${name} run ${command}`;
}

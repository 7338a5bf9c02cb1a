/** Decides how a site is installed, built and where its output lies, from what the repository holds. No I/O. */
import { posix } from "node:path";
import { PermanentError } from "../errors.ts";
import type { SiteBuild } from "../model/build.ts";
import type { WantedTools, WantedVersion } from "../toolchain/wanted-tools.ts";
import { projectAt } from "./angular-workspace.ts";
import { type BuildQuestion, chooseBuild, OPERATORS_FILE, type PlannedCommand } from "./choose-build.ts";
import type { FolderListing } from "./folder-listing.ts";
import type { FrameworkFacts, Outputs } from "./framework.ts";
import { findFramework } from "./frameworks.ts";
import { wantedNode } from "./node-range.ts";
import { type Package, packageOf } from "./package-json.ts";
import { choosePackageManager, installCommand, type PlannedManager } from "./package-manager.ts";
import type { Origins } from "./repository-config.ts";

export type { PlannedCommand } from "./choose-build.ts";

export type BuildPlan = {
  /** `version` is what package.json asks for, null where it is no package. */
  readonly framework: { readonly name: string; readonly version: string | null; readonly because: string } | null;
  /** Null where there is no package.json. */
  readonly manager: PlannedManager | null;
  /** Null where nobody says. */
  readonly node: WantedVersion | null;
  readonly install: PlannedCommand | null;
  readonly build: PlannedCommand | null;
  /** Output folders, relative to the site's folder, in the order in which they are tried after the build. */
  readonly outputs: readonly string[];
  /** Where the outputs came from, as the end of a sentence. */
  readonly outputsBecause: string;
  /** Sentences for the transcript on what there is not, and on what is decided otherwise than one may think. */
  readonly remarks: readonly string[];
  /** What to do when the build leaves none of the outputs; null where there is nothing to add. */
  readonly advice: string | null;
  /** Programs of the machine that the commands start, and that Slipway does not provide. */
  readonly programs: readonly string[];
};

/** Folders that the usual generators write to. "public" is last: many repositories keep their sources there. */
const USUAL_OUTPUTS = ["dist", "build", "out", "_site", "public"];

/**
 * The plan for a site. `listings` are the site's folder and those above it up to the repository, innermost first;
 * `from` tells which file each setting of `site` is from. Throws PermanentError when a file that decides is not what it
 * should be (its content is not quoted), or when the framework is set up to give no static files.
 */
export function planBuild(site: SiteBuild, listings: readonly FolderListing[], from: Origins = {}): BuildPlan {
  const [own] = listings;
  if (!own) throw new RangeError("there is no listing of the site's folder");
  const angular = projectAt(listings);
  const base = angular?.workspace ?? own;
  const pack = packageOf(base);
  const manager = pack && choosePackageManager(listings.slice(listings.indexOf(base)));
  const facts = (script: string): FrameworkFacts => ({ own: base, pack, script });
  const found = findFramework(facts(""));
  const question: BuildQuestion = { site, base, pack, manager, found, project: angular?.project ?? null, from };

  const { build, text, remarks } = chooseBuild(question);
  const install = planInstall(question);
  const findings = found?.framework.examine?.(facts(text)) ?? {};
  if (findings.refusal !== undefined && site.output === null) throw new PermanentError(findings.refusal);
  const outputs = planOutputs(question, facts(text), build !== null);
  return {
    framework: found && { name: found.framework.name, version: shownVersion(found.version), because: found.because },
    manager,
    node: wantedNode(site, from.node ?? OPERATORS_FILE, listings),
    install,
    build,
    outputs: outputs.paths.map((path) => (site.output === null ? reach(own, base, path) : path)),
    outputsBecause: outputs.because,
    remarks: [
      ...(manager?.remarks ?? []),
      ...(install ? [] : [nothingToInstall(pack)]),
      ...remarks,
      ...(findings.remarks ?? []),
    ],
    advice: findings.advice ?? null,
    programs: found?.version === null ? (found.framework.programs ?? []) : [],
  };
}

/** What the plan asks the toolchain for. */
export function toolsOf({ node, manager }: BuildPlan): WantedTools {
  if (manager === null) return { node, manager: null };
  const { name, range, rangeBecause, because } = manager;
  return { node, manager: { name, version: range === null ? null : { range, because: rangeBecause ?? because } } };
}

/** A path below the workspace, as seen from the site's folder. */
function reach(own: FolderListing, base: FolderListing, path: string): string {
  return own === base ? path : posix.join(posix.relative(own.folder, base.folder), path);
}

/** Specifications such as "workspace:*" or a URL say nothing to a reader. */
function shownVersion(version: string | null): string | null {
  return version !== null && /^[~^=<>v\d*][\w.*~^<>=| -]{0,30}$/.test(version) ? version : null;
}

function planInstall({ site, base, pack, manager, found, from }: BuildQuestion): PlannedCommand | null {
  const { folder } = base;
  if (site.install !== null)
    return { command: site.install, folder, because: `build.install of ${from.install ?? OPERATORS_FILE}` };
  if (!pack || !manager) {
    const command = found?.framework.install;
    return command === undefined ? null : { command, folder, because: `the default of ${found?.framework.name}` };
  }
  const command = installCommand(manager);
  const { lock } = manager;
  if (lock) return { command, folder: lock.folder, because: posix.join(lock.folder, lock.name) };
  return needsInstall(pack) ? { command, folder, because: "package.json, without a lock file" } : null;
}

function needsInstall(pack: Package): boolean {
  const lists = [pack.dependencies, pack.devDependencies, pack.optionalDependencies];
  return pack.workspaces !== undefined || lists.some((list) => Object.keys(list ?? {}).length > 0);
}

function nothingToInstall(pack: Package | null): string {
  return pack
    ? "package.json names no dependencies, so nothing is installed"
    : "There is no package.json, so nothing is installed";
}

function planOutputs({ site, found, from }: BuildQuestion, facts: FrameworkFacts, isBuilt: boolean): Outputs {
  if (site.output !== null)
    return { paths: [site.output], because: `build.output of ${from.output ?? OPERATORS_FILE}` };
  if (!isBuilt) return { paths: ["."], because: "nothing is built" };
  return found?.framework.outputs(facts) ?? { paths: USUAL_OUTPUTS, because: "the usual names" };
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

/** Makes the keys of the caches from all that decides what an install gives. */
import { posix } from "node:path";
import { createSourceReader, digestOf, findDecidingFiles, LOCKS } from "./deciding-files.ts";
import { isFirstYarn, type Manager } from "./download-cache.ts";
import { isFrozenInstall, kindOf } from "./lifecycle-scripts.ts";
import { decidingText, hasWorkspaces, lifecycleScripts, localTargets, parsePackage } from "./package-fields.ts";
import { TreeError } from "./walk-tree.ts";

export type InstallInputs = {
  /** The checked-out repository, before the install. */
  readonly source: string;
  /** Where the install runs, relative to the repository; "." is the repository itself. */
  readonly installFolder: string;
  readonly command: string;
  readonly manager: Manager;
  readonly nodeVersion: string;
  /** Files of one user are of no use to another: "bubblewrap", "user". */
  readonly isolation: string;
  /** The whole environment of the install. */
  readonly env: Readonly<Record<string, string>>;
  /** The id of the repository's tree in git; null where it is not known. */
  readonly treeId: string | null;
};

/** A script of the repository's own that has to run after its dependencies were put back; `folder` as `installFolder`. */
export type RepeatedScript = { readonly folder: string; readonly script: string };

export type InstallKeys = {
  /** Dependencies of the same key are the same. */
  readonly key: string;
  /** The same without the tree, which only the repository's own scripts may read. */
  readonly toolKey: string;
  /** In the order in which an install runs them. */
  readonly repeated: readonly RepeatedScript[];
};

type OwnScript = RepeatedScript & { readonly text: string };

/** Raised when what is kept changes its meaning: nothing of an earlier form is used again. */
const FORM = 1;

/** Of each deployment its own, and of no concern to an install. */
const VOLATILE = new Set(["SLIPWAY_COMMIT"]);

/** Throws TreeError, with the reason, where it cannot be known what an install depends on. */
export async function installKeys(inputs: InstallInputs): Promise<InstallKeys> {
  const { installFolder, command, manager, nodeVersion, isolation, treeId } = inputs;
  const { parts, scripts, isOpen } = await readRepository(inputs);
  const run = scripts.filter(({ script }) => doesRun(script, manager));
  const readsAnything = isOpen || !isFrozenInstall(command) || run.some(({ text }) => kindOf(text) === "unknown");
  if (readsAnything && treeId === null) throw new TreeError("the install may read any file of the repository");
  const variables = Object.entries(inputs.env).filter(([name]) => !VOLATILE.has(name));
  const common = [command, installFolder, manager.name, manager.version, nodeVersion, platform(), isolation];
  const toolKey = digestOf(JSON.stringify([FORM, common, variables.sort(), parts]));
  const key = digestOf(JSON.stringify([toolKey, readsAnything ? treeId : null]));
  const repeated = run.filter(({ text }) => !readsAnything && kindOf(text) === "repeated");
  return { key, toolKey, repeated: repeated.map(({ folder, script }) => ({ folder, script })) };
}

/** `isOpen`: hooks of pnpm load other files, which may be any. */
async function readRepository({ source, installFolder, command }: InstallInputs) {
  const reader = createSourceReader(source);
  const files = await findDecidingFiles(source, installFolder);
  const own = (name: string) => posix.join(installFolder, name);
  if (!LOCKS.some((name) => files.includes(own(name)))) throw new TreeError("there is no lock file");

  const parts: string[][] = [];
  const scripts: OwnScript[] = [];
  const targets = new Set<string>();
  let isOpen = false;
  const readPackage = (path: string) => {
    const content = reader.text(path);
    const pack = parsePackage(content);
    const folder = posix.dirname(path);
    parts.push([path, digestOf(decidingText(pack, content))]);
    scripts.push(...lifecycleScripts(pack).map(([script, text]) => ({ folder, script, text })));
    for (const target of localTargets(pack)) targets.add(posix.join(folder, target));
    return pack;
  };
  let isMany = files.includes(own("pnpm-workspace.yaml"));
  for (const path of files) {
    if (posix.basename(path) === "package.json") {
      const pack = readPackage(path);
      isMany ||= path === own("package.json") && hasWorkspaces(pack);
    } else {
      parts.push([path, await reader.digest(path)]);
      isOpen ||= /pnpmfile\.[cm]?js$/.test(path) && /["'`]\.\.?\//.test(reader.text(path));
    }
  }
  for (const target of [...targets].sort()) {
    parts.push(["content", target, await reader.digest(target)]);
    const path = posix.join(target, "package.json");
    if (!files.includes(path)) readPackage(path);
  }
  isMany ||= targets.size > 0;
  const isSilent =
    /--ignore-scripts(?!=false)/.test(command) || /^\s*ignore-scripts\s*=\s*true/m.test(reader.text(own(".npmrc")));
  const running = isSilent ? [] : scripts.filter(({ folder }) => isMany || folder === posix.normalize(installFolder));
  return { parts, isOpen, scripts: running };
}

/** Yarn from 2 on runs fewer of them. yarnpkg.com/advanced/lifecycle-scripts. */
function doesRun(script: string, { name, version }: Manager): boolean {
  return name !== "yarn" || isFirstYarn(version) || ["preinstall", "install", "postinstall"].includes(script);
}

/** What binary packages are chosen by and linked against: system, processor, and the C library with its version. */
function platform(): string {
  // Or the report looks up names of hosts, which may take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return `${process.platform}-${process.arch}-${header?.glibcVersionRuntime ?? "other"}`;
}

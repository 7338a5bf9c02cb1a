/** Decides how a host gets from what it has to what a release is: an ordered list of steps, as data. Does no I/O. */
import { comparePaths, type FileEntry, type Manifest } from "../model/release.ts";
import { foldersAbove } from "./path.ts";
import { looksHashed } from "./retained.ts";

export type PutStep = {
  readonly do: "put";
  readonly path: string;
  readonly entry: FileEntry;
  /** Whether a file of ours stands at `path` while this step runs. */
  readonly replaces: boolean;
  /** A new name that no live page asks for yet. */
  readonly isNewAsset: boolean;
};

export type RemoveStep = {
  readonly do: "remove";
  readonly path: string;
  /** What we put there; a file of another size was changed by somebody else. */
  readonly entry: FileEntry;
  /** Whether later steps need the name: then it goes even when somebody changed it, as an overwritten file would. */
  readonly inTheWay: boolean;
};

export type Step =
  | { readonly do: "makeFolder"; readonly path: string }
  | { readonly do: "removeFolder"; readonly path: string }
  | PutStep
  | RemoveStep;

export type Plan = {
  readonly steps: readonly Step[];
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
};

export type PlanOptions = {
  /** The files on the host that are ours. Nothing else is ever removed or replaced. */
  readonly onHost: Manifest;
  readonly release: Manifest;
  /** Folders that we made on the host; only these are removed when they are no longer needed. */
  readonly folders?: ReadonlySet<string>;
  /** Paths on the host that stay although the release does not have them, unless they are in the way. */
  readonly staying?: ReadonlySet<string>;
};

/**
 * Plans a publish. The order keeps the live site whole for its visitors while the steps run:
 *
 * 1. folders for new files; they hurt nobody
 * 2. what is in the way. Where "a" was a file and "a/b" is new, "a" must go before the folder can be made; where "a/b"
 *    was ours and "a" is a new file, "a/b" and the folder must go first. So removals precede puts there, and only
 *    there. A name that differs from a new one in case only goes first too: on a host that ignores case, removing it
 *    afterwards would remove the new file.
 * 3. new content by who refers to whom: new hashed assets, other files, rules of the web server, pages from the
 *    deepest up, entry points, and last the service worker, which lists the hashes of all others
 * 4. removals, then folders of ours that nothing lives in, deepest first
 */
export function planPublish({ onHost, release, folders = new Set(), staying = new Set() }: PlanOptions): Plan {
  const puts: PutStep[] = [];
  let unchanged = 0;
  for (const [path, entry] of release) {
    const before = onHost.get(path);
    if (before !== undefined && isSame(before, entry)) unchanged += 1;
    else {
      const replaces = before !== undefined;
      puts.push({ do: "put", path, entry, replaces, isNewAsset: !replaces && looksHashed(path) });
    }
  }
  const others = [...onHost].filter(([path]) => !release.has(path));

  const releaseFolders = allFolders(release.keys());
  const putNames = new Set(puts.map(({ path }) => path.toLowerCase()));
  const blocks = (path: string) =>
    releaseFolders.has(path) ||
    putNames.has(path.toLowerCase()) ||
    foldersAbove(path).some((above) => release.has(above));
  const removals = others
    .filter(([path]) => !staying.has(path) || blocks(path))
    .map(([path, entry]): RemoveStep => ({ do: "remove", path, entry, inTheWay: blocks(path) }))
    .sort((a, b) => deepestFirst(a.path, b.path));
  const inTheWay = removals.filter((step) => step.inTheWay);
  const later = removals.filter((step) => !step.inTheWay);

  const emptiedFolders = new Set(
    [...allFolders(inTheWay.map(({ path }) => path)), ...folders].filter((folder) => !releaseFolders.has(folder)),
  );
  const isBlocking = (folder: string) => [folder, ...foldersAbove(folder)].some((path) => release.has(path));
  const blockedPaths = new Set(inTheWay.map(({ path }) => path));
  const needed = [...allFolders(puts.map(({ path }) => path))].sort(comparePaths);
  const mustWait = (folder: string) => [folder, ...foldersAbove(folder)].some((path) => blockedPaths.has(path));
  const blockingFolders = [...emptiedFolders].filter(isBlocking);
  const ownEmptyFolders = [...folders].filter((folder) => emptiedFolders.has(folder) && !isBlocking(folder));

  const makeFolder = (path: string): Step => ({ do: "makeFolder", path });
  const removeFolder = (path: string): Step => ({ do: "removeFolder", path });
  return {
    steps: [
      ...needed.filter((folder) => !mustWait(folder)).map(makeFolder),
      ...inTheWay,
      ...blockingFolders.sort(deepestFirst).map(removeFolder),
      ...needed.filter(mustWait).map(makeFolder),
      ...puts.sort((a, b) => rank(a) - rank(b) || pageOrder(a, b) || comparePaths(a.path, b.path)),
      ...later,
      ...ownEmptyFolders.sort(deepestFirst).map(removeFolder),
    ],
    added: puts.filter(({ replaces }) => !replaces).length,
    changed: puts.filter(({ replaces }) => replaces).length,
    removed: removals.length,
    unchanged,
  };
}

/** How many files a plan from `onHost` to `release` would put. */
export function countPuts(onHost: Manifest, release: Manifest): number {
  let count = 0;
  for (const [path, entry] of release) {
    const before = onHost.get(path);
    if (before === undefined || !isSame(before, entry)) count += 1;
  }
  return count;
}

/**
 * What a host with these files has after the plan. Throws where a real host would refuse a step: a file under a file,
 * a file where a folder stands, a folder where a file stands, the removal of what is not there.
 */
export function applyPlan(manifest: Manifest, plan: Plan): Manifest {
  const files = new Map(manifest);
  const folders = allFolders(files.keys());
  for (const step of plan.steps) {
    if (step.do === "makeFolder") {
      if (files.has(step.path)) throw new Error(`a file is in the way of the folder ${step.path}`);
      folders.add(step.path);
    } else if (step.do === "removeFolder") {
      const prefix = `${step.path}/`;
      if (![...files.keys(), ...folders].some((path) => path.startsWith(prefix))) folders.delete(step.path);
    } else if (step.do === "remove") {
      if (!files.delete(step.path)) throw new Error(`nothing to remove at ${step.path}`);
    } else {
      if (folders.has(step.path)) throw new Error(`a folder is in the way of the file ${step.path}`);
      const missing = foldersAbove(step.path).find((folder) => !folders.has(folder));
      if (missing !== undefined) throw new Error(`the folder ${missing} is missing`);
      if (files.has(step.path) !== step.replaces) throw new Error(`wrong about what stands at ${step.path}`);
      files.set(step.path, step.entry);
    }
  }
  return files;
}

/** Every folder that some of these paths lie in. */
export function allFolders(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) for (const folder of foldersAbove(path)) folders.add(folder);
  return folders;
}

function isSame(a: FileEntry, b: FileEntry): boolean {
  return a.sha256 === b.sha256 && a.size === b.size;
}

function depth(path: string): number {
  return path.split("/").length;
}

function deepestFirst(a: string, b: string): number {
  return depth(b) - depth(a) || comparePaths(a, b);
}

const NEW_ASSET = 0;
const OTHER = 1;
const RULES = 2;
const PAGE = 3;
const ENTRY_POINT = 4;
const SERVICE_WORKER = 5;

/** Files by which Apache, IIS, Netlify-like hosts and many static hosts decide what is served where. */
const RULE_FILES = new Set([".htaccess", "_redirects", "_headers", "web.config"]);

/** Root files in the order in which they are put; visitors and search engines start at the last. */
const ENTRY_POINTS = ["404.html", "sitemap.xml", "index.html"];

/** Names that Angular, Workbox and most guides give to service workers; ngsw.json lists the hashes of all files. */
const SERVICE_WORKERS = /^(ngsw\.json|ngsw-worker\.js|sw\.m?js|service-worker\.m?js|serviceworker\.m?js)$/i;

function rank({ path, isNewAsset }: PutStep): number {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (SERVICE_WORKERS.test(name)) return SERVICE_WORKER;
  if (ENTRY_POINTS.includes(path)) return ENTRY_POINT;
  if (/\.html?$/i.test(name)) return PAGE;
  if (RULE_FILES.has(name)) return RULES;
  return isNewAsset ? NEW_ASSET : OTHER;
}

/** Puts in runs of which none may begin before the one before it is done: whoever refers comes after what it refers to. */
export function putGroups(puts: readonly PutStep[]): PutStep[][] {
  const groups: PutStep[][] = [];
  for (const put of puts) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group && last && rank(last) === rank(put) && rank(put) < ENTRY_POINT) group.push(put);
    else groups.push([put]);
  }
  return groups;
}

/** Pages: deepest first. Entry points: as listed. Service workers: the list of hashes after the script that reads it. */
function pageOrder(a: PutStep, b: PutStep): number {
  switch (rank(a)) {
    case PAGE:
      return depth(b.path) - depth(a.path);
    case ENTRY_POINT:
      return ENTRY_POINTS.indexOf(a.path) - ENTRY_POINTS.indexOf(b.path);
    case SERVICE_WORKER:
      return Number(a.path.endsWith("ngsw.json")) - Number(b.path.endsWith("ngsw.json"));
    default:
      return 0;
  }
}

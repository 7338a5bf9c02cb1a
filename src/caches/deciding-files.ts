/** Finds and reads, of a repository, the files that decide what an install gives. Links that lead out are refused. */
import { createHash } from "node:crypto";
import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { isThere, type TreeEntry, TreeError, walkTree } from "./walk-tree.ts";

export const LOCKS = [
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "bun.lockb",
];

const SETTINGS = [
  ...["package.json", ".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", "bunfig.toml", "binding.gyp"],
  ...[".pnpmfile.cjs", ".pnpmfile.mjs", "pnpmfile.js"],
];
const NAMES = new Set([...LOCKS, ...SETTINGS]);

/** Patches, parts of Yarn, and what the install scripts of Prisma and Puppeteer read of a repository. */
const PATTERN =
  /\.(patch|prisma)$|(^|\/)(patches|\.yarn\/(patches|plugins|releases))\/|(^|\/)(\.puppeteerrc|puppeteer\.config)[^/]*$/;

const MAX_FILES = 200_000;
/** Of all that is read together. A lock file of a large monorepo has 5 MB. */
const MAX_READ_BYTES = 256 * 1024 * 1024;

export type SourceReader = {
  /** "" where there is no such file. */
  text(path: string): string;
  /** The digest of a file, or of a folder with all that is in it but installed packages. */
  digest(path: string): Promise<string>;
};

/** Paths, from the repository's root and sorted, of all such files in the folder, below it, and directly above it. */
export async function findDecidingFiles(source: string, folder: string): Promise<readonly string[]> {
  const found = new Set<string>();
  const start = join(source, folder);
  await walkTree(start, {
    maxEntries: MAX_FILES,
    onEntry({ path, name, stats }) {
      if (isLeftOut(name)) return "leave";
      if (!stats.isDirectory() && (NAMES.has(name) || PATTERN.test(path))) found.add(posix.join(folder, path));
      return undefined;
    },
  });
  for (let above = posix.normalize(folder); above !== "."; ) {
    above = posix.dirname(above);
    for (const name of SETTINGS) if (isThere(join(source, above, name))) found.add(posix.join(above, name));
  }
  return [...found].sort();
}

/** Reads at most 256 MB. Throws TreeError for more, and for a path that is not in the repository. */
export function createSourceReader(source: string): SourceReader {
  const root = realpathSync(source);
  let left = MAX_READ_BYTES;

  function read(path: string): Buffer | null {
    if (!isThere(join(root, path))) return null;
    const real = realInside(path);
    const stats = lstatSync(real);
    if (!stats.isFile()) return null;
    left -= stats.size;
    if (left < 0) throw new TreeError("the files that decide about them are too large");
    return readFileSync(real);
  }

  function realInside(path: string): string {
    let real: string;
    try {
      real = realpathSync(join(root, path));
    } catch {
      throw new TreeError(`${path} does not exist`);
    }
    if (real !== root && !real.startsWith(root + sep)) throw new TreeError(`${path} leads out of the repository`);
    return real;
  }

  async function digestTree(path: string): Promise<string> {
    const real = realInside(path);
    if (!lstatSync(real).isDirectory()) return digestOf(read(path) ?? "");
    const parts: string[] = [];
    const onEntry = ({ path: inner, name, stats }: TreeEntry) => {
      if (isLeftOut(name)) return "leave" as const;
      const content = stats.isDirectory() ? "" : digestOf(read(posix.join(path, inner)) ?? "");
      parts.push(`${inner} ${stats.mode} ${content}`);
      return undefined;
    };
    await walkTree(real, { maxEntries: MAX_FILES, onEntry });
    return digestOf(JSON.stringify(parts.sort()));
  }

  return { text: (path) => read(path)?.toString("utf8") ?? "", digest: digestTree };
}

export function digestOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function isLeftOut(name: string): boolean {
  return name === "node_modules" || name === ".git";
}

/** The folder of built files: what a web server would answer from it, and where pages are put. */
import { lstat, mkdir, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { PageError, PrerenderError } from "./prerender-error.ts";

export type SiteFolder = {
  /** The page that starts the app whatever the address: the build's index.html, as it was. */
  readonly shell: string;
  /** The file that it came from. */
  readonly shellFile: string;
  /** Whether the build left a file of this path, relative to the folder, that is no copy of the shell. */
  has(path: string): boolean;
  /** The file that a web server shows for a path of an address, as it was built; null where there is none but the shell. */
  find(path: string): string | null;
  read(path: string): Promise<Buffer>;
  /** Writes a page in place of a copy of the shell, or where nothing was. Throws PageError where it cannot be put there. */
  write(path: string, content: string): Promise<void>;
};

/**
 * Builds name the page that web servers shall fall back to 200.html (Nuxt and others) or index.csr.html (Angular);
 * index.html is then the start page. Of others, index.html is both.
 */
const SHELLS = ["200.html", "index.csr.html", "index.html"];

/** Lists the folder as it is now: pages written later are not served. Throws PrerenderError where it holds no app. */
export async function openSiteFolder(folder: string): Promise<SiteFolder> {
  const files = await listFiles(folder);
  const shellFile = SHELLS.find((name) => files.has(name));
  if (shellFile === undefined) {
    throw new PrerenderError("The output folder has no index.html, so there is no app that could be prerendered.");
  }
  const shell = await readFile(join(folder, shellFile));
  for (const path of [...files]) {
    const isCopy = path.endsWith(".html") && shell.equals(await readFile(join(folder, path)));
    if (isCopy) files.delete(path);
  }
  const root = await realpath(folder);

  return {
    shell: shell.toString("utf8"),
    shellFile,
    has: (path) => files.has(path),
    find(path) {
      const bare = path.replace(/^\/+|\/+$/g, "");
      const names = path.endsWith("/") ? [] : [bare, `${bare}.html`];
      return [...names, bare === "" ? "index.html" : `${bare}/index.html`].find((name) => files.has(name)) ?? null;
    },
    read: (path) => readFile(join(folder, path)),
    async write(path, content) {
      await makeFolders(root, path);
      await replaceFile(join(root, path), content);
    },
  };
}

/** Regular files alone: whatever a link of a build leads to is not part of the site. */
async function listFiles(folder: string): Promise<Set<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return new Set(paths.map((path) => path.split(sep).join("/")));
}

/** One folder at a time: a link that the build left may lead anywhere, and nothing is made behind it. */
async function makeFolders(root: string, path: string): Promise<void> {
  let folder = root;
  for (const name of path.split("/").slice(0, -1)) {
    folder = join(folder, name);
    await mkdir(folder).catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
    const found = await lstat(folder);
    if (found.isSymbolicLink()) throw new PageError(`lies behind a symbolic link, ${relative(root, folder)}`);
    if (!found.isDirectory()) throw new PageError("needs a folder where the build left a file of the same name");
  }
}

let written = 0;

/** Through a new file beside it, so that a link in its place is replaced and not followed. */
async function replaceFile(target: string, content: string): Promise<void> {
  const beside = join(dirname(target), `.prerendering-${process.pid}-${++written}`);
  const file = await open(beside, "wx");
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
  try {
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    if (!isCode(error, "EISDIR")) throw error;
    throw new PageError("needs a file where the build left a folder of the same name");
  }
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

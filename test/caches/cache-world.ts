/** Deployments as far as their caches are concerned: files are laid out, installed and built, all by the test itself. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BuildInputs } from "../../src/caches/frameworks.ts";
import type { InstallInputs } from "../../src/caches/install-keys.ts";
import type { CachedWorkspace } from "../../src/caches/installed-files.ts";
import { openSiteCaches } from "../../src/caches/site-caches.ts";

export type Files = Readonly<Record<string, string | object>>;

/** A repository whose install and build are small. */
export const SHOP: Files = {
  "package.json": { name: "shop", scripts: { build: "x" }, dependencies: { left: "^1.0.0" } },
  "package-lock.json": { lockfileVersion: 3 },
  "src/index.js": "one",
};

export type Deployment = {
  readonly site?: string;
  readonly files?: Files;
  /** Runs with the repository's files in place, before anything is put back. */
  readonly prepare?: (workspace: CachedWorkspace) => void;
  readonly inputs?: Partial<Omit<InstallInputs, "source">>;
  readonly framework?: Partial<BuildInputs>;
  /** Runs where nothing could be put back. Default writes a package. */
  readonly install?: (workspace: CachedWorkspace) => void;
  readonly build?: (workspace: CachedWorkspace) => void;
  readonly endedWell?: boolean;
  readonly isClean?: boolean;
  readonly maxBytes?: number;
  /** Milliseconds since 1970. */
  readonly nowMs?: number;
};

export type Deployed = {
  readonly isWarm: boolean;
  /** What the transcript got. */
  readonly said: string;
  /** Paths below the workspace as they were when the build began. */
  readonly before: readonly string[];
  readonly repeated: readonly string[];
};

/** All sites of one data folder. */
export function createCacheWorld(folder: string) {
  const caches = join(folder, "cache");

  async function deploy(deployment: Deployment = {}): Promise<Deployed> {
    const { site = "shop", files = SHOP, endedWell = true, isClean = false, maxBytes = 1e9, nowMs } = deployment;
    const workspace = layOut(join(folder, "work", site), files);
    deployment.prepare?.(workspace);
    const said: string[] = [];
    const opened = await openSiteCaches({
      ...{ folder: caches, site, workspace, maxBytes, isClean, say: (text: string) => void said.push(text) },
      ...(nowMs !== undefined && { now: () => nowMs }),
    });
    try {
      const inputs = installInputs(workspace, deployment.inputs);
      const { isWarm, repeated } = await opened.restoreDependencies(inputs);
      if (!isWarm) {
        (deployment.install ?? installLeft)(workspace);
        await opened.afterInstall();
      }
      const { nodeVersion, isolation, env } = inputs;
      const build = { folders: ["."], command: "npm run build", nodeVersion, isolation, env, ...deployment.framework };
      await opened.restoreFrameworks(build);
      const before = pathsIn(workspace.root);
      deployment.build?.(workspace);
      await opened.keep({ endedWell });
      return { isWarm, said: said.join("\n"), before, repeated: repeated.map(({ script }) => script) };
    } finally {
      opened.close();
    }
  }

  return { folder: caches, deploy };
}

function installInputs(workspace: CachedWorkspace, changes: Deployment["inputs"] = {}): InstallInputs {
  return {
    ...{ source: workspace.source, installFolder: ".", command: "npm ci", manager: { name: "npm", version: "11.0.0" } },
    ...{ nodeVersion: "24.1.0", isolation: "none", env: { PATH: "/usr/bin", CI: "true" }, treeId: "tree" },
    ...changes,
  };
}

/** The workspace of a new deployment: what an earlier one left is gone. */
export function layOut(root: string, files: Files): CachedWorkspace {
  rmSync(root, { recursive: true, force: true });
  const workspace = { root, source: join(root, "source"), home: join(root, "home") };
  mkdirSync(workspace.source, { recursive: true });
  mkdirSync(workspace.home);
  writeFiles(workspace.source, files);
  return workspace;
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** An install of one package, whose program is a link, as npm makes it. */
export function installLeft({ source }: CachedWorkspace): void {
  writeFiles(source, {
    "node_modules/left/package.json": { name: "left", version: "1.0.0" },
    "node_modules/left/index.js": "left",
    "node_modules/.package-lock.json": "{}",
  });
}

/** All paths of files and links, sorted. */
export function pathsIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Does something to the one file of this name below the folder. */
export function changeOne(folder: string, name: string, change: (file: string) => void): void {
  const [path, ...others] = pathsIn(folder).filter((one) => one.endsWith(`/${name}`));
  if (path === undefined || others.length > 0) throw new Error(`there is not one ${name}`);
  change(join(folder, path));
}

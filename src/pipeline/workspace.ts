/** The private folders of one deployment, from its start to its end. */
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { sourcePlace, workspacePlace } from "../model/workspace-place.ts";

export type Workspace = {
  /** Holds the others, and whatever a build leaves beside them. */
  readonly root: string;
  readonly source: string;
  readonly home: string;
  readonly temporary: string;
};

/** Makes the folders anew. A site has one deployment at a time, so what lies there is left from one that was killed. */
export async function makeWorkspace(dataDir: string, site: string): Promise<Workspace> {
  const root = resolve(dataDir, workspacePlace(site));
  await removeFolder(root);
  const workspace = {
    root,
    source: resolve(dataDir, sourcePlace(site)),
    home: join(root, "home"),
    temporary: join(root, "tmp"),
  };
  for (const folder of Object.values(workspace)) await mkdir(folder, { recursive: true, mode: 0o700 });
  return workspace;
}

/** Removes a folder with all that is in it, also what a build made read-only. Links are removed, not followed. */
export async function removeFolder(folder: string): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  await remove().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES" && error.code !== "EPERM") throw error;
    await openUp(folder);
    await remove();
  });
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name));
  }
}

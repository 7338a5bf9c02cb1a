/** The folder of a git host that serves a repository under its name, as GitHub does: /acme/shop.git. */
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GitRepository, temporaryFolder } from "./git-repository.ts";

export function servedAs(name: string, repository: GitRepository): string {
  const folder = temporaryFolder();
  const path = join(folder, `${name}.git`);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(fileURLToPath(repository.url), ".git"), path);
  return folder;
}

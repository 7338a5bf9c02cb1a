/** A mirror in a folder of the test's own, and what was said while it worked. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type MirrorOptions, openMirror } from "../../src/git/open-mirror.ts";
import { temporaryFolder } from "./git-repository.ts";

export function prepareMirror(url: string, changes: Partial<MirrorOptions> = {}) {
  const dataDir = changes.dataDir ?? temporaryFolder();
  const lines: string[] = [];
  const options: MirrorOptions = {
    site: "shop",
    url,
    token: null,
    dataDir,
    env: { PATH: process.env.PATH },
    say: (text) => lines.push(text),
    signal: new AbortController().signal,
    gone: new AbortController().signal,
    async onGroup() {},
    ...changes,
  };
  return { mirror: openMirror(options), options, dataDir, folder: join(dataDir, "work"), lines };
}

/** Where the mirror of the only repository is kept, and a path in it. */
export function inMirror(dataDir: string, ...path: string[]): string {
  const [id = "", ...others] = readdirSync(join(dataDir, "git"));
  if (others.length > 0) throw new Error(`more than one repository: ${[id, ...others].join(", ")}`);
  return join(dataDir, "git", id, "repository.git", ...path);
}

/** The names of the packs in the mirror. */
export function packsIn(dataDir: string): string[] {
  return readdirSync(inMirror(dataDir, "objects", "pack")).filter((name) => name.endsWith(".pack"));
}

/** What a promise is rejected with. */
export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Prerenders the test's application as the pipeline does, in a process of its own, and says what came of it. */
import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { PrerenderSettings } from "../../src/model/build.ts";
import { prerenderCommand } from "../../src/prerender/prerender-command.ts";
import type { PrerenderJob } from "../../src/prerender/prerender-job.ts";
import { createPrerenderReport } from "../../src/prerender/prerender-report.ts";

export const APP = fileURLToPath(new URL("./app", import.meta.url));

export const SETTINGS: PrerenderSettings = {
  routes: ["/"],
  crawl: false,
  parallel: 4,
  timeoutMs: 30_000,
  allow: [],
  ready: null,
  maxPages: 100,
};

export type PrerenderOptions = {
  readonly settings?: Partial<PrerenderSettings>;
  readonly siteUrl?: string | null;
  readonly chromium?: string | null;
  /** Files besides the application's own, or in place of them. */
  readonly files?: Readonly<Record<string, string>>;
  /** PATH of the process. */
  readonly path?: string;
};

/** A folder with the application in it, where it is prerendered. */
export type PrerenderWorld = {
  readonly root: string;
  /** The output folder. */
  readonly folder: string;
  /** The process's temporary folder; its browser names it on its command line. */
  readonly temporary: string;
  read(path: string): string;
  /** The paths of all files in the output folder, sorted. */
  files(): string[];
  remove(): void;
};

/** To be removed by whoever made it; see `prerender` for one that a test has for itself. */
export function createPrerenderWorld(files: Readonly<Record<string, string>> = {}): PrerenderWorld {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-prerender-")));
  const folder = join(root, "output");
  const temporary = join(root, "temporary");
  mkdirSync(temporary);
  cpSync(APP, folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return {
    ...{ root, folder, temporary },
    read: (path) => readFileSync(join(folder, path), "utf8"),
    files: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort(),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Starts the process over a world. */
export function startPrerendering(world: PrerenderWorld, options: PrerenderOptions = {}) {
  const { settings, siteUrl = "https://shop.example/", chromium = null, path = process.env.PATH } = options;
  const job: PrerenderJob = { folder: world.folder, siteUrl, chromium, settings: { ...SETTINGS, ...settings } };
  const jobFile = join(world.root, "job.json");
  writeFileSync(jobFile, JSON.stringify(job));
  const { file, args } = prerenderCommand(jobFile);
  const child = spawn(file, args, { env: { PATH: path, TMPDIR: world.temporary }, stdio: ["ignore", "pipe", "pipe"] });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, output, exited };
}

/** Prerenders to the end. `result` throws as the pipeline's does, and `said` is all that the process printed besides. */
export async function runPrerendering(world: PrerenderWorld, options: PrerenderOptions = {}) {
  const { output, exited } = startPrerendering(world, options);
  const said: string[] = [];
  const report = createPrerenderReport({ progress() {}, say: (line) => said.push(line) });
  for (const part of await output) report.read(part);
  return { code: await exited, result: () => report.result(), said };
}

/** Prerenders the application in a folder that is gone after the test. */
export async function prerender(options: PrerenderOptions = {}) {
  const world = createPrerenderWorld(options.files);
  onTestFinished(() => world.remove());
  return { ...world, ...(await runPrerendering(world, options)) };
}

/** The browsers that work for a world, by process id. */
export function browsersOf({ temporary }: PrerenderWorld): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLineOf(pid).includes(temporary));
}

/** Empty where the process has ended. */
export function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** The command that prerenders a site, to be run inside the build's sandbox. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ownProgram } from "../process/own-file.ts";

/** What browsers have besides what lies under /usr: Debian's launcher reads all of the one, Google's package is the other. */
const BROWSER_FOLDERS = ["/etc/chromium.d", "/opt/google/chrome"];

export type PrerenderCommand = {
  readonly file: string;
  readonly args: readonly string[];
  /** Absolute folders that the process reads besides Node, the system's programs and the job's own folder. */
  readonly readable: readonly string[];
};

/**
 * Prerenders as the job in `jobFile` says (`PrerenderJob` as JSON). What it prints is for `createPrerenderReport`; it
 * exits with 0 as soon as it could say what happened, even where that was a failure.
 */
export function prerenderCommand(jobFile: string): PrerenderCommand {
  const file = ownProgram("prerender/prerender-process");
  return {
    file: process.execPath,
    args: [file, jobFile],
    readable: [
      dirname(file),
      dirname(fileURLToPath(import.meta.resolve("playwright-core/package.json"))),
      ...BROWSER_FOLDERS.filter((folder) => existsSync(folder)),
    ],
  };
}

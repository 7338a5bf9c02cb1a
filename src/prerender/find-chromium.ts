/** Finds the system's Chromium or Chrome. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { PrerenderError } from "./prerender-error.ts";

/** By the names that Debian, Alpine, Fedora, Arch and Google's own packages use. */
const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "chrome",
  "chromium-headless-shell",
];

const ADVICE =
  "Install it: apt-get install chromium (Debian), apk add chromium (Alpine), dnf install chromium (Fedora), or Google's " +
  "package google-chrome-stable (Ubuntu, whose own chromium is a snap and does not run inside builds).";

/** The absolute file of the browser: `chosen`, or the first that `path` (a PATH) has. Throws PrerenderError where there is none. */
export async function findChromium(chosen: string | null, path: string): Promise<string> {
  if (chosen !== null) {
    if (isAbsolute(chosen) && (await isProgram(chosen))) return chosen;
    throw new PrerenderError(`${chosen} is no program that can be run, and prerendering needs it. ${ADVICE}`);
  }
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  for (const name of NAMES) {
    for (const folder of folders) if (await isProgram(join(folder, name))) return join(folder, name);
  }
  throw new PrerenderError(`Prerendering needs Chromium, and this machine has none. ${ADVICE}`);
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Finds the programs that make sandboxes, and runs them with nothing of a build's environment. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Environment, safePath } from "../process/environment.ts";
import { UnavailableError } from "./unavailable.ts";

/** Where a service's PATH may lack what administrators' programs need: ip, on Debian. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** A variable of a build such as LD_PRELOAD must not reach what runs outside of its sandbox. */
export function toolEnvironment(env: Environment): Record<string, string> {
  return { PATH: [safePath(env.PATH), ...SYSTEM_FOLDERS].join(delimiter), LC_ALL: "C" };
}

/** The program's absolute path; undefined when it is not installed. */
export function findProgram(name: string, env: Environment): string | undefined {
  for (const folder of (toolEnvironment(env).PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

/** Packages by which Debian and Ubuntu, Alpine, and Fedora bring a program. */
const PACKAGES: Readonly<Record<string, string>> = {
  bwrap: "bubblewrap (Debian, Ubuntu, Alpine, Fedora)",
  ip: "iproute2 (Debian, Ubuntu, Alpine), iproute (Fedora)",
  prlimit: "util-linux (Debian, Ubuntu, Fedora), util-linux-misc (Alpine)",
  setpriv: "util-linux (Debian, Ubuntu, Fedora), setpriv (Alpine)",
  unshare: "util-linux (Debian, Ubuntu, Fedora), util-linux-misc (Alpine)",
  nsenter: "util-linux (Debian, Ubuntu, Fedora), util-linux-misc (Alpine)",
  slirp4netns: "slirp4netns or passt (Debian, Ubuntu, Alpine, Fedora)",
};

/** The same, but its absence says which package to install. */
export function needProgram(name: string, env: Environment): string {
  const path = findProgram(name, env);
  if (path === undefined) throw missingProgram(name);
  return path;
}

export function missingProgram(name: string): UnavailableError {
  return new UnavailableError(`${name} is not installed`, `install the package ${PACKAGES[name] ?? name}`);
}

const TOOL_LIMIT_MS = 10_000;

/** Runs a tool to its end. Answers with what it printed, its errors included, and null for `code` when it was killed. */
export function runTool(
  file: string,
  args: readonly string[],
  env: Environment,
  input = "",
): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve) => {
    const options = { env: toolEnvironment(env), cwd: "/", timeout: TOOL_LIMIT_MS, killSignal: "SIGKILL" as const };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, text: `${stdout}${stderr}`.trim() || (error?.message ?? "") });
    });
    // It may end without reading.
    child.stdin?.on("error", () => {}).end(input);
  });
}

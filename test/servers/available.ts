/** Says whether a server that tests need is on this machine, and what becomes of the tests when it is not. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, it } from "vitest";
import { binaryOf, type DaemonName } from "./debian-package.ts";

/** Why the daemon cannot be started here, as a sentence; undefined when it can. */
function whyUnavailable(name: DaemonName): string | undefined {
  if (!existsSync(binaryOf(name))) return `${name} is missing: run scripts/fetch-ftp-servers.sh`;
  // They change their root folder and their user, and only so a test's "/" is the test's own folder.
  if (process.getuid?.() !== 0) return `${name} has to be started by root`;
  // Gives them an /etc/passwd and an /etc/pam.d of their own.
  if ((name === "vsftpd" || name === "sshd") && spawnSync("unshare", ["--mount", "true"]).status !== 0) {
    return `${name} needs unshare --mount, which is not allowed here`;
  }
  return undefined;
}

/**
 * A `describe` for tests that need a daemon. Without it they are skipped, with the reason in the title, but where
 * `CI` is set they fail: there, a missing server would mean tests that nobody ever runs.
 */
export function describeWith(name: DaemonName, title: string, tests: () => void): void {
  describeUnless(whyUnavailable(name), name, title, tests);
}

/** The same for tests that need a program of the machine, by its Debian package where that has another name. */
export function describeWithProgram(program: string, title: string, tests: () => void, debianPackage = program): void {
  const isThere = spawnSync("sh", ["-c", 'command -v "$1"', "sh", program]).status === 0;
  const reason = isThere ? undefined : `${program} is missing: apt-get install ${debianPackage}`;
  describeUnless(reason, program, title, tests);
}

function describeUnless(reason: string | undefined, name: string, title: string, tests: () => void): void {
  if (reason === undefined) describe(title, tests);
  else if (process.env.CI) {
    describe(title, () => {
      it(`has ${name}`, () => {
        throw new Error(reason);
      });
    });
  } else describe.skip(`${title} (${reason})`, tests);
}

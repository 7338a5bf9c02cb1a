/** Where scripts/fetch-ftp-servers.sh puts the daemons, and how to run what it unpacked. */
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type DaemonName = "vsftpd" | "proftpd" | "pure-ftpd" | "sshd";

/** The root of the unpacked Debian packages. */
export function packagesRoot(): string {
  const folder = process.env.SLIPWAY_TEST_SERVERS || join(homedir(), ".cache", "slipway-test-servers");
  return join(folder, "root");
}

export function binaryOf(name: DaemonName): string {
  return join(packagesRoot(), "usr", "sbin", name);
}

/** The environment for a program out of these packages: it finds the libraries that came along. */
export function packageEnvironment(): NodeJS.ProcessEnv {
  const lib = join(packagesRoot(), "usr", "lib");
  // Debian's folder is named for the machine: x86_64-linux-gnu, aarch64-linux-gnu.
  const folders = existsSync(lib) ? readdirSync(lib).filter((name) => name.endsWith("-linux-gnu")) : [];
  return { PATH: process.env.PATH, LD_LIBRARY_PATH: folders.map((name) => join(lib, name)).join(":") };
}

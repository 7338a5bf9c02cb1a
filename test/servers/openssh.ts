/**
 * Starts Debian's sshd (OpenSSH 9.2 on bookworm) for tests, on a free port of 127.0.0.1. It serves SFTP to one user,
 * who lands in `root` and is not locked in there. It needs scripts/fetch-ftp-servers.sh and root's rights (see
 * available.ts); `root` and all in it is given to the account that it works as.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, lchownSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ssh2 from "ssh2";
import { type Daemon, type DaemonPlace, startDaemon } from "./daemon.ts";
import { binaryOf, packagesRoot } from "./debian-package.ts";

/** What ssh2 generates; sshd and ssh-keygen read it. */
export type KeyPair = { readonly private: string; readonly public: string };

export type OpensshOptions = {
  /** The folder to land in; it has to exist. Root owns nothing in it afterwards. */
  readonly root: string;
  /** Login by password is possible with it, and only with it. */
  readonly password?: string;
  /** How the password is asked for; in both ways with "either". Default: the method "password". */
  readonly asks?: "password" | "keyboard-interactive" | "either";
  /** A public key in OpenSSH's form that may log in. */
  readonly publicKey?: string;
  /** Several methods that have all to be passed, as in sshd_config: "publickey,password". */
  readonly authenticationMethods?: string;
  /** The host's keys, one of each kind. Default: a fresh ed25519 key. */
  readonly hostKeys?: readonly KeyPair[];
  /** What SFTP is served with; null serves none. Default: internal-sftp. */
  readonly subsystem?: string | null;
  /** A limit of each connection's server as for the shell's ulimit: "-n 14" (open files). Overrules `subsystem`. */
  readonly ulimit?: string;
  /** The size of the disk that `root` seems to be on, in bytes; what is written then shows on this machine nowhere. */
  readonly diskBytes?: number;
};

export type SshDaemon = Daemon & {
  readonly user: string;
  /** Fingerprints of the host's keys, in their order. */
  readonly fingerprints: readonly string[];
};

export type OpensshDaemon = SshDaemon & {
  /** What sshd logged so far. */
  log(): string;
};

/** Debian's user and group `daemon`. */
export const ACCOUNT_ID = 1;
export const USER = "slipway";

/**
 * sshd takes users from /etc/passwd and passwords from /etc/shadow only, and wants a user and a folder in /run for its
 * unprivileged half; so it gets a mount namespace of its own, where these are ours.
 */
export async function startOpenssh(options: OpensshOptions): Promise<OpensshDaemon> {
  const { root, hostKeys = [createKeyPair()], diskBytes } = options;
  giveAway(root);
  let logFile = "";
  const daemon = await startDaemon("sshd", (place) => {
    // sshd reads the authorized keys as the user who logs in.
    chmodSync(place.folder, 0o711);
    logFile = place.write("log", "");
    const config = place.write("sshd_config", configFor(place, options, hostKeys));
    mkdirSync(join(place.folder, "run", "sshd"), { recursive: true, mode: 0o755 });
    const disk = diskBytes === undefined ? "" : `mount -t tmpfs -o size=${diskBytes},mode=777 tmpfs "$5"; `;
    const start = `for name in passwd shadow pam.d; do mount --bind "$1/etc/$name" "/etc/$name"; done; mount --bind "$1/run" /run; ${disk}"$2" -t -f "$3"; exec "$2" -D -f "$3" -E "$4"`;
    writeEtc(place, options);
    return ["unshare", "--mount", "sh", "-ec", start, "sh", place.folder, binaryOf("sshd"), config, logFile, root];
  });
  return {
    ...daemon,
    user: USER,
    fingerprints: hostKeys.map((pair) => fingerprintOf(pair.public)),
    log: () => readFileSync(logFile, "utf8"),
  };
}

function configFor(place: DaemonPlace, options: OpensshOptions, hostKeys: readonly KeyPair[]): string {
  const { password, asks = "password", publicKey, authenticationMethods, ulimit } = options;
  const { subsystem = "internal-sftp -u 022" } = options;
  const sftp = ulimit === undefined ? subsystem : `ulimit ${ulimit}; exec ${copySftpServer(place)} -u 022`;
  const authorized = place.write("authorized_keys", `${publicKey ?? ""}\n`);
  chmodSync(authorized, 0o644);
  const yesNo = (yes: boolean) => (yes ? "yes" : "no");
  const settings: ReadonlyArray<readonly [string, string | number]> = [
    ["ListenAddress", `127.0.0.1:${place.port}`],
    ...hostKeys.map((pair, index) => ["HostKey", place.write(`host-key-${index}`, pair.private)] as const),
    ["PidFile", join(place.folder, "pid")],
    ["LogLevel", "VERBOSE"],
    ["StrictModes", "no"],
    ["UseDNS", "no"],
    ["AuthorizedKeysFile", authorized],
    ["PubkeyAuthentication", yesNo(publicKey !== undefined)],
    ["PasswordAuthentication", yesNo(password !== undefined && asks !== "keyboard-interactive")],
    ["KbdInteractiveAuthentication", yesNo(password !== undefined && asks !== "password")],
    ["UsePAM", yesNo(asks !== "password")],
    ...(authenticationMethods === undefined ? [] : [["AuthenticationMethods", authenticationMethods] as const]),
    ...(sftp === null ? [] : [["Subsystem", `sftp ${sftp}`] as const]),
  ];
  return settings.map(([name, value]) => `${name} ${value}\n`).join("");
}

/** Debian's sftp-server at a place where the user who logs in may run it. */
function copySftpServer(place: DaemonPlace): string {
  const copy = join(place.folder, "sftp-server");
  copyFileSync(join(packagesRoot(), "usr", "lib", "openssh", "sftp-server"), copy);
  chmodSync(copy, 0o755);
  return copy;
}

function writeEtc(place: DaemonPlace, { root, password }: OpensshOptions): void {
  mkdirSync(join(place.folder, "etc", "pam.d"), { recursive: true });
  const passwd = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("sshd:") && !line.startsWith(`${USER}:`));
  const accounts = [
    `${USER}:x:${ACCOUNT_ID}:${ACCOUNT_ID}::${root}:/bin/sh`,
    "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n",
  ];
  chmodSync(place.write("etc/passwd", [...passwd.filter(Boolean), ...accounts].join("\n")), 0o644);
  // "*" is no hash of any password, and unlike "!" it does not lock the account.
  place.write("etc/shadow", `${USER}:${password === undefined ? "*" : hashPassword(password)}:20000:0:99999:7:::\n`);
  place.write(
    "etc/pam.d/sshd",
    "auth required pam_unix.so nodelay\naccount required pam_permit.so\nsession required pam_permit.so\n",
  );
}

/**
 * A key pair as ssh-keygen makes it. Of 600 ed25519 keys that ssh2 1.17.0 generates, one lacks a leading zero byte, and
 * neither ssh2 nor OpenSSH can read it (measured); such a one is thrown away.
 */
export function createKeyPair(type: "ed25519" | "ecdsa" | "rsa" = "ed25519", passphrase?: string): KeyPair {
  for (;;) {
    const pair = generateKeyPair(type, passphrase);
    if (!(ssh2.utils.parseKey(pair.private, passphrase) instanceof Error)) return pair;
  }
}

function generateKeyPair(type: "ed25519" | "ecdsa" | "rsa", passphrase: string | undefined): KeyPair {
  const protection = {
    comment: "test",
    ...(passphrase !== undefined && { passphrase, cipher: "aes256-ctr", rounds: 4 }),
  };
  if (type === "rsa") return ssh2.utils.generateKeyPairSync("rsa", { bits: 2048, ...protection });
  if (type === "ecdsa") return ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256, ...protection });
  return ssh2.utils.generateKeyPairSync("ed25519", protection);
}

/** As `ssh-keygen -l` prints it; asked of ssh-keygen's own format, not of the code that is tested. */
export function fingerprintOf(publicKey: string): string {
  const { stdout } = spawnSync("sh", ["-c", "cut -d' ' -f2 | base64 -d | openssl dgst -sha256 -binary | base64"], {
    input: publicKey,
    encoding: "utf8",
  });
  return `SHA256:${stdout.trim().replace(/=+$/, "")}`;
}

/** Gives a folder and all in it to Debian's account `daemon`. */
export function giveAway(path: string): void {
  chownSync(path, ACCOUNT_ID, ACCOUNT_ID);
  for (const entry of readdirSync(path, { recursive: true })) {
    lchownSync(join(path, String(entry)), ACCOUNT_ID, ACCOUNT_ID);
  }
}

/** A hash of the crypt(3) family. The password goes in by standard input: arguments are for everyone to read. */
export function hashPassword(password: string): string {
  const { stdout } = spawnSync("openssl", ["passwd", "-6", "-stdin"], { input: `${password}\n`, encoding: "utf8" });
  return stdout.trim();
}

/**
 * Starts the real FTP servers of Debian (vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50 on bookworm) for tests.
 * Each serves `root` as its "/", to one user, on a free port of 127.0.0.1. They need scripts/fetch-ftp-servers.sh and
 * root's rights (see available.ts); `root` and all in it is given to the account that they work as.
 *
 *     const server = await startVsftpd({ root, password: "secret" });   // or startProftpd, startPureFtpd
 *     … log in at 127.0.0.1:server.port as server.user …
 *     await server.stop();
 */
import { spawn } from "node:child_process";
import { chownSync, lchownSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Certificate } from "../../src/demo/certificate.ts";
import { type Daemon, type DaemonPlace, startDaemon } from "./daemon.ts";
import { binaryOf, packageEnvironment, packagesRoot } from "./debian-package.ts";

export type FtpDaemonOptions = {
  /** The folder to serve; it has to exist. Root owns nothing in it afterwards. */
  readonly root: string;
  readonly password: string;
  /** Letters only. Default: slipway. */
  readonly user?: string;
  /** With it the server takes explicit FTPS only (AUTH TLS, PROT P); without it plain FTP only. */
  readonly tls?: Certificate;
  /** How many connections one address may have; more are refused in the server's own way. Default: no limit. */
  readonly maxConnections?: number;
};

export type FtpDaemon = Daemon & { readonly user: string; readonly password: string };

/** Debian's user and group `daemon`. Unlike `nobody` it has a home folder that exists, on which vsftpd insists. */
const ACCOUNT = { name: "daemon", id: 1 };

export type VsftpdOptions = FtpDaemonOptions & {
  /** Whether the account is kept in `root`, which it then sees as "/". Default: yes. */
  readonly chroot?: boolean;
};

/**
 * vsftpd asks PAM about passwords, and PAM reads /etc only; so the daemon gets a mount namespace of its own, where three
 * names in /etc are ours. With `tls`, data connections have to resume the control connection's TLS session
 * (require_ssl_reuse, its default).
 */
export async function startVsftpd(options: VsftpdOptions): Promise<FtpDaemon> {
  const { root, password, user = "slipway", tls, maxConnections = 0, chroot = true } = options;
  giveAway(root);
  const hash = await hashPassword(password);
  const daemon = await startDaemon("vsftpd", (place) => {
    const empty = join(place.folder, "empty");
    mkdirSync(empty);
    const settings: Record<string, string | number | boolean> = {
      listen: true,
      listen_address: "127.0.0.1",
      listen_port: place.port,
      background: false,
      // The sandboxes need kernel features that containers may lack.
      seccomp_sandbox: false,
      isolate: false,
      isolate_network: false,
      xferlog_enable: false,
      max_per_ip: maxConnections,
      anonymous_enable: false,
      local_enable: true,
      pam_service_name: "vsftpd",
      chroot_local_user: chroot,
      allow_writeable_chroot: true,
      secure_chroot_dir: empty,
      write_enable: true,
      local_umask: "022",
      ...(tls && {
        ssl_enable: true,
        require_ssl_reuse: true,
        rsa_cert_file: place.write("cert.pem", tls.cert),
        rsa_private_key_file: place.write("key.pem", tls.key),
      }),
    };
    const yesNo = (value: string | number | boolean) => (typeof value === "boolean" ? (value ? "YES" : "NO") : value);
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${yesNo(value)}\n`);
    const config = place.write("vsftpd.conf", lines.join(""));
    const start = 'for name in passwd shadow pam.d; do mount --bind "$1/$name" "/etc/$name"; done; exec "$2" "$3"';
    const etc = etcFor(place, options, hash);
    return ["unshare", "--mount", "sh", "-ec", start, "sh", etc, binaryOf("vsftpd"), config];
  });
  return { ...daemon, user, password };
}

/** Replacements for what PAM reads in /etc: one more user, and one rule that takes the password from /etc/shadow. */
function etcFor(place: DaemonPlace, { root, user = "slipway" }: FtpDaemonOptions, hash: string): string {
  mkdirSync(join(place.folder, "etc", "pam.d"), { recursive: true });
  const account = `${user}:x:${ACCOUNT.id}:${ACCOUNT.id}::${root}:/usr/sbin/nologin\n`;
  place.write("etc/passwd", readFileSync("/etc/passwd", "utf8") + account);
  place.write("etc/shadow", `${user}:${hash}:20000:0:99999:7:::\n`);
  place.write("etc/pam.d/vsftpd", "auth required pam_unix.so\naccount required pam_permit.so\n");
  return join(place.folder, "etc");
}

export type ProftpdOptions = FtpDaemonOptions & {
  /** Whether STOR and RNTO may replace a file. True as in Debian's packaged settings; the built-in default is false. */
  readonly allowOverwrite?: boolean;
  /** Loads mod_digest: HASH, XSHA256 and others. */
  readonly digests?: boolean;
  /** Uploads go to a hidden file beside the real one, which is replaced when they are done. */
  readonly hiddenStores?: boolean;
  /** Names that match this regular expression are forbidden (PathDenyFilter). No spaces. */
  readonly forbiddenNames?: string;
  /** Commands that are denied to the account: "RNFR", "MKD" (<Limit>). */
  readonly denied?: readonly string[];
};

/** ProFTPD with Debian's settings where they matter. Its TLS wants session reuse on data connections, too. */
export async function startProftpd(options: ProftpdOptions): Promise<FtpDaemon> {
  const { root, password, user = "slipway", tls, maxConnections, allowOverwrite = true } = options;
  const { digests = false, hiddenStores = false, forbiddenNames, denied = [] } = options;
  giveAway(root);
  const hash = await hashPassword(password);
  const daemon = await startDaemon("proftpd", (place) => {
    const settings = [
      ["ModulePath", join(packagesRoot(), "usr", "lib", "proftpd")],
      ["ServerType", "standalone"],
      ["DefaultAddress", "127.0.0.1"],
      ["Port", place.port],
      ["SocketBindTight", "on"],
      ["UseIPv6", "off"],
      ["UseReverseDNS", "off"],
      ["User", ACCOUNT.name],
      ["Group", ACCOUNT.name],
      ["PidFile", join(place.folder, "pid")],
      ["ScoreboardFile", join(place.folder, "scoreboard")],
      // Would write to /run; it also slows logins down on purpose.
      ["DelayEngine", "off"],
      ["WtmpLog", "off"],
      ["SystemLog", "none"],
      ["TransferLog", "none"],
      ["AuthOrder", "mod_auth_file.c"],
      ["AuthUserFile", place.write("passwd", `${user}:${hash}:${ACCOUNT.id}:${ACCOUNT.id}::${root}:/bin/false\n`)],
      ["RequireValidShell", "off"],
      ["DefaultRoot", "~"],
      ["Umask", "022 022"],
      ["AllowOverwrite", allowOverwrite ? "on" : "off"],
      ["AllowStoreRestart", "on"],
      ...(digests ? [["LoadModule", "mod_digest.c"]] : []),
      ...(hiddenStores ? [["HiddenStores", "on"]] : []),
      ...(forbiddenNames === undefined ? [] : [["PathDenyFilter", forbiddenNames]]),
      ...denied.flatMap((command) => [[`<Limit ${command}>`], ["DenyAll"], ["</Limit>"]]),
      ...(maxConnections === undefined ? [] : [["MaxClientsPerHost", maxConnections]]),
      ...(tls === undefined ? [] : proftpdTls(place, tls)),
    ];
    const file = place.write("proftpd.conf", settings.map((setting) => `${setting.join(" ")}\n`).join(""));
    return [binaryOf("proftpd"), "--nodaemon", "--quiet", "--config", file];
  });
  return { ...daemon, user, password };
}

function proftpdTls(place: DaemonPlace, tls: Certificate): Array<Array<string | number>> {
  return [
    ["LoadModule", "mod_tls.c"],
    ["TLSEngine", "on"],
    ["TLSRequired", "on"],
    ["TLSECCertificateFile", place.write("cert.pem", tls.cert)],
    ["TLSECCertificateKeyFile", place.write("key.pem", tls.key)],
  ];
}

export type PureFtpdOptions = FtpDaemonOptions & {
  /** Names that begin with a dot may not be written (--prohibitdotfileswrite, -x). */
  readonly forbidsDotFiles?: boolean;
  /** Nothing may be renamed (--norename, -G). */
  readonly forbidsRenames?: boolean;
  /** Nothing may be removed or written over (--keepallfiles, -K). */
  readonly keepsFiles?: boolean;
  /** How many names a listing has at most (--limitrecursion, -L). Default: 10 000. */
  readonly maxListed?: number;
  /** The bytes and files that the account may have on the disk (virtual quota). */
  readonly quota?: { readonly files: number; readonly bytes: number };
};

/** Pure-FTPd with a virtual user. Its TLS resumes no sessions and asks for none. */
export async function startPureFtpd(options: PureFtpdOptions): Promise<FtpDaemon> {
  const { root, password, user = "slipway", tls, maxConnections, quota } = options;
  const { forbidsDotFiles = false, forbidsRenames = false, keepsFiles = false, maxListed } = options;
  giveAway(root);
  const hash = await hashPassword(password);
  const daemon = await startDaemon("pure-ftpd", async (place) => {
    // The format of pure-pw: account, hash, uid, gid, name, home with /./ at the new root, and limits, of which the sixth
    // and seventh are the quota in files and bytes.
    const limits = quota === undefined ? ":".repeat(13) : `::::::${quota.files}:${quota.bytes}::::::`;
    const users = place.write("passwd", `${user}:${hash}:${ACCOUNT.id}:${ACCOUNT.id}::${root}/./${limits}\n`);
    const database = join(place.folder, "users.pdb");
    const purePw = join(packagesRoot(), "usr", "bin", "pure-pw");
    await run(purePw, ["mkdb", database, "-f", users], "");
    return [
      binaryOf("pure-ftpd"),
      ...["--bind", `127.0.0.1,${place.port}`, "--login", `puredb:${database}`],
      ...["--noanonymous", "--chrooteveryone", "--dontresolve", "--minuid", "1", "--umask", "133:022"],
      ...["--pidfile", join(place.folder, "pid"), "--syslogfacility", "none"],
      ...(maxConnections === undefined ? [] : ["--maxclientsperip", String(maxConnections)]),
      ...(forbidsDotFiles ? ["--prohibitdotfileswrite"] : []),
      ...(forbidsRenames ? ["--norename"] : []),
      ...(keepsFiles ? ["--keepallfiles"] : []),
      // Names, and folders below each other.
      ...(maxListed === undefined ? [] : ["--limitrecursion", `${maxListed}:5`]),
      ...(tls === undefined ? [] : ["--tls", "3", "--certfile", place.write("both.pem", tls.cert + tls.key)]),
    ];
  });
  return { ...daemon, user, password };
}

function giveAway(path: string): void {
  chownSync(path, ACCOUNT.id, ACCOUNT.id);
  for (const entry of readdirSync(path, { recursive: true })) {
    lchownSync(join(path, String(entry)), ACCOUNT.id, ACCOUNT.id);
  }
}

/** A hash of the crypt(3) family. The password goes in by standard input: arguments are for everyone to read. */
async function hashPassword(password: string): Promise<string> {
  return (await run("openssl", ["passwd", "-6", "-stdin"], `${password}\n`)).trim();
}

async function run(command: string, args: string[], input: string): Promise<string> {
  const child = spawn(command, args, { env: packageEnvironment(), stdio: ["pipe", "pipe", "inherit"] });
  // A program that reads no input may have ended before it is written.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  const output = await text(child.stdout);
  const code = await ended;
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return output;
}

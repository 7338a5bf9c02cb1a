/**
 * Starts real servers at the server's end of the link: vsftpd, ProFTPD, Pure-FTPd and OpenSSH as
 * scripts/fetch-ftp-servers.sh unpacked them, set up as in test/servers (which says why). Each serves one folder to one
 * user; FTP with or without TLS, which is then compulsory, with the session reuse that vsftpd and ProFTPD want.
 */
import { execFileSync, spawn } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Certificate, createCertificate } from "../../src/demo/certificate.ts";
import { binaryOf, packageEnvironment, packagesRoot } from "../../test/servers/debian-package.ts";
import type { Link } from "./link.ts";

export type Protocol = "ftp" | "ftps" | "sftp";
export type ServerName = "vsftpd" | "proftpd" | "pure-ftpd" | "openssh";

export type Server = {
  readonly protocol: Protocol;
  readonly name: ServerName;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** What it serves. The folder may be emptied, not removed. */
  readonly root: string;
  /** A folder for the clients' own files. */
  readonly work: string;
  /** sftp: the file with the user's private key, which needs no passphrase. */
  readonly keyFile: string;
  /** sftp: as ssh-keygen -l prints it. */
  readonly hostKey: string;
  /** ftps: the PEM certificate, its own authority. */
  readonly certificate: string;
  stop(): Promise<void>;
};

/** Debian's account `daemon`: its home folder exists, on which vsftpd insists. */
const ACCOUNT = { name: "daemon", id: 1 };
const USER = "slipway";
const PASSWORD = "benchmark";

export const portOf = (protocol: Protocol): number => (protocol === "sftp" ? 22 : 21);

type Setup = {
  readonly work: string;
  readonly root: string;
  readonly address: string;
  readonly tls: Certificate | null;
  write(name: string, text: string): string;
};

/** Throws with the server's output when it does not listen within ten seconds. */
export async function startServer(link: Link, name: ServerName, protocol: Protocol): Promise<Server> {
  const work = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const root = join(work, "root");
  mkdirSync(root);
  chownSync(root, ACCOUNT.id, ACCOUNT.id);
  // The server's user has to get through to `root`.
  execFileSync("chmod", ["711", work]);
  const write: Setup["write"] = (file, text) => {
    writeFileSync(join(work, file), text, { mode: 0o600 });
    return join(work, file);
  };
  const tls = protocol === "ftps" ? await createCertificate() : null;
  const setup: Setup = { work, root, address: link.address, tls, write };
  // Processes of their own: vsftpd gives each connection one that leaves the group, and all have to end with the first.
  // Which is a shell: as the first process itself, vsftpd ends with its first client.
  const apart = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", '"$@"; exit', "sh"];
  const [command, ...args] = link.at("server", [...apart, ...COMMANDS[name](setup)]);
  const child = spawn(command, args, { env: packageEnvironment(), detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + String(chunk)).slice(-4000);
    });
  }
  const kill = () => {
    try {
      process.kill(-Number(child.pid), "SIGKILL");
    } catch {
      // It is gone already.
    }
  };
  // A run that is broken off leaves nothing behind either.
  const clean = () => {
    kill();
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", clean);
  const port = portOf(protocol);
  for (let tries = 0; !listens(Number(child.pid), port); tries++) {
    if (child.exitCode !== null || tries > 500) {
      kill();
      throw new Error(`${name} did not start: ${output}`);
    }
    await delay(20);
  }
  return {
    protocol,
    name,
    host: link.address,
    port,
    user: USER,
    password: PASSWORD,
    root,
    work,
    keyFile: join(work, "user-key"),
    hostKey: name === "openssh" ? fingerprint(join(work, "host-key.pub")) : "",
    certificate: tls?.cert ?? "",
    async stop() {
      process.removeListener("exit", clean);
      const gone = new Promise((resolve) => child.once("exit", resolve));
      kill();
      if (child.exitCode === null && child.signalCode === null) await gone;
      rmSync(work, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const COMMANDS: Record<ServerName, (setup: Setup) => string[]> = {
  vsftpd(setup) {
    const { work, address, tls, write } = setup;
    mkdirSync(join(work, "empty"));
    const lines = [
      ...["listen=YES", `listen_address=${address}`, "background=NO", "isolate=NO", "isolate_network=NO"],
      ...["seccomp_sandbox=NO", "xferlog_enable=NO", "anonymous_enable=NO", "local_enable=YES"],
      ...["pam_service_name=vsftpd", "chroot_local_user=YES", "allow_writeable_chroot=YES"],
      ...[`secure_chroot_dir=${join(work, "empty")}`, "write_enable=YES", "local_umask=022"],
    ];
    if (tls) {
      // Its built-in list for TLS 1.2 and below, DES-CBC3-SHA, shuts out every client of today that lacks TLS 1.3.
      lines.push(
        "ssl_ciphers=HIGH",
        "ssl_enable=YES",
        "require_ssl_reuse=YES",
        `rsa_cert_file=${write("cert.pem", tls.cert)}`,
      );
      lines.push(`rsa_private_key_file=${write("key.pem", tls.key)}`);
    }
    const config = write("vsftpd.conf", `${lines.join("\n")}\n`);
    return withAccounts(setup, [binaryOf("vsftpd"), config]);
  },
  proftpd({ work, root, address, tls, write }) {
    const lines = [
      `ModulePath ${join(packagesRoot(), "usr", "lib", "proftpd")}`,
      ...["ServerType standalone", `DefaultAddress ${address}`, "Port 21", "SocketBindTight on", "UseIPv6 off"],
      ...["UseReverseDNS off", `User ${ACCOUNT.name}`, `Group ${ACCOUNT.name}`, `PidFile ${join(work, "pid")}`],
      ...[`ScoreboardFile ${join(work, "scoreboard")}`, "DelayEngine off", "WtmpLog off", "SystemLog none"],
      ...["TransferLog none", "AuthOrder mod_auth_file.c", `AuthUserFile ${write("passwd", virtualUser(root))}`],
      ...["RequireValidShell off", "DefaultRoot ~", "Umask 022 022", "AllowOverwrite on", "AllowStoreRestart on"],
    ];
    if (tls) {
      lines.push("LoadModule mod_tls.c", "TLSEngine on", "TLSRequired on");
      lines.push(`TLSECCertificateFile ${write("cert.pem", tls.cert)}`);
      lines.push(`TLSECCertificateKeyFile ${write("key.pem", tls.key)}`);
    }
    const config = write("proftpd.conf", `${lines.join("\n")}\n`);
    return [binaryOf("proftpd"), "--nodaemon", "--quiet", "--config", config];
  },
  "pure-ftpd"({ work, root, address, tls, write }) {
    const { id } = ACCOUNT;
    const users = write("passwd", `${USER}:${passwordHash()}:${id}:${id}::${root}/./${":".repeat(13)}\n`);
    const database = join(work, "users.pdb");
    const purePw = join(packagesRoot(), "usr", "bin", "pure-pw");
    execFileSync(purePw, ["mkdb", database, "-f", users], { env: packageEnvironment() });
    return [
      ...[binaryOf("pure-ftpd"), "--bind", `${address},21`, "--login", `puredb:${database}`, "--noanonymous"],
      ...["--chrooteveryone", "--dontresolve", "--minuid", "1", "--umask", "133:022"],
      ...["--pidfile", join(work, "pid"), "--syslogfacility", "none"],
      ...(tls ? ["--tls", "3", "--certfile", write("both.pem", tls.cert + tls.key)] : []),
    ];
  },
  openssh(setup) {
    const { work, address, write } = setup;
    for (const name of ["host-key", "user-key"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(work, name)]);
    }
    const lines = [
      ...[`ListenAddress ${address}`, "Port 22", `HostKey ${join(work, "host-key")}`, "UsePAM no", "UseDNS no"],
      ...["StrictModes no", `AuthorizedKeysFile ${join(work, "authorized")}`, "PasswordAuthentication no"],
      ...["Subsystem sftp internal-sftp", "ForceCommand internal-sftp", "PidFile none"],
    ];
    write("authorized", readFileSync(join(work, "user-key.pub"), "utf8"));
    // Read as the user who logs in.
    execFileSync("chmod", ["644", join(work, "authorized")]);
    return withAccounts(setup, [binaryOf("sshd"), "-D", "-e", "-f", write("sshd_config", `${lines.join("\n")}\n`)]);
  },
};

const virtualUser = (root: string): string =>
  `${USER}:${passwordHash()}:${ACCOUNT.id}:${ACCOUNT.id}::${root}:/bin/false\n`;

/** Debian's own kind of hash, SHA-512 of 5,000 rounds. */
function passwordHash(): string {
  return execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: `${PASSWORD}\n`, encoding: "utf8" }).trim();
}

/** Wraps a command: in a mount namespace of its own it finds accounts in /etc that this machine does not have. */
function withAccounts({ work, root, write }: Setup, command: string[]): string[] {
  const etc = join(work, "etc");
  mkdirSync(join(etc, "pam.d"), { recursive: true });
  const accounts = [
    `${USER}:x:${ACCOUNT.id}:${ACCOUNT.id}::${root}:/bin/sh`,
    // The account that OpenSSH gives its rights up to.
    `sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin`,
  ];
  write("etc/passwd", `${readFileSync("/etc/passwd", "utf8")}${accounts.join("\n")}\n`);
  execFileSync("chmod", ["644", join(etc, "passwd")]);
  write("etc/shadow", `${USER}:${passwordHash()}:20000:0:99999:7:::\n`);
  write("etc/pam.d/vsftpd", "auth required pam_unix.so\naccount required pam_permit.so\n");
  const script =
    'for name in passwd shadow pam.d; do mount --bind "$0/$name" "/etc/$name"; done; ' +
    'mount -t tmpfs run /run; mkdir -m 755 /run/sshd; exec "$@"';
  return ["unshare", "--mount", "sh", "-ec", script, etc, ...command];
}

function fingerprint(publicKeyFile: string): string {
  return execFileSync("ssh-keygen", ["-l", "-f", publicKeyFile], { encoding: "utf8" }).split(" ")[1] ?? "";
}

/** Whether a process of its network namespace listens on the port (proc(5): 0A is TCP_LISTEN). */
function listens(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  try {
    return new RegExp(`: [0-9A-F]{8}:${hex} [0-9A-F:]+ 0A `).test(readFileSync(`/proc/${pid}/net/tcp`, "latin1"));
  } catch {
    return false;
  }
}

/**
 * Starts ProFTPD 1.3.8 as an SFTP server (its mod_sftp) for tests: the most common one on shared hosts besides OpenSSH,
 * and written independently. It locks its one user in; "/" is `root`.
 */
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { binaryOf, packagesRoot } from "./debian-package.ts";
import { ACCOUNT_ID, createKeyPair, fingerprintOf, giveAway, hashPassword, type SshDaemon, USER } from "./openssh.ts";

export async function startProftpdSftp(options: {
  readonly root: string;
  readonly password: string;
}): Promise<SshDaemon> {
  const { root, password } = options;
  giveAway(root);
  const hostKey = createKeyPair("ecdsa");
  const daemon = await startDaemon("proftpd", (place) => {
    const account = [USER, hashPassword(password), ACCOUNT_ID, ACCOUNT_ID, "", root, "/bin/false"].join(":");
    const settings = [
      ["ModulePath", join(packagesRoot(), "usr", "lib", "proftpd")],
      ["LoadModule", "mod_sftp.c"],
      ["SFTPEngine", "on"],
      ["SFTPHostKey", place.write("host-key", hostKey.private)],
      ["SFTPAuthMethods", "password"],
      ["ServerType", "standalone"],
      ["DefaultAddress", "127.0.0.1"],
      ["Port", place.port],
      ["SocketBindTight", "on"],
      ["UseIPv6", "off"],
      ["UseReverseDNS", "off"],
      ["User", "daemon"],
      ["Group", "daemon"],
      ["PidFile", join(place.folder, "pid")],
      ["ScoreboardFile", join(place.folder, "scoreboard")],
      ["DelayEngine", "off"],
      ["WtmpLog", "off"],
      ["SystemLog", "none"],
      ["TransferLog", "none"],
      ["AuthOrder", "mod_auth_file.c"],
      ["AuthUserFile", place.write("passwd", `${account}\n`)],
      ["RequireValidShell", "off"],
      ["DefaultRoot", "~"],
      ["Umask", "022 022"],
      ["AllowOverwrite", "on"],
    ];
    const file = place.write("proftpd.conf", settings.map((setting) => `${setting.join(" ")}\n`).join(""));
    return [binaryOf("proftpd"), "--nodaemon", "--quiet", "--config", file];
  });
  return { ...daemon, user: USER, fingerprints: [fingerprintOf(hostKey.public)] };
}

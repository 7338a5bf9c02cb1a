/** The programs that publish, as command lines: Slipway and its peers, each told to do the same to the same server. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache-folder.ts";
import type { Protocol, Server } from "./servers.ts";

export type Command = { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> };

export type Peer = {
  readonly protocols: readonly Protocol[];
  /** Publishes `folder`, removing what an earlier build of it had and this one has not. */
  publish(server: Server, folder: string): Command;
  /** Puts on an empty host what the peer cannot do without there. */
  prepare?(server: Server): void;
};

const FTP_DEPLOY_RECORD = ".ftp-deploy-sync-state.json";
const VERSIONS = ["@samkirkland/ftp-deploy@1.2.5", "ssh2-sftp-client@12.1.1"];
const file = (name: string): string => new URL(name, import.meta.url).pathname;

/** Installs the peers that come from npm, into a folder outside the repository. */
export function installPeers(): void {
  const folder = join(cacheFolder(), "peers");
  if (existsSync(join(folder, "node_modules", "ssh2-sftp-client"))) return;
  mkdirSync(folder, { recursive: true });
  // Without install scripts ssh2 is pure JavaScript, as in Slipway.
  const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", ...VERSIONS];
  execFileSync("npm", args, { stdio: "inherit" });
}

function script(name: string, server: Server, folder: string): Command {
  const { protocol, host, port, user, password, keyFile } = server;
  const options = { protocol, host, port, user, password, keyFile, folder, modules: join(cacheFolder(), "peers", "x") };
  return { command: [process.execPath, file(name)], env: { OPTIONS: JSON.stringify(options) } };
}

function lftp(connections: number): Peer {
  return {
    protocols: ["ftp", "ftps", "sftp"],
    publish({ protocol, host, port, user, password, keyFile }, folder) {
      const ssh = `ssh -a -x -i ${keyFile} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
      const script = [
        // Without these a failure takes hours.
        "set net:max-retries 3; set net:timeout 20; set net:reconnect-interval-base 1",
        "set ssl:verify-certificate no",
        // Spares it the question where the answer is known.
        protocol === "ftps" ? "set ftp:ssl-force yes; set ftp:ssl-protect-data yes" : "set ftp:ssl-allow no",
        `set sftp:connect-program "${ssh}"`,
        `open --user ${user} --env-password ${protocol === "sftp" ? "sftp" : "ftp"}://${host}:${port}`,
        // The account lands in the folder that is served; with SFTP that is not "/".
        `mirror -R --parallel=${connections} --only-newer --delete ${folder} .`,
      ];
      return { command: ["lftp", "-c", script.join("; ")], env: { LFTP_PASSWORD: password } };
    },
  };
}

const rclone: Peer = {
  protocols: ["ftp", "ftps", "sftp"],
  publish({ protocol, name, host, port, user, password, keyFile }, folder) {
    const settings: Record<string, string> = {
      type: protocol === "sftp" ? "sftp" : "ftp",
      host,
      user,
      port: String(port),
    };
    if (protocol === "sftp") Object.assign(settings, { key_file: keyFile, shell_type: "none" });
    else settings.pass = execFileSync("rclone", ["obscure", password], { encoding: "utf8" }).trim();
    // It has no MFMT. Without a way to set times rclone would go by sizes, and miss what changed at the same size.
    if (name === "vsftpd") settings.writing_mdtm = "true";
    if (protocol === "ftps") {
      // With TLS 1.3 its sessions are not resumed and the server refuses: every transfer fails.
      Object.assign(settings, { explicit_tls: "true", no_check_certificate: "true", disable_tls13: "true" });
    }
    const env = Object.entries(settings).map(([name, value]) => [`RCLONE_CONFIG_HOST_${name.toUpperCase()}`, value]);
    const command = ["rclone", "sync", "--transfers", "8", "--retries", "1", "--config", "/dev/null", folder, "host:"];
    return { command, env: Object.fromEntries(env) };
  },
};

function slipway(options: readonly string[]): Peer {
  return {
    protocols: ["ftp", "ftps", "sftp"],
    publish({ protocol, host, port, user, password, work, keyFile, hostKey }, folder) {
      const main = process.env.SLIPWAY_MAIN || file("../../dist/main.js");
      // SFTP paths are the account's own; FTP's "/" is the folder that is served. Both land there.
      const command = [process.execPath, main, "publish", folder, "--to", `${protocol}://${user}@${host}:${port}/`];
      const state = ["--state", join(work, "state"), "--keep-assets", "0"];
      const trust = {
        ftp: ["--plain"],
        ftps: ["--insecure"],
        sftp: ["--key", keyFile, "--host-key", hostKey],
      };
      return {
        command: [...command, ...state, ...trust[protocol], ...options],
        env: protocol === "sftp" ? {} : { SLIPWAY_PASSWORD: password },
      };
    },
  };
}

export const PEERS: Readonly<Record<string, Peer>> = {
  slipway: slipway([]),
  slipway8: slipway(["--connections", "8"]),
  "ftp-deploy": {
    protocols: ["ftp", "ftps"],
    publish: (server, folder) => script("run-ftp-deploy.ts", server, folder),
    // On ProFTPD it takes the missing record of an earlier publish for a broken connection, and ends.
    prepare({ name, root }) {
      if (name !== "proftpd") return;
      const record = { description: "", version: "1.0.0", generatedTime: 0, data: [] };
      writeFileSync(join(root, FTP_DEPLOY_RECORD), JSON.stringify(record));
      chmodSync(join(root, FTP_DEPLOY_RECORD), 0o666);
    },
  },
  lftp8: lftp(8),
  lftp1: lftp(1),
  rclone8: rclone,
  // Sends everything each time and removes nothing: its C2 cannot come out right.
  "ssh2-sftp-client": {
    protocols: ["sftp"],
    publish: (server, folder) => script("run-ssh2-sftp-client.ts", server, folder),
  },
};

/** Files that publishers leave for themselves, on the host or beside the site. */
export const isOwnFile = (path: string): boolean =>
  path === FTP_DEPLOY_RECORD || path === ".slipway" || path.startsWith(".slipway/");

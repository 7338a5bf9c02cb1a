/** The parts of this machine that a build sees besides its own folders: programs to run, and nothing that is private. */
import { lstatSync, readlinkSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Environment } from "../process/environment.ts";

/** The user that a build is inside, where Slipway is an ordinary user. */
export const INSIDE_ID = 1000;

/** Since the merge of /usr these are links on most systems, and folders on others (Alpine). */
const PROGRAM_FOLDERS = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/**
 * What programs look up under /etc, and nothing with a key or password in it: of /etc/ssl and /etc/pki only
 * certificates and settings. Those that a system lacks are left out.
 */
const ETC = [
  ...["alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "fonts", "ld.so.cache"],
  ...["ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "pki/ca-trust/extracted", "pki/tls/cert.pem"],
  ...["pki/tls/certs", "pki/tls/openssl.cnf", "protocols", "services", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf"],
  ...["timezone"],
];

/** bubblewrap's arguments for the machine's own programs. */
export function systemArguments(): readonly string[] {
  const folders = PROGRAM_FOLDERS.flatMap((path) => {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (!entry) return [];
    return entry.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
  });
  return [
    "--ro-bind",
    "/usr",
    "/usr",
    ...folders,
    ...ETC.flatMap((name) => [...parents(`/etc/${name}`), "--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
  ];
}

/** Empty folders above one that is shown; those that bubblewrap makes by itself are closed to other users. */
export function parents(path: string): readonly string[] {
  const above: string[] = [];
  for (let folder = dirname(resolve(path)); folder !== "/"; folder = dirname(folder)) above.unshift("--dir", folder);
  return above;
}

/** Files that the operator's own environment names for builds: certificates, and npm's configuration. */
const NAMED_FILES = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|npm_config_(cafile|userconfig|globalconfig))$/i;

/** `env` is the worker's: a repository may set variables of its builds, but opens no file of this machine by that. */
function namedFiles(env: Environment): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value?.startsWith("/") && NAMED_FILES.test(name) ? [resolve(value)] : [],
  );
}

export type OwnFiles = {
  readonly folder: string;
  /** bubblewrap's arguments that show them. */
  readonly args: readonly string[];
  remove(): Promise<void>;
};

export type OwnFilesOptions = {
  readonly dataDir: string;
  readonly site: string;
  /** Id of the user inside, and null where it is Slipway's own under another number. */
  readonly owner: number | null;
  readonly nameserver: string;
  /** Address of each name, besides localhost. */
  readonly names: ReadonlyMap<string, string>;
  /** The worker's environment. */
  readonly env: Environment;
};

/** Writes the files that the sandbox has of its own: some of /etc, and copies of those that the operator named. */
export async function writeOwnFiles(options: OwnFilesOptions): Promise<OwnFiles> {
  const { owner } = options;
  const folder = await makeFolder(join(resolve(options.dataDir), "sandbox"), options.site);
  const args: string[] = [];
  for (const [name, text] of Object.entries(await etcFiles(options))) {
    await writeFile(join(folder, name), text, { mode: 0o644 });
    args.push("--ro-bind", join(folder, name), `/etc/${name}`);
  }
  for (const [index, path] of namedFiles(options.env).entries()) {
    const copy = join(folder, `named-${index}`);
    const isCopied = await copyFile(path, copy).then(
      () => true,
      // A folder is shown itself; what cannot be read here is no file for builds either.
      () => false,
    );
    if (isCopied) {
      await chmod(copy, 0o400);
      if (owner !== null) await chown(copy, owner, owner);
    }
    args.push("--ro-bind-try", isCopied ? copy : path, path);
  }
  return { folder, args, remove: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * A folder for one opening of a site's sandbox, since the status page may open one while a deployment builds. Folders
 * of processes that were killed are removed.
 */
async function makeFolder(above: string, site: string): Promise<string> {
  await mkdir(above, { recursive: true, mode: 0o700 });
  for (const name of await readdir(above)) {
    const [, pid] = /\.(\d+)-\w+$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(above, name), { recursive: true, force: true });
  }
  return mkdtemp(join(above, `${site}.${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function etcFiles({ owner, nameserver, names }: OwnFilesOptions): Promise<Record<string, string>> {
  // Short names of a company's hosts are only found with its search list: resolv.conf(5).
  const search = /^\s*search\s.+$/m.exec(await readFile("/etc/resolv.conf", "utf8").catch(() => ""))?.[0] ?? "";
  const id = owner ?? INSIDE_ID;
  const hosts = [
    "127.0.0.1 localhost",
    "::1 localhost",
    "127.0.0.1 slipway",
    ...[...names].map(([name, at]) => `${at} ${name}`),
  ];
  return {
    passwd: `root:x:0:0:root:/nonexistent:/bin/false\nbuild:x:${id}:${id}:build:/tmp:/bin/sh\n`,
    group: `root:x:0:\nbuild:x:${id}:\n`,
    // The host's own may ask services that are not inside: nsswitch.conf(5).
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "resolv.conf": `nameserver ${nameserver}\n${search.trim()}\n`,
    hosts: `${hosts.join("\n")}\n`,
  };
}

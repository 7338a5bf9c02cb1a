/** From the options of `slipway publish` to a target with its secrets. */
import { readFile, realpath } from "node:fs/promises";
import { sep } from "node:path";
import { parseTarget, type TargetAddress } from "../config/target.ts";
import { describeError, OperatorError } from "../errors.ts";
import type { Target } from "../publishers/publisher.ts";
import type { PublishArguments } from "./publish-arguments.ts";
import { readPassphrase, readPassword, type Terminal } from "./read-password.ts";
import { UsageError } from "./usage-error.ts";

/** The key of the target: what errors about it begin with. */
const TARGET_KEY = "--to";

/** Options that belong to some protocols only. */
const BELONGS_TO: ReadonlyArray<readonly [keyof PublishArguments, string, readonly string[]]> = [
  ["plain", "--plain", ["ftp"]],
  ["ca", "--ca", ["ftps"]],
  ["fingerprint", "--fingerprint", ["ftps"]],
  ["insecure", "--insecure", ["ftps"]],
  ["key", "--key", ["sftp"]],
  ["agent", "--agent", ["sftp"]],
  ["hostKey", "--host-key", ["sftp"]],
  ["acceptNewHostKey", "--accept-new-host-key", ["sftp"]],
  ["passwordFile", "--password-file", ["ftp", "ftps", "sftp"]],
  ["connections", "--connections", ["ftp", "ftps", "sftp"]],
];

/** The address in `--to`, once all options agree with it. Throws UsageError. */
export function readAddress(given: PublishArguments): TargetAddress {
  // The value is not repeated: it may hold a password.
  if (URL.parse(given.to)?.password) {
    throw new UsageError(
      `${TARGET_KEY}: carries a password, which others on this machine can see; remove it, set SLIPWAY_PASSWORD instead, and change it if others could have seen it`,
    );
  }
  const address = parseTarget(given.to);
  if (typeof address === "string") throw new UsageError(`${TARGET_KEY}: ${address}`);
  const { protocol } = address;
  for (const [name, option, protocols] of BELONGS_TO) {
    const isGiven = given[name] !== null && given[name] !== false;
    if (isGiven && !protocols.includes(protocol)) {
      throw new UsageError(`${option}: belongs to ${protocols.join(", ")}, not to ${protocol}:`);
    }
  }
  if (protocol === "ftp" && !given.plain) {
    throw new UsageError(
      `${TARGET_KEY}: ftp:// sends the password unencrypted; write ftps://, which most hosts offer on the same port, or add --plain if you accept that`,
    );
  }
  if (given.insecure && (given.ca !== null || given.fingerprint !== null)) {
    throw new UsageError("--insecure: accepts any certificate, so --ca and --fingerprint would have no effect");
  }
  if (given.hostKey !== null && given.acceptNewHostKey) {
    throw new UsageError("--host-key and --accept-new-host-key: one says which key to trust, the other trusts any");
  }
  if (given.strategy === "symlink" && protocol !== "sftp" && protocol !== "dir") {
    throw new UsageError(`--strategy: symlink needs sftp or dir; ${protocol} has no links`);
  }
  return address;
}

export type SecretSources = { readonly env: NodeJS.ProcessEnv; readonly terminal: Terminal };

/** The target with its secrets. Throws UsageError when one is missing, OperatorError when a file cannot be read. */
export async function resolveTarget(
  address: TargetAddress,
  given: PublishArguments,
  { env, terminal }: SecretSources,
): Promise<Target> {
  const { protocol } = address;
  if (protocol === "dir") {
    await refuseOverlap(given.folder, address.folder);
    return { ...address, key: TARGET_KEY };
  }
  const shared = { connections: given.connections, key: TARGET_KEY };
  const password = () =>
    readPassword({
      ...{ env, terminal },
      file: given.passwordFile,
      question: `Password of ${address.user}@${address.host}`,
    });
  if (protocol === "sftp") {
    const privateKey = given.key === null ? env.SLIPWAY_PRIVATE_KEY || null : await readGiven("--key", given.key);
    const agent = given.agent ? agentSocket(env) : null;
    const hasOther = privateKey !== null || agent !== null;
    const isPasswordGiven = given.passwordFile !== null || Boolean(env.SLIPWAY_PASSWORD);
    return {
      ...{ ...address, ...shared, privateKey, agent },
      password: hasOther && !isPasswordGiven ? null : await password(),
      passphrase:
        privateKey !== null && isEncrypted(privateKey)
          ? await readPassphrase(env, terminal, given.key ?? "SLIPWAY_PRIVATE_KEY")
          : null,
      hostKey: given.hostKey,
      acceptNewHostKey: given.acceptNewHostKey,
    };
  }
  return {
    ...{ ...address, ...shared },
    ca: given.ca === null ? null : await readGiven("--ca", given.ca),
    fingerprint: given.fingerprint,
    insecure: given.insecure,
    password: await password(),
  };
}

/** What must never be shown of a target. */
export function secretsOf(target: Target): string[] {
  if (target.protocol === "dir") return [];
  const key = target.protocol === "sftp" ? [target.passphrase] : [];
  return [target.password, ...key].filter((value) => value !== null);
}

/** The message of an error about a target's setting, with the option ("--keep") in place of the key ("--to.keep"). */
export function nameOption({ key, message }: OperatorError): string {
  if (!key.startsWith(`${TARGET_KEY}.`)) return message;
  const setting = key.slice(TARGET_KEY.length + 1);
  const option = setting === "publish" ? TARGET_KEY : `--${setting.replace(/[A-Z]/g, (it) => `-${it.toLowerCase()}`)}`;
  return `${option}${message.slice(key.length)}`;
}

function agentSocket(env: NodeJS.ProcessEnv): string {
  if (!env.SSH_AUTH_SOCK) throw new UsageError("--agent: SSH_AUTH_SOCK is not set, so there is no SSH agent to ask");
  return env.SSH_AUTH_SOCK;
}

async function readGiven(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new OperatorError(option, `cannot be read (${describeError(cause)})`, { cause });
  }
}

/** Publishing a folder into itself would publish what was published, again and again. */
async function refuseOverlap(folder: string, target: string): Promise<void> {
  const [from, to] = await Promise.all([folder, target].map((path) => realpath(path).catch(() => undefined)));
  if (from === undefined || to === undefined) return;
  if (`${to}${sep}`.startsWith(`${from}${sep}`)) throw new UsageError(`${TARGET_KEY}: lies in the folder to publish`);
}

/**
 * Whether a private key needs a passphrase. OpenSSH's form names its cipher after the word "openssh-key-v1" (openssh
 * PROTOCOL.key), PEM says so in a header (RFC 1421 section 4.6.1.1) or in its label (RFC 7468 section 11), PuTTY in a
 * line of its own.
 */
export function isEncrypted(privateKey: string): boolean {
  const openssh = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(privateKey)?.[1];
  if (openssh === undefined) {
    return /^Proc-Type: 4,ENCRYPTED|-----BEGIN ENCRYPTED PRIVATE KEY-----|^Encryption: (?!none)/m.test(privateKey);
  }
  const bytes = Buffer.from(openssh, "base64");
  const at = "openssh-key-v1\0".length;
  return bytes.length > at + 4 && bytes.toString("latin1", at + 4, at + 4 + bytes.readUInt32BE(at)) !== "none";
}

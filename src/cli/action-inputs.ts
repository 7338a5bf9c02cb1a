/**
 * The inputs of the GitHub Action (action.yml) as arguments of a publish. Those of FTP-Deploy-Action 4 mean the same
 * here, so that switching is a change of `uses:`; where something safer is better, the action says so.
 */
import {
  DEFAULT_TIMEOUT_MS,
  type PublishArguments,
  readCount,
  readDuration,
  readFingerprint,
  readHostKey,
  readSiteUrl,
  readStrategy,
} from "./publish-arguments.ts";
import { UsageError } from "./usage-error.ts";

/** Every input that is read; action.yml declares the same. */
export const ACTION_INPUTS = [
  ...["to", "server", "username", "password", "port", "protocol", "local-dir", "server-dir", "dry-run", "exclude"],
  ...["log-level", "security", "timeout", "state-name", "dangerous-clean-slate"],
  ...["keep", "keep-assets", "adopt", "allow-removals", "strategy", "site-url", "connections", "state"],
  ...["ca", "fingerprint", "private-key", "passphrase", "host-key", "accept-new-host-key"],
] as const;

export type ActionPublish = {
  readonly given: PublishArguments;
  /** The environment with the secrets where `slipway publish` looks for them. */
  readonly env: NodeJS.ProcessEnv;
  /** Sentences about inputs that are understood but not followed as given. */
  readonly warnings: readonly string[];
};

type Read = (name: string) => string;

/** Reads the inputs from the environment where the runner puts them. Throws UsageError, naming the input. */
export function readActionInputs(env: NodeJS.ProcessEnv): ActionPublish {
  // GitHub Docs, "Metadata syntax for GitHub Actions", inputs: upper case, spaces as underscores, dashes stay.
  const read: Read = (name) => (env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
  const optional = <T>(name: string, how: (name: string, text: string) => T): T | null =>
    read(name) === "" ? null : how(name, read(name));
  const text = (name: string) => optional(name, (_, value) => value);
  const { to, isPlain, warnings } = readTarget(read);
  if (isTrue(read, "dangerous-clean-slate")) {
    throw new UsageError("dangerous-clean-slate: Slipway removes what it put there itself and never empties a folder");
  }
  if (read("state-name") !== "")
    warnings.push("state-name has no effect: Slipway keeps its record outside of the site.");
  const isMillis = /^\d+$/.test(read("timeout"));
  if (isMillis) warnings.push("timeout has no effect as a number; write the limit of the whole publish as 30m or 2h.");
  return {
    given: {
      folder: read("local-dir") || ".",
      to,
      keep: lines(read("keep")),
      exclude: lines(read("exclude")),
      dryRun: isTrue(read, "dry-run"),
      json: false,
      quiet: read("log-level") === "minimal",
      connections: optional("connections", (name, value) => readCount(name, value, 1)),
      keepAssets: optional("keep-assets", (name, value) => readCount(name, value, 0)),
      plain: isPlain,
      insecure: read("security") === "loose" && to.startsWith("ftps:"),
      ca: text("ca"),
      fingerprint: optional("fingerprint", readFingerprint),
      key: null,
      agent: false,
      hostKey: optional("host-key", readHostKey),
      acceptNewHostKey: isTrue(read, "accept-new-host-key"),
      adopt: isTrue(read, "adopt"),
      allowRemovals: isTrue(read, "allow-removals"),
      strategy: optional("strategy", readStrategy) ?? "rename",
      siteUrl: optional("site-url", readSiteUrl),
      state: text("state"),
      passwordFile: null,
      timeoutMs: (isMillis ? null : optional("timeout", readDuration)) ?? DEFAULT_TIMEOUT_MS,
    },
    env: { ...env, ...secretsFrom(env) },
    warnings,
  };
}

/** As they were given: a password may well begin with a space. */
function secretsFrom(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secrets = {
    SLIPWAY_PASSWORD: env.INPUT_PASSWORD,
    SLIPWAY_PRIVATE_KEY: env["INPUT_PRIVATE-KEY"],
    SLIPWAY_KEY_PASSPHRASE: env.INPUT_PASSPHRASE,
  };
  return Object.fromEntries(Object.entries(secrets).filter(([, value]) => value));
}

function readTarget(read: Read): { to: string; isPlain: boolean; warnings: string[] } {
  const to = read("to");
  if (to !== "") {
    if (read("server") !== "") throw new UsageError("to and server: both say where to publish; keep one of them");
    return { to, isPlain: to.startsWith("ftp:"), warnings: to.startsWith("ftp:") ? [UNENCRYPTED] : [] };
  }
  const protocol = read("protocol") || "ftps";
  if (!["ftp", "ftps", "ftps-legacy", "sftp"].includes(protocol)) {
    throw new UsageError("protocol: is none of ftps, ftps-legacy, sftp, ftp");
  }
  const server = read("server");
  if (!/^([\p{L}\p{N}._-]+|\[[0-9a-f:.]+\])$/iu.test(server)) {
    throw new UsageError(server === "" ? "to: is missing; or set server and username" : "server: is no host name");
  }
  const port = read("port") === "" ? "" : `:${readCount("port", read("port"), 1)}`;
  const folder = read("server-dir")
    .replace(/^\.?\/*/, "")
    .replace(/\/+$/, "");
  const path = folder.split("/").map(encodeURIComponent).join("/");
  const scheme = protocol === "ftps-legacy" ? "ftps" : protocol;
  return {
    to: `${scheme}://${encodeURIComponent(read("username"))}@${server}${port}/${path}${protocol === "ftps-legacy" ? "?implicit" : ""}`,
    isPlain: protocol === "ftp",
    warnings: protocol === "ftp" ? [UNENCRYPTED] : [],
  };
}

const UNENCRYPTED = "ftp sends the password unencrypted; most hosts offer ftps on the same port.";

/** The spellings of YAML 1.2's core schema, as actions/toolkit reads them. */
function isTrue(read: Read, name: string): boolean {
  const value = read(name);
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (/^(false|False|FALSE|)$/.test(value)) return false;
  throw new UsageError(`${name}: is neither true nor false`);
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

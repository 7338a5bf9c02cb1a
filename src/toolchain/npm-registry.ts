/** Asks the npm registry, by the machine's own npm: it knows the operator's registry, proxy and certificates, and checks what arrives. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { PermanentError, RetryLaterError } from "../errors.ts";
import { type Environment, pick, safePath } from "../process/environment.ts";
import { CommandError, type ProcessControl, runCommand } from "../process/run-command.ts";
import type { SystemNpm } from "./system-npm.ts";

/** A published version, and the Node that it runs on. */
export type PublishedVersion = { readonly version: string; readonly engines: string | null };

export type NpmRegistry = {
  /** All versions that are no prereleases. Throws PermanentError when there is no such package. */
  versions(name: string): Promise<PublishedVersion[]>;
  /** Unpacks the package, with what it depends on, to `prefix/lib/node_modules/NAME`. No script of a package runs. */
  install(name: string, version: string, prefix: string): Promise<void>;
};

export type NpmRegistryOptions = ProcessControl & {
  readonly env: Environment;
  /** Null runs the `npm` of PATH, such as a version manager's. */
  readonly npm: SystemNpm | null;
  /** Holds a temporary folder while npm runs. */
  readonly folder: string;
};

const VIEW_TIMEOUT_MS = 60_000;
/** Node has 40 MB. */
const INSTALL_TIMEOUT_MS = 15 * 60_000;

export function openNpmRegistry(options: NpmRegistryOptions): NpmRegistry {
  return {
    async versions(name) {
      // npm takes "*" for the tag `latest`, which is one version; and it prints plain text where the first version has
      // one of the fields alone, so two that all have are asked for.
      const output = await runNpm(options, VIEW_TIMEOUT_MS, ["view", `${name}@>=0`, "name", "version", "engines.node"]);
      return readVersions(output, name);
    },
    async install(name, version, prefix) {
      await runNpm(options, INSTALL_TIMEOUT_MS, ["install", "--global", "--prefix", prefix, `${name}@${version}`]);
    },
  };
}

/** `--ignore-scripts`: some tools bring scripts that other releases than the wanted one would be fetched by. */
const ALWAYS = ["--json", "--loglevel=error", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];

/** By itself npm would wait for 10 seconds and then for a minute; whoever asks tries again as well. In milliseconds. */
const RETRIES = {
  npm_config_fetch_retries: "1",
  npm_config_fetch_retry_mintimeout: "1000",
  npm_config_fetch_retry_maxtimeout: "1000",
};

/** What npm printed. Throws PermanentError when there is no such package or version, RetryLaterError when it was not reached. */
async function runNpm(options: NpmRegistryOptions, timeoutMs: number, args: readonly string[]): Promise<string> {
  const { npm, env, folder, signal, gone, onGroup } = options;
  // npm's cache, too: what is unpacked is kept, so its archives need not be.
  const scratch = await mkdtemp(join(folder, "new-"));
  const program = npm === null ? ["npm"] : [process.execPath, join(npm.folder, "bin/npm-cli.js")];
  const printed: string[] = [];
  const complaints: string[] = [];
  try {
    await runCommand({
      ...{ signal, gone, onGroup, timeoutMs, idleTimeoutMs: null, secrets: [] },
      // Another user, who runs the builds, has to be able to read what is unpacked.
      command: { file: "/bin/sh", args: ["-c", 'umask 022 && exec "$@"', "sh", ...program, ...args, ...ALWAYS] },
      cwd: scratch,
      env: {
        ...RETRIES,
        ...pick(env, () => true),
        PATH: safePath(env.PATH),
        npm_config_cache: join(scratch, "cache"),
      },
      onOutput: (text, from) => (from === "stdout" ? printed : complaints).push(text),
    });
  } catch (error) {
    if (error instanceof CommandError) throw registryError(error, printed.join("\n"), complaints);
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return printed.join("\n");
}

const errorSchema = z.object({ error: z.object({ code: z.string().nullish(), summary: z.string().nullish() }) });
/** No such package; no such version. */
const NOT_THERE = ["E404", "ETARGET", "ENOVERSIONS"];
const NOT_REACHED =
  /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ERR_SOCKET_TIMEOUT|FETCH_ERROR|E429|E5\d\d)$/;

function registryError(error: CommandError, printed: string, complaints: readonly string[]): Error {
  // POSIX sh: 127 is a program that was not found.
  if (error.exitCode === 127)
    return new PermanentError("npm is not installed on this server, so no other version of a tool can be had");
  const { code, summary } = readJson(printed, errorSchema)?.error ?? {};
  const said = (summary ?? complaints.at(-1) ?? error.message).slice(0, 300);
  if (code && NOT_THERE.includes(code)) return new PermanentError(`the npm registry does not have it (${said})`);
  if (code && NOT_REACHED.test(code)) {
    return new RetryLaterError(null, `the npm registry was not reached (${said})`, { cause: error });
  }
  if (error.why === "timeout") return new RetryLaterError(null, "the npm registry did not answer", { cause: error });
  return new Error(`npm failed (${said})`, { cause: error });
}

const versionSchema = z.object({ version: z.string(), "engines.node": z.string().optional().catch(undefined) });
/** npm prints one version as itself, several as a list. */
const versionsSchema = z.union([z.array(versionSchema), versionSchema.transform((one) => [one])]);

function readVersions(output: string, name: string): PublishedVersion[] {
  const read = readJson(output, versionsSchema);
  if (read === null) throw new Error(`npm view ${name} printed something else than versions`);
  return read.map(({ version, "engines.node": engines = null }) => ({ version, engines }));
}

function readJson<T>(text: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Reads what every command needs: the environment and slipway.yaml. Problems of both are told together. */
import { resolve } from "node:path";
import { loadConfig } from "../config/load-config.ts";
import { type Environment, loadEnvironment } from "../config/load-environment.ts";
import { ConfigurationError } from "../config/problem.ts";
import { hasReferences, resolveEnvironment } from "../config/resolve-environment.ts";
import type { Config } from "../config/schema.ts";
import { wantedSecrets } from "../config/secret-references.ts";
import { OperatorError } from "../errors.ts";
import { createLog, type Log } from "../log.ts";
import { createSecretKeeper, type SecretKeeper } from "../secrets/secret-keeper.ts";
import { resolveSecret } from "../secrets/secret-reference.ts";

/** What is noticed by commands that need secrets for a moment is nothing for a log. */
const SILENT = createLog({ level: "silent", pretty: false });

export type Settings = { readonly environment: Environment; readonly config: Config };

/**
 * Throws SettingsError; both files' problems in one message where both have some. Of the secrets that slipway.yaml names
 * those in variables and files are looked at; what Vault and helpers have is asked for where it is used. With `waitingLog`
 * a Vault that is away is waited for, for a while, which is said there.
 */
export async function loadSettings(
  env: NodeJS.ProcessEnv,
  { waitingLog }: { readonly waitingLog?: Log } = {},
): Promise<Settings> {
  const failures: ConfigurationError[] = [];
  const attempt = async <T>(load: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      failures.push(error);
      return undefined;
    }
  };
  const path = configPathOf(env);
  const config = await attempt(() => loadConfig(path));
  const environment = await attempt(() => loadWholeEnvironment(env, config ?? null, waitingLog));
  if (config) await attempt(() => checkLocalSecrets(path, config, env));
  if (!environment || !config || failures.length > 0) throw new SettingsError(failures);
  return { environment, config };
}

/** The same, with every secret looked at, wherever it is. Throws ConfigurationError too. */
export async function checkAllSettings(env: NodeJS.ProcessEnv): Promise<Settings> {
  const settings = await loadSettings(env);
  const tried = wantedSecrets(settings.config).map((it) => ({ ...it, isKept: false }));
  await withKeeper(env, settings.config, (keeper) => keeper.open(tried));
  return settings;
}

/** Where slipway.yaml is: known before the environment is read, since it says how secrets of the environment are found. */
export const configPathOf = (env: NodeJS.ProcessEnv): string => resolve(env.SLIPWAY_CONFIG || "./slipway.yaml");

/** The environment, with its references resolved. `config` says where Vault is. Throws ConfigurationError. */
export async function loadWholeEnvironment(
  env: NodeJS.ProcessEnv,
  config: Config | null,
  waitingLog?: Log,
): Promise<Environment> {
  if (!hasReferences(env)) return loadEnvironment(env);
  const load = async ({ resolve, resolvePatiently }: SecretKeeper) =>
    loadEnvironment(await resolveEnvironment(env, waitingLog ? resolvePatiently : resolve));
  return withKeeper(env, config, load, waitingLog);
}

/** Gives a keeper of secrets to those who need it for a moment. */
export async function withKeeper<T>(
  env: NodeJS.ProcessEnv,
  config: Pick<Config, "vault"> | null,
  work: (keeper: SecretKeeper) => Promise<T>,
  log: Log = SILENT,
): Promise<T> {
  const keeper = createSecretKeeper({ env, vault: config?.vault ?? null, log, now: Date.now });
  try {
    return await work(keeper);
  } finally {
    await keeper.close();
  }
}

/** Throws ConfigurationError for variables and files that are not there. */
function checkLocalSecrets(path: string, config: Config, env: NodeJS.ProcessEnv): void {
  const problems = wantedSecrets(config).flatMap(({ key, reference }) => {
    if (reference.kind === "vault" || reference.kind === "exec") return [];
    try {
      resolveSecret(reference, key, env);
      return [];
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return [{ key, message: error.message.slice(key.length + 2) }];
    }
  });
  if (problems.length > 0) throw new ConfigurationError(path, problems);
}

/** Everything that is wrong with the settings, from every place they come from. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";

  constructor(failures: readonly ConfigurationError[]) {
    super(failures.map((failure) => failure.message).join("\n"));
  }
}

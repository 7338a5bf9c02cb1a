/** Reads what every command needs: the environment and slipway.yaml. Problems of both are told together. */

import { loadConfig } from "../config/load-config.ts";
import { type Environment, loadEnvironment } from "../config/load-environment.ts";
import { ConfigurationError } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { OperatorError } from "../errors.ts";
import { resolveSecret, type SecretReference } from "../secrets/secret-reference.ts";

export type Settings = { readonly environment: Environment; readonly config: Config };

/** Throws ConfigurationError; both files' problems in one message where both have some. */
export function loadSettings(env: NodeJS.ProcessEnv): Settings {
  const failures: ConfigurationError[] = [];
  const attempt = <T>(load: () => T): T | undefined => {
    try {
      return load();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      failures.push(error);
      return undefined;
    }
  };
  const environment = attempt(() => loadEnvironment(env));
  const configPath = environment?.configPath ?? env.SLIPWAY_CONFIG ?? "./slipway.yaml";
  const config = attempt(() => checkedConfig(configPath, env));
  if (!environment || !config) throw new SettingsError(failures);
  return { environment, config };
}

/** The configuration, with every secret that it refers to really there. */
function checkedConfig(path: string, env: NodeJS.ProcessEnv): Config {
  const config = loadConfig(path);
  const problems = secretReferences(config).flatMap(([key, reference]) => {
    try {
      resolveSecret(reference, key, env);
      return [];
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return [{ key, message: error.message.slice(key.length + 2) }];
    }
  });
  if (problems.length > 0) throw new ConfigurationError(path, problems);
  return config;
}

/** Every reference to a secret that the configuration has, with its key. */
export function secretReferences(config: Config): Array<[key: string, reference: SecretReference]> {
  return Object.entries(config.sites).flatMap(([name, site]) => [
    ...(["password", "privateKey", "passphrase"] as const).flatMap((key): Array<[string, SecretReference]> => {
      const reference = site[key];
      return reference === undefined ? [] : [[`sites.${name}.${key}`, reference]];
    }),
    ...Object.entries(site.build.secrets).map(([variable, reference]): [string, SecretReference] => [
      `sites.${name}.build.secrets.${variable}`,
      reference,
    ]),
  ]);
}

/** Everything that is wrong with the settings, from every place they come from. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";

  constructor(failures: readonly ConfigurationError[]) {
    super(failures.map((failure) => failure.message).join("\n"));
  }
}

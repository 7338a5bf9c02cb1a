/** Whether the settings are there, whole and in order, and every secret that they name. */
import { loadConfig } from "../../config/load-config.ts";
import { type Environment, loadEnvironment } from "../../config/load-environment.ts";
import { ConfigurationError } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import { OperatorError } from "../../errors.ts";
import { resolveSecret } from "../../secrets/secret-reference.ts";
import { secretReferences } from "../settings.ts";
import { bad, type Finding, good, note, warning } from "./finding.ts";
import { checkSlackSettings } from "./slack-settings.ts";

export type FoundSettings = {
  readonly findings: readonly Finding[];
  /** Null where it has problems. */
  readonly environment: Environment | null;
  readonly config: Config | null;
};

/** Reads both, each on its own, so that one that is wrong hides nothing of the other. */
export function checkSettings(env: NodeJS.ProcessEnv): FoundSettings {
  const findings: Finding[] = [];
  const attempt = <T>(what: string, load: () => T): T | null => {
    try {
      return load();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      findings.push(...error.problems.map(({ key, message }) => bad(`${what}, ${key}`, message)));
      return null;
    }
  };
  const environment = attempt("environment", () => loadEnvironment(env));
  const path = environment?.configPath ?? env.SLIPWAY_CONFIG ?? "./slipway.yaml";
  const config = attempt("slipway.yaml", () => loadConfig(path));
  if (environment) findings.push(...partners(environment));
  if (config) findings.push(...checkConfig(path, config, env));
  if (environment && config) findings.push(...checkSlackSettings(environment, config));
  return { findings, environment, config };
}

function partners({ githubApp, slack }: Environment): Finding[] {
  return [
    good("environment", "is in order"),
    ...(githubApp ? [] : [note("APP_ID", "is not set: GitHub is told nothing, and private repositories are closed")]),
    ...(slack ? [] : [note("SLACK_BOT_TOKEN", "is not set: Slipway runs without Slack")]),
  ];
}

function checkConfig(path: string, config: Config, env: NodeJS.ProcessEnv): Finding[] {
  const names = Object.keys(config.sites);
  const file =
    names.length === 0
      ? warning("slipway.yaml", `${path} names no site`, "copy one from slipway.example.yaml")
      : good("slipway.yaml", `${path} is in order; sites: ${names.join(", ")}`);
  const url = config.url
    ? good("url", config.url)
    : warning("url", "is not set: messages carry no links to the transcripts", "set it to where people reach Slipway");
  return [file, url, ...checkSecrets(config, env)];
}

/** Says their names alone. */
function checkSecrets(config: Config, env: NodeJS.ProcessEnv): Finding[] {
  const found: string[] = [];
  const missing: Finding[] = [];
  for (const [key, reference] of secretReferences(config)) {
    try {
      resolveSecret(reference, key, env);
      found.push(key);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      missing.push(bad(key, error.message.slice(key.length + 2)));
    }
  }
  return [...(found.length > 0 ? [good("secrets", `found: ${found.join(", ")}`)] : []), ...missing];
}

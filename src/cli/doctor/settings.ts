/** Whether the settings are there, whole and in order, and every secret that they name. */
import { loadConfig } from "../../config/load-config.ts";
import type { Environment } from "../../config/load-environment.ts";
import { ConfigurationError } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import { wantedSecrets } from "../../config/secret-references.ts";
import { describeError, OperatorError, RetryLaterError } from "../../errors.ts";
import { HelperError } from "../../secrets/run-helper.ts";
import type { ResolveSecret } from "../../secrets/secret-reference.ts";
import { configPathOf, loadWholeEnvironment, withKeeper } from "../settings.ts";
import { bad, type Finding, good, note, warning } from "./finding.ts";
import { checkSlackSettings } from "./slack-settings.ts";

export type FoundSettings = {
  readonly findings: readonly Finding[];
  /** Null where it has problems. */
  readonly environment: Environment | null;
  readonly config: Config | null;
};

/** Reads both, each on its own, so that one that is wrong hides nothing of the other. */
export async function checkSettings(env: NodeJS.ProcessEnv): Promise<FoundSettings> {
  const findings: Finding[] = [];
  const attempt = async <T>(what: string, load: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      findings.push(...error.problems.map(({ key, message }) => bad(`${what}, ${key}`, message)));
      return null;
    }
  };
  const path = configPathOf(env);
  // It is read first, since it says where Vault is; what is said of the environment stands before it.
  const config = await attempt("slipway.yaml", () => loadConfig(path));
  const ofConfig = findings.splice(0);
  const environment = await attempt("environment", () => loadWholeEnvironment(env, config));
  findings.push(...ofConfig);
  if (environment) findings.push(...partners(environment));
  if (config) findings.push(...(await checkConfig(path, config, env)));
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

async function checkConfig(path: string, config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const names = Object.keys(config.sites);
  const file =
    names.length === 0
      ? warning("slipway.yaml", `${path} names no site`, "copy one from slipway.example.yaml")
      : good("slipway.yaml", `${path} is in order; sites: ${names.join(", ")}`);
  const url = config.url
    ? good("url", config.url)
    : warning("url", "is not set: messages carry no links to the transcripts", "set it to where people reach Slipway");
  return [file, url, ...(await checkSecrets(config, env))];
}

/** Says their names alone. Vault and helpers are asked, each for each. */
async function checkSecrets(config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const wanted = wantedSecrets(config);
  const missing = await withKeeper(env, config, ({ resolve }) =>
    Promise.all(wanted.map(({ key, reference }) => tryOne(() => resolve(reference, key), key))),
  );
  const found = wanted.filter((_, index) => missing[index] === null).map(({ key }) => key);
  return [
    ...(found.length > 0 ? [good("secrets", `found: ${found.join(", ")}`)] : []),
    ...missing.filter((it) => it !== null),
  ];
}

async function tryOne(resolve: () => ReturnType<ResolveSecret>, key: string): Promise<Finding | null> {
  try {
    await resolve();
    return null;
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof RetryLaterError)) throw error;
    const message = describeError(error);
    const says = message.startsWith(`${key}: `) ? message.slice(key.length + 2) : message;
    const said = error instanceof HelperError ? error.firstLine() : "";
    return said === "" ? bad(key, says) : bad(key, says, `it said: ${said}`);
  }
}

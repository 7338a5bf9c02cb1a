/** Variables of the environment that are secret may hold references: `WEBHOOK_SECRET=file:/run/secrets/webhook`. */
import { describeError, OperatorError, RetryLaterError } from "../errors.ts";
import { type ResolveSecret, readSecretReference } from "../secrets/secret-reference.ts";
import { ConfigurationError, type Problem } from "./problem.ts";

/** Those that may. */
export const SECRET_VARIABLES = [
  "WEBHOOK_SECRET",
  "WEBHOOK_SECRET_PREVIOUS",
  "PRIVATE_KEY",
  "SLACK_BOT_TOKEN",
  "SLACK_SIGNING_SECRET",
  "SLACK_SIGNING_SECRET_PREVIOUS",
  "SLACK_APP_TOKEN",
  "DATABASE_URL",
  "REDIS_URL",
] as const;

/** Whether the value of that variable begins like a reference. `file:` in DATABASE_URL names a SQLite file. */
function isReference(name: string, value: string): boolean {
  return (name === "DATABASE_URL" ? /^(vault|exec):/ : /^(file|vault|exec):/).test(value);
}

/** Whether any of them holds a reference, so that something has to be asked for. */
export const hasReferences = (env: NodeJS.ProcessEnv): boolean =>
  SECRET_VARIABLES.some((name) => isReference(name, env[name] ?? ""));

/**
 * The environment with values instead of references, for `loadEnvironment` alone: programs that Slipway starts get the
 * one from before. Literal values stay. Throws ConfigurationError that names every variable whose secret is not there.
 */
export async function resolveEnvironment(env: NodeJS.ProcessEnv, resolve: ResolveSecret): Promise<NodeJS.ProcessEnv> {
  const problems: Problem[] = [];
  const resolved = { ...env };
  const resolveOne = async (name: string): Promise<void> => {
    const value = env[name] ?? "";
    if (!isReference(name, value)) return;
    const reference = readSecretReference(value);
    if (typeof reference === "string") {
      problems.push({ key: name, message: reference });
      return;
    }
    try {
      resolved[name] = (await resolve(reference, name)).reveal();
    } catch (error) {
      if (!(error instanceof OperatorError || error instanceof RetryLaterError)) throw error;
      const text = describeError(error);
      problems.push({ key: name, message: text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text });
    }
  };
  await Promise.all(SECRET_VARIABLES.map(resolveOne));
  if (problems.length > 0) throw new ConfigurationError("The environment", problems);
  return resolved;
}

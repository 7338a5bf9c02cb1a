/** What `deploy`, `rollback`, `redeploy`, `releases` and `diff` do and print. */
import type { NamedDiff } from "../commands/diff-releases.ts";
import type { ListedRelease, Rollback } from "../commands/release-operations.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Printing } from "./answer.ts";
import { callOperation } from "./control.ts";
import { followDeployment } from "./follow-deployment.ts";
import { deploymentLine, printable } from "./print.ts";
import { diffLines, named, releaseLine } from "./release-lines.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { whoAsks } from "./who-asks.ts";

/** How to publish, whether to wait for the end of it, and what to print. */
export type DeployGiven = Printing & {
  wait?: boolean;
  adopt?: boolean;
  allowRemovals?: boolean;
  commit?: string;
  cleanCaches?: boolean;
};

export type RollbackGiven = DeployGiven & { reason?: string; pause?: boolean };

const print = (line: string) => console.log(line);
const printJson = (value: unknown) => print(JSON.stringify(value, null, 2));

export async function deploy(env: NodeJS.ProcessEnv, name: string, given: DeployGiven): Promise<void> {
  const settings = await loadSettings(env);
  const { commit, cleanCaches = false } = given;
  const input = { name, ...(commit !== undefined && { commit }), cleanCaches, ...askedWith(given) };
  const deployment = (await callOperation(settings, "deploy", input)) as Deployment;
  await tell(settings, deployment, given);
}

export async function rollback(
  env: NodeJS.ProcessEnv,
  name: string,
  release: string | undefined,
  given: RollbackGiven,
): Promise<void> {
  const settings = await loadSettings(env);
  const { reason, pause: pauses = true } = given;
  const asked = { ...(release !== undefined && { release }), ...(reason !== undefined && { reason }), pauses };
  const input = { name, ...asked, ...askedWith(given) };
  const { deployment, from, to, pushes } = (await callOperation(settings, "rollback", input)) as Rollback;
  if (!given.json) {
    print(`${name}: from ${from ? named(from) : "nothing"} to ${named(to)}`);
    print(`${name}: ${printable(pushes)}`);
  }
  await tell(settings, deployment, given, { from, to, pushes });
}

export async function redeploy(
  env: NodeJS.ProcessEnv,
  name: string,
  release: string | undefined,
  given: DeployGiven,
): Promise<void> {
  const settings = await loadSettings(env);
  const input = { name, ...(release !== undefined && { release }), ...askedWith(given) };
  const deployment = (await callOperation(settings, "redeploy", input)) as Deployment;
  await tell(settings, deployment, given);
}

export async function releases(
  env: NodeJS.ProcessEnv,
  name: string,
  { json, limit }: Printing & { limit: number },
): Promise<void> {
  const rows = (await callOperation(await loadSettings(env), "releases", { name, limit })) as ListedRelease[];
  if (json) return printJson(rows);
  if (rows.length === 0) print(`${name} has no releases yet`);
  for (const row of rows) print(releaseLine(row));
}

export async function diff(
  env: NodeJS.ProcessEnv,
  name: string,
  release: string | undefined,
  { json }: Printing,
): Promise<void> {
  const input = { name, ...(release !== undefined && { release }) };
  const found = (await callOperation(await loadSettings(env), "diff", input)) as NamedDiff;
  if (json) printJson(found);
  else for (const line of diffLines(found)) print(line);
}

/** Says what was queued; waits for its end where somebody looks on. */
async function tell(settings: Settings, queued: Deployment, given: DeployGiven, also: object = {}): Promise<void> {
  const waits = given.wait ?? (process.stdout.isTTY === true && !given.json);
  const say = (line: string) => {
    if (!given.json) print(line);
  };
  const end = waits ? await followDeployment(settings, queued, say) : queued;
  if (given.json) printJson(Object.keys(also).length === 0 ? end : { deployment: end, ...also });
  else print(deploymentLine(end));
  if (waits && end.state !== "live" && end.state !== "skipped") process.exitCode = 1;
}

function askedWith({ adopt = false, allowRemovals = false }: DeployGiven) {
  return { by: whoAsks(), adopt, allowRemovals };
}

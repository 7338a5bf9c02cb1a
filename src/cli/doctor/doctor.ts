/** `slipway doctor`: looks at everything that a newcomer may lack, and says what to do about it. */
import { resolve } from "node:path";
import { type Finding, findingLine, note, summaryLine } from "./finding.ts";
import { checkCaches, checkChromium, checkDataFolder, checkPrograms, checkService } from "./machine.ts";
import { checkPartners } from "./partners.ts";
import { checkSettings } from "./settings.ts";
import { checkHosts, checkIsolation } from "./sites.ts";

export type DoctorOptions = {
  /** Log in to every site's host. */
  readonly hosts: boolean;
  /** Ask GitHub and Slack. */
  readonly online: boolean;
  readonly json: boolean;
};

/** Prints what it finds, as it finds it, and answers with the exit code: 1 when something does not work. */
export async function runDoctor(env: NodeJS.ProcessEnv, options: DoctorOptions): Promise<number> {
  const findings: Finding[] = [];
  for await (const some of examine(env, options)) {
    findings.push(...some);
    if (!options.json) for (const finding of some) console.log(findingLine(finding));
  }
  console.log(options.json ? JSON.stringify(findings, null, 2) : `\n${summaryLine(findings)}`);
  return findings.some(({ state }) => state === "bad") ? 1 : 0;
}

async function* examine(env: NodeJS.ProcessEnv, { hosts, online }: DoctorOptions): AsyncIterable<readonly Finding[]> {
  const { findings, environment, config } = await checkSettings(env);
  yield findings;
  const dataDir = environment?.dataDir ?? resolve(env.DATA_DIR || "./data");
  yield checkDataFolder(dataDir, { isStore: environment?.database.kind !== "postgres" });
  yield [await checkService(dataDir), await checkCaches(dataDir)];
  yield checkPrograms(env);
  if (config) {
    yield checkChromium(config, env);
    yield checkIsolation(config, env);
    yield hosts ? checkHosts(config, env) : [note("hosts", "were not asked; slipway doctor --hosts logs in to each")];
  }
  if (!environment?.githubApp && !environment?.slack) return;
  yield online
    ? checkPartners(environment, config)
    : [note("GitHub and Slack", "were not asked; slipway doctor --online shows them who we are")];
}

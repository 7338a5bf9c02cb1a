/** The first lines of a transcript: what was found out about a site, and where from. */
import type { BuildPlan } from "./build-plan.ts";

/** What was really taken, where the plan has a range or nothing. */
export type TakenVersions = { readonly node?: string; readonly manager?: string };

type Row = readonly [label: string, value: string, because: string];

/** One line for each decision, in columns. */
export function describePlan(plan: BuildPlan, taken: TakenVersions = {}): string[] {
  const { framework, manager, node, install, build, outputs } = plan;
  const rows: Row[] = [];
  if (framework) rows.push(["framework", join(framework.name, framework.version), framework.because]);
  if (manager) rows.push(["package manager", join(manager.name, taken.manager ?? manager.range), managerBecause(plan)]);
  const version = taken.node ?? node?.range;
  if (version !== undefined) rows.push(["Node", version, node?.because ?? "the one that runs Slipway"]);
  if (install) rows.push(["install", install.command, install.because]);
  if (build) rows.push(["build", build.command, build.because]);
  rows.push(["output", outputs.join(" or "), plan.outputsBecause]);
  return inColumns(rows);
}

function managerBecause({ manager }: BuildPlan): string {
  const { because = "", rangeBecause = null } = manager ?? {};
  return rangeBecause === null || rangeBecause === because ? because : `${because}; ${rangeBecause}`;
}

function join(name: string, version: string | null): string {
  return version === null ? name : `${name} ${version}`;
}

const WIDEST_VALUE = 40;

function inColumns(rows: readonly Row[]): string[] {
  const labels = Math.max(...rows.map(([label]) => label.length));
  const values = Math.min(WIDEST_VALUE, Math.max(...rows.map(([, value]) => value.length)));
  return rows.map(([label, value, because]) => `${label.padEnd(labels)}  ${value.padEnd(values)}  ${because}`);
}

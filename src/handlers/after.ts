/** Sites that wait for CI (`after` in slipway.yaml): whether a commit has passed, and what is done when it has. */
import { type CiResult, isLater } from "../model/ci.ts";
import { skippedBecause } from "../model/deployment.ts";
import { isWorkflow } from "../model/workflow.ts";

/** What is known of the workflows of a site's repository, for pushes to its branch. */
export type AfterFacts = {
  /** How the workflows stand for the commit in question. */
  readonly ofCommit: readonly CiResult[];
  /** How they stand for other commits of the same repository, as far as those are newer. */
  readonly newer: readonly CiResult[];
};

export const NO_RESULTS: AfterFacts = { ofCommit: [], newer: [] };

/** How a commit stands with the workflows that a site waits for. */
export type Gate =
  /** All have succeeded. `cause` names these very runs, in whatever order they are told; `first` is one of them. */
  | { readonly kind: "passed"; readonly cause: string; readonly first: CiResult }
  | { readonly kind: "failed"; readonly result: CiResult }
  /** The names of those that have not succeeded yet. */
  | { readonly kind: "waiting"; readonly missing: readonly string[] };

/** How the commit stands. Of several runs of one file the newest one counts; of several files of one name all do. */
export function gateOf(after: readonly string[], branch: string, results: readonly CiResult[]): Gate {
  const ofBranch = results.filter((it) => it.branch === branch);
  const wanted = after.map((name) => ({
    name,
    runs: newestOfEach(ofBranch.filter((it) => isWorkflow(name, nameOf(it)))),
  }));
  const runs = wanted.flatMap((it) => it.runs);
  const failed = runs.find(({ verdict }) => verdict === "failed");
  if (failed) return { kind: "failed", result: failed };
  const missing = wanted.filter((it) => it.runs.length === 0).map(({ name }) => name);
  const [first] = runs;
  if (missing.length > 0 || !first) return { kind: "waiting", missing };
  const ids = runs.map(({ runId, order }) => `${runId}.${order}`).sort();
  return { kind: "passed", cause: `after ${first.commit} ${[...new Set(ids)].join(" ")}`, first };
}

/** A commit that was pushed later and has passed too: the site must not go back behind it. */
export function overtakenBy(
  after: readonly string[],
  branch: string,
  { first }: Extract<Gate, { kind: "passed" }>,
  newer: readonly CiResult[],
): string | undefined {
  const commits = [...new Set(newer.map(({ commit }) => commit))].filter((commit) => commit !== first.commit);
  return commits.find((commit) => {
    const results = newer.filter((it) => it.commit === commit);
    const gate = gateOf(after, branch, results);
    return gate.kind === "passed" && isLater(gate.first, first);
  });
}

/** Why a commit that passed is not deployed any more. */
export function overtakenText(site: string, commit: string, by: string): string {
  const way = `\`slipway deploy ${site} --commit ${commit.slice(0, 7)}\` deploys this one`;
  return `${by.slice(0, 7)} was pushed later and has passed already; ${way}`;
}

/** The results with one more, which may be known already or be older than what is known. */
export function withResult(results: readonly CiResult[], result: CiResult): CiResult[] {
  const known = results.find((it) => it.runId === result.runId);
  if (known && !isLater(result, known)) return [...results];
  return [...results.filter((it) => it !== known), result];
}

/** Why a commit is not deployed yet, or not at all, and what deploys it by itself, and at once. */
export function waitsText(site: string, after: readonly string[]): string {
  const what = `it waits for ${inWords(after)}, which ${after.length > 1 ? "deploy" : "deploys"} it by succeeding`;
  return skippedBecause(site, what);
}

export function failedText(site: string, what: string): string {
  return skippedBecause(site, `${what}; run again on GitHub, it deploys by succeeding`);
}

/** "CI", "CI and Lint", "CI, Lint and Types" */
export function inWords(names: readonly string[]): string {
  const [last = "", ...others] = [...names].reverse();
  return others.length === 0 ? last : `${others.reverse().join(", ")} and ${last}`;
}

/** How people call the workflow of a result. */
export const calledOf = ({ workflow, path }: Pick<CiResult, "workflow" | "path">) => (workflow || path).slice(0, 100);

const nameOf = ({ workflow, path }: CiResult) => ({ name: workflow, path });

function newestOfEach(results: readonly CiResult[]): CiResult[] {
  const newest = new Map<string, CiResult>();
  for (const it of results) {
    const file = it.path || it.workflow;
    const known = newest.get(file);
    if (!known || isLater(it, known)) newest.set(file, it);
  }
  return [...newest.values()];
}

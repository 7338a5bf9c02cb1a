/** Finds the run of a workflow that built a commit, and its artifact. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import { isWorkflow } from "../model/workflow.ts";
import { type GithubAccess, getJson } from "./github-api.ts";

/** What is looked for. */
export type WantedArtifact = {
  readonly repoId: number;
  readonly branch: string;
  /** The head of the branch, as it was just fetched. */
  readonly commit: string;
  /** As the operator calls it: its name or its file. */
  readonly workflow: string;
  /** Null takes the only one that the run has. */
  readonly artifact: string | null;
  /** The run that asked for the deployment; null where a person did. */
  readonly runId: number | null;
};

export type Artifact = {
  readonly id: number;
  readonly name: string;
  /** Of the archive. */
  readonly sizeBytes: number;
  /** SHA-256 of the archive, hex; null where GitHub does not say. */
  readonly sha256: string | null;
};

export type FoundArtifact = {
  readonly run: { readonly id: number; readonly attempt: number };
  readonly artifact: Artifact;
};

/** A run that asked for a deployment turned out to bring nothing; another one will, or did. */
export type NoArtifact = { readonly skipped: string };

const run = z.looseObject({
  id: z.int().positive(),
  name: z.string().nullish(),
  path: z.string().nullish(),
  run_attempt: z.int().positive().nullish(),
  event: z.string(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  head_branch: z.string().nullish(),
  head_sha: z.string(),
  head_repository: z.looseObject({ id: z.number() }).nullish(),
  repository: z.looseObject({ id: z.number() }).nullish(),
});
const runs = z.looseObject({ workflow_runs: z.array(run) });
const artifacts = z.looseObject({
  artifacts: z.array(
    z.looseObject({
      id: z.int().positive(),
      name: z.string(),
      size_in_bytes: z.int().min(0),
      expired: z.boolean(),
      digest: z.string().nullish(),
    }),
  ),
});
type Run = z.output<typeof run>;

const PER_PAGE = 100;
/** "up to 1,000 results for each search": docs.github.com/rest/actions/workflow-runs */
const MAX_PAGES = 10;
const MAX_NAMES_TOLD = 10;

/**
 * The artifact of the newest successful run of the workflow for the commit. The head of the branch decides, so a run
 * that was overtaken, or is being run again, is told as `skipped`.
 *
 * Throws PermanentError when a person asked and no such run is there, and when the run has not the artifact, or not any
 * more, or several of them while none is named. Otherwise throws as `getJson`.
 */
export async function findArtifact(
  access: GithubAccess,
  wanted: WantedArtifact,
  signal: AbortSignal,
): Promise<FoundArtifact | NoArtifact> {
  const asking = wanted.runId === null ? null : await getJson(access, `/actions/runs/${wanted.runId}`, run, signal);
  const listed = await listRuns(access, wanted.commit, signal);
  // GitHub's lists may lag behind what it has told us by webhook already.
  const known = asking && !listed.some((one) => one.id === asking.id) ? [asking, ...listed] : listed;
  const newest = known.filter((one) => isWanted(one, wanted)).sort((a, b) => b.id - a.id)[0];
  if (newest) {
    const artifact = await chooseArtifact(access, newest, wanted, signal);
    return { run: { id: newest.id, attempt: newest.run_attempt ?? 1 }, artifact };
  }
  const { workflow, commit, branch, runId } = wanted;
  const head = commit.slice(0, 7);
  if (runId === null) {
    throw new PermanentError(
      `No run of the workflow ${workflow} has succeeded for ${head}, the head of ${branch}. Wait for it, or start it with a push.`,
    );
  }
  if (asking && asking.head_sha !== commit) {
    return {
      skipped: `run ${runId} was for ${asking.head_sha.slice(0, 7)}, and ${branch} is at ${head} by now; its own run will bring that`,
    };
  }
  return {
    skipped: `run ${runId} is no successful run of ${workflow} for ${branch} any more; the next one will bring it`,
  };
}

async function listRuns(access: GithubAccess, commit: string, signal: AbortSignal): Promise<Run[]> {
  const all: Run[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    // By the commit alone: with more filters than one GitHub has been seen to leave out runs that fit.
    const query = `head_sha=${encodeURIComponent(commit)}&per_page=${PER_PAGE}&page=${page}`;
    const found = (await getJson(access, `/actions/runs?${query}`, runs, signal)) ?? notThere(access);
    all.push(...found.workflow_runs);
    if (found.workflow_runs.length < PER_PAGE) break;
  }
  return all;
}

/** The same gate as at the webhook, asked of GitHub itself: a run for a fork, whose branch has our name, never passes. */
function isWanted(one: Run, { repoId, branch, commit, workflow }: WantedArtifact): boolean {
  return (
    one.status === "completed" &&
    one.conclusion === "success" &&
    one.event === "push" &&
    one.head_repository?.id === repoId &&
    (one.repository?.id ?? repoId) === repoId &&
    one.head_branch === branch &&
    one.head_sha === commit &&
    isWorkflow(workflow, { name: one.name ?? "", path: one.path ?? "" })
  );
}

async function chooseArtifact(
  access: GithubAccess,
  { id }: Run,
  { artifact: name }: WantedArtifact,
  signal: AbortSignal,
): Promise<Artifact> {
  const filter = name === null ? "" : `&name=${encodeURIComponent(name)}`;
  const path = `/actions/runs/${id}/artifacts?per_page=${PER_PAGE}`;
  const list = async (query: string) => (await getJson(access, path + query, artifacts, signal)) ?? notThere(access);
  const fitting = (await list(filter)).artifacts.filter((one) => name === null || one.name === name);
  if (fitting.length === 0) {
    const all = name === null ? [] : (await list("")).artifacts;
    throw new PermanentError(
      name === null
        ? `Run ${id} has no artifact. Let the workflow upload the built site with actions/upload-artifact.`
        : `Run ${id} has no artifact called ${JSON.stringify(name)}; ${tellNames(all)}.`,
    );
  }
  const live = fitting.filter((one) => !one.expired);
  const first = live[0] ?? fitting[0];
  if (live.length === 0 || !first) {
    throw new PermanentError(
      `The artifact ${JSON.stringify(fitting[0]?.name)} of run ${id} has expired. Run the workflow again.`,
    );
  }
  if (live.some((one) => one.name !== first.name)) {
    throw new PermanentError(`Run ${id} has several artifacts. Set build.artifact to one of them; ${tellNames(live)}.`);
  }
  // Running the failed jobs of a run again leaves the artifacts of its attempts before, with the same names.
  const newest = live.reduce((best, one) => (one.id > best.id ? one : best), first);
  const sha256 = /^sha256:([0-9a-f]{64})$/i.exec(newest.digest ?? "")?.[1]?.toLowerCase() ?? null;
  return { id: newest.id, name: newest.name, sizeBytes: newest.size_in_bytes, sha256 };
}

function tellNames(all: ReadonlyArray<{ readonly name: string }>): string {
  const names = [...new Set(all.map(({ name }) => JSON.stringify(name.slice(0, 100))))];
  if (names.length === 0) return "it has none at all";
  const more = names.length - MAX_NAMES_TOLD;
  return `it has ${names.slice(0, MAX_NAMES_TOLD).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function notThere({ repoName }: GithubAccess): never {
  throw new PermanentError(
    `GitHub shows no workflow runs of ${repoName} (404): is the App installed there, with the permission actions: read?`,
  );
}

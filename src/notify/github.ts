/** Tells GitHub: a deployment with its statuses, and one check run per site and commit. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { describeError, PermanentError } from "../errors.ts";
import {
  type CheckRun,
  createGithubClient,
  type GithubClient,
  type OctokitLike,
  type Repository,
} from "../github/github-client.ts";
import type { OutboxRow } from "../store/outbox.ts";
import type { GithubWish } from "./announce.ts";
import { checkFields, describeState, type GithubState, githubStates } from "./github-wording.ts";
import type { Perform, Performed } from "./perform.ts";
import { oneLine, webAddress } from "./plain.ts";

export type GithubDeps = {
  /** The Octokit that acts as the installation. */
  readonly octokitFor: (installationId: number) => Promise<OctokitLike>;
  /** As in notify/slack.ts: what is missing twice, this many milliseconds apart, is missing. */
  readonly lookAgainMs?: number;
};

const LOOK_AGAIN_MS = 3000;
/** All requests for one wish together; shorter than the outbox's lease, so that nobody else begins on the same wish. */
const WISH_MS = 90_000;
const TASK = "deploy";

/** Performs the wishes of the kinds "github.deployment" and "github.check". */
export function createGithubPerformers({
  octokitFor,
  lookAgainMs = LOOK_AGAIN_MS,
}: GithubDeps): Record<"github.deployment" | "github.check", Perform> {
  const github = createGithubClient(octokitFor);
  return {
    "github.deployment": (row, remember) => tellDeployment({ github, lookAgainMs }, row, remember),
    "github.check": (row, remember) => tellCheck({ github, lookAgainMs }, row, remember),
  };
}

type Tools = { readonly github: GithubClient; readonly lookAgainMs: number };
type Remember = Parameters<Perform>[1];

const deploymentRemote = z.object({ id: z.number(), sentStates: z.array(z.string()) });
type DeploymentRemote = z.output<typeof deploymentRemote>;
const checkRemote = z.object({ id: z.number() });

/** How far a deployment has come; what is behind is never sent any more. */
const RANK: Record<GithubState, number> = { queued: 1, in_progress: 2, success: 3, failure: 3, error: 3, inactive: 3 };

async function tellDeployment(tools: Tools, row: OutboxRow, remember: Remember): Promise<Performed> {
  const { github } = tools;
  const wish = row.desired as GithubWish;
  const { deployment, siteUrl, logUrl } = wish.news;
  const repository = repositoryOf(wish);
  let remote = deploymentRemote.nullable().catch(null).parse(row.remote);

  if (row.inDoubt) {
    const looked = await unlessRefused(async () => {
      const id = remote?.id ?? (await twice(tools, () => findDeployment(github, repository, wish)));
      if (id === null) return null;
      const listed = await github.listStatuses(repository, id);
      return { id, sentStates: [...new Set([...(remote?.sentStates ?? []), ...listed])] };
    });
    if (typeof looked === "string") return unsure(looked);
    remote = looked;
    if (remote) await remember(remote);
  }
  if (!remote) {
    remote = { id: await github.createDeployment(repository, deploymentFields(wish)), sentStates: [] };
    await remember(remote);
  }

  const statusFields = {
    description: describeState(deployment),
    auto_inactive: true,
    ...linked("log_url", logUrl),
    ...linked("environment_url", siteUrl),
  };
  const reached = Math.max(0, ...remote.sentStates.map((state) => RANK[state as GithubState] ?? 0));
  for (const state of githubStates(deployment).filter((next) => RANK[next] > reached)) {
    await github.createStatus(repository, remote.id, { state, ...statusFields });
    remote = { id: remote.id, sentStates: [...remote.sentStates, state] } satisfies DeploymentRemote;
    await remember(remote);
  }
  return { kind: "sent", remote };
}

function deploymentFields({ commit, news }: GithubWish): Record<string, unknown> {
  const { id, site, title } = news.deployment;
  return {
    ref: commit,
    task: TASK,
    environment: site,
    production_environment: true,
    // With GitHub's defaults it would merge the default branch into the commit, and wait for all statuses to be green.
    auto_merge: false,
    required_contexts: [],
    payload: { deployment_id: id },
    description: oneLine(title, 140),
  };
}

async function findDeployment(
  github: GithubClient,
  repository: Repository,
  { commit, news }: GithubWish,
): Promise<number | null> {
  const { id, site } = news.deployment;
  const found = await github.listDeployments(repository, { sha: commit, environment: site, task: TASK });
  return found.find(({ payload }) => deploymentIdIn(payload) === id)?.id ?? null;
}

/** GitHub answers with the payload as it was sent, or with the same as a string. */
function deploymentIdIn(payload: unknown): unknown {
  try {
    const fields: unknown = typeof payload === "string" ? JSON.parse(payload) : payload;
    return (fields as { deployment_id?: unknown } | null)?.deployment_id;
  } catch {
    return undefined;
  }
}

/**
 * Shows the check run. It is looked for every time: reading costs little, and so neither a repeated wish nor a second
 * deployment of the same commit makes a second one. A later deployment's check run is left alone.
 */
async function tellCheck(tools: Tools, row: OutboxRow, remember: Remember): Promise<Performed> {
  const { github } = tools;
  const wish = row.desired as GithubWish;
  const { deployment } = wish.news;
  const repository = repositoryOf(wish);
  const name = `slipway: ${deployment.site}`;
  const fields = checkFields(wish.news);
  const remembered = checkRemote.nullable().catch(null).parse(row.remote);

  const find = async () => choose(await github.listCheckRuns(repository, { ref: wish.commit, name }));
  const looked = await unlessRefused(() => (row.inDoubt && !remembered ? twice(tools, find) : find()));
  if (typeof looked === "string") {
    if (row.inDoubt && !remembered) return unsure(looked);
    throw new PermanentError(looked);
  }
  // Ids of deployments begin with the time, so they sort by it.
  if (looked && looked.externalId > deployment.id) return { kind: "sent", remote: { id: looked.id } };

  const known = looked ?? (remembered && { id: remembered.id, externalId: deployment.id });
  if (known && (await update(github, repository, known, fields, deployment.id))) {
    return { kind: "sent", remote: { id: known.id } };
  }
  const id = await github.createCheckRun(repository, { name, head_sha: wish.commit, ...fields });
  await remember({ id });
  return { kind: "sent", remote: { id } };
}

/** The check run of the newest deployment of this commit; other tools' check runs of the same name are not ours. */
function choose(runs: CheckRun[]): CheckRun | null {
  const ours = runs.filter(({ externalId }) => /^d-[0-9a-z]+-[0-9a-z]+$/.test(externalId));
  return ours.sort((a, b) => (a.externalId < b.externalId ? 1 : -1))[0] ?? null;
}

/** Answers false where GitHub does not let us edit an earlier deployment's check run: another App's, or an old one's. */
async function update(
  github: GithubClient,
  repository: Repository,
  run: CheckRun,
  fields: Record<string, unknown>,
  deploymentId: string,
): Promise<boolean> {
  try {
    await github.updateCheckRun(repository, run.id, fields);
    return true;
  } catch (error) {
    if (error instanceof PermanentError && run.externalId !== deploymentId) return false;
    throw error;
  }
}

function repositoryOf({ installationId, repoName }: GithubWish): Repository {
  return { installationId, repoName, limit: AbortSignal.timeout(WISH_MS) };
}

/** GitHub answers 422 to anything but a web address. */
function linked(field: string, url: string | null): Record<string, string> {
  const address = webAddress(url);
  return address === null ? {} : { [field]: address };
}

async function twice<T>({ lookAgainMs }: Tools, look: () => Promise<T | null>): Promise<T | null> {
  const found = await look();
  if (found !== null) return found;
  await sleep(lookAgainMs);
  return look();
}

/** What `look` sees, or why GitHub does not let us look. */
async function unlessRefused<T>(look: () => Promise<T>): Promise<T | string> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PermanentError) return describeError(error);
    throw error;
  }
}

function unsure(why: string): Performed {
  const reason = `a report may have reached GitHub, and Slipway cannot look for it (${why}); it is not repeated`;
  return { kind: "unsure", reason };
}

/** Tells GitHub: a deployment with its statuses (here), and one check run per site and commit (github-check.ts). */
import { z } from "zod";
import { createGithubClient, type GithubClient, type OctokitLike, type Repository } from "../github/github-client.ts";
import type { OutboxRow } from "../store/outbox.ts";
import type { GithubWish } from "./announce.ts";
import { tellCheck } from "./github-check.ts";
import { A_REPORT, repositoryOf, type Tools } from "./github-tools.ts";
import { LOOK_AGAIN_MS, twice, unlessRefused, unsure } from "./looking.ts";
import type { Perform, Performed, Remember } from "./perform.ts";
import { describeState, type GithubState, githubStates } from "./wording/github/github-wording.ts";
import { oneLine, webAddress } from "./wording/plain.ts";

export type GithubDeps = {
  /** The Octokit that acts as the installation. */
  readonly octokitFor: (installationId: number) => Promise<OctokitLike>;
  /** As `LOOK_AGAIN_MS`, which is the default. */
  readonly lookAgainMs?: number;
  /** Limit of one request, in milliseconds. */
  readonly requestMs?: number;
};

const TASK = "deploy";

/** Performs the wishes of the kinds "github.deployment" and "github.check". */
export function createGithubPerformers({
  octokitFor,
  lookAgainMs = LOOK_AGAIN_MS,
  requestMs,
}: GithubDeps): Record<"github.deployment" | "github.check", Perform> {
  const github = createGithubClient(octokitFor, requestMs === undefined ? {} : { requestMs });
  return {
    "github.deployment": (row, remember) => tellDeployment({ github, lookAgainMs }, row, remember),
    "github.check": (row, remember) => tellCheck({ github, lookAgainMs }, row, remember),
  };
}

const deploymentRemote = z.object({ id: z.number(), sentStates: z.array(z.string()) });
type DeploymentRemote = z.output<typeof deploymentRemote>;
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
      const id = remote?.id ?? (await twice(tools.lookAgainMs, () => findDeployment(github, repository, wish)));
      if (id === null) return null;
      const listed = await github.listStatuses(repository, id);
      return { id, sentStates: [...new Set([...(remote?.sentStates ?? []), ...listed])] };
    });
    if (typeof looked === "string") return unsure(A_REPORT, looked);
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

/** GitHub answers 422 to anything but a web address. */
function linked(field: string, url: string | null): Record<string, string> {
  const address = webAddress(url);
  return address === null ? {} : { [field]: address };
}

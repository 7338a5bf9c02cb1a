/** A build hook: whoever knows its secret has sites deployed, from the head of their branches. */
import type { Effect } from "../model/effect.ts";
import type { DeployAskedEvent } from "../model/event.ts";
import type { ContentFacts } from "./content.ts";

export function handleDeployAsked(event: DeployAskedEvent, facts: ContentFacts): Effect[] {
  if (event.sites.length === 0) return [skip(null, `no site is deployed by ${event.source}`)];
  return [...new Set(event.sites)].map((name) => effectFor(event, name, facts));
}

function effectFor(event: DeployAskedEvent, name: string, facts: ContentFacts): Effect {
  const site = facts.sites.find((it) => it.name === name);
  if (!site) return skip(null, `there is no site ${name} in slipway.yaml`);
  if (site.workflow !== null) return skip(name, `it is built by the workflow ${site.workflow}, which has to run again`);
  const { branch, repoId, repoName, installationId, after, liveCommit } = site;
  return {
    do: "deploy",
    site: name,
    trigger: "command",
    cause: event.cause,
    repoId,
    repoName,
    installationId,
    branch,
    commit: "",
    // The head of the branch may not have passed what the site waits for; what is live has.
    askedCommit: after.length > 0 ? liveCommit : null,
    author: event.label,
    title: `Asked for by ${event.source}`,
    askedBy: `the source ${event.source}`,
  };
}

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });

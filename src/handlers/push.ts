/** A branch moved: which sites are deployed, and which are not, and why. */
import type { Effect } from "../model/effect.ts";
import type { PushEvent } from "../model/event.ts";
import { belongsTo, isTied, type SiteFacts } from "../model/site.ts";
import {
  type AfterFacts,
  calledOf,
  failedText,
  gateOf,
  NO_RESULTS,
  overtakenBy,
  overtakenText,
  waitsText,
} from "./after.ts";
import { titleOf, underWayText, whyNoMatter, whySkipped } from "./pushed-commit.ts";

export type PushFacts = {
  readonly sites: readonly SiteFacts[];
  /** For each site, the deployment that waits or runs on the pushed commit already. */
  readonly activeOnCommit: ReadonlyMap<string, string>;
  /** For sites that wait for CI: what it said of the pushed commit already. */
  readonly ci?: AfterFacts;
};

export function handlePush(event: PushEvent, facts: PushFacts): Effect[] {
  const sites = facts.sites.filter((site) => belongsTo(site, event));
  const remember: Effect = {
    do: "remember_repository",
    repoId: event.repoId,
    repoName: event.repoName,
    installationId: event.installationId,
  };
  if (sites.length === 0) return [skip(null, unknownRepository(event, facts.sites))];
  return [remember, ...forgetBranch(event), ...sites.flatMap((site) => effectsFor(event, site, facts))];
}

function forgetBranch({ deleted, ref, repoId }: PushEvent): Effect[] {
  const branch = /^refs\/heads\/(.+)$/s.exec(ref)?.[1];
  return deleted && branch !== undefined ? [{ do: "forget_branch", repoId, branch }] : [];
}

function effectsFor(event: PushEvent, site: SiteFacts, facts: PushFacts): Effect[] {
  const bind: Effect[] = isTied(site)
    ? []
    : [{ do: "bind_site", site: site.name, repoId: event.repoId, boundAs: site.repo }];
  const noMatter =
    whyNoMatter({ ref: event.ref, isDeleted: event.deleted }, site) ?? alreadyUnderWay(event, site, facts);
  if (noMatter !== undefined) return [...bind, skip(site.name, noMatter)];
  const asked = {
    site: site.name,
    trigger: "push",
    cause: event.cause,
    repoId: event.repoId,
    repoName: event.repoName,
    installationId: event.installationId,
    branch: site.branch,
    commit: event.after,
    author: event.head?.author ?? "unknown",
    title: titleOf(event.head?.message ?? ""),
  } as const;
  const reason = whySkipped(event.head?.message ?? "", site);
  if (reason !== undefined) return [...bind, { do: "skip_deployment", ...asked, reason }];
  if (site.after.length === 0) return [...bind, { do: "deploy", ...asked }];
  return [...bind, afterCi(site, asked, facts.ci ?? NO_RESULTS)];
}

type AskedByPush = Omit<Extract<Effect, { do: "skip_deployment" }>, "do" | "reason">;

/** CI is usually slower than the webhook of the push. Where it was not, this is the same deployment that its success queued. */
function afterCi({ after, branch, name }: SiteFacts, asked: AskedByPush, { ofCommit, newer }: AfterFacts): Effect {
  const skipped = (reason: string): Effect => ({ do: "skip_deployment", ...asked, reason });
  const gate = gateOf(after, branch, ofCommit);
  if (gate.kind === "failed") {
    const { result } = gate;
    return skipped(failedText(name, `run ${result.runId} of ${calledOf(result)} failed`));
  }
  if (gate.kind === "waiting") return skipped(waitsText(name, after));
  const overtaken = overtakenBy(after, branch, gate, newer);
  if (overtaken !== undefined) return skipped(overtakenText(name, asked.commit, overtaken));
  return { do: "deploy", ...asked, trigger: "workflow", cause: gate.cause, askedCommit: asked.commit };
}

function alreadyUnderWay(event: PushEvent, site: SiteFacts, facts: PushFacts): string | undefined {
  const deployment = facts.activeOnCommit.get(site.name);
  return deployment && underWayText(event.after, deployment);
}

function unknownRepository(event: PushEvent, sites: readonly SiteFacts[]): string {
  const namesake = sites.find((site) => site.repo.toLowerCase() === event.repoName.toLowerCase());
  if (!namesake) return `no site is configured for ${event.repoName}`;
  return `${event.repoName} is another repository than the one that the site ${namesake.name} is tied to (${event.repoId}, not ${namesake.repoId})`;
}

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });

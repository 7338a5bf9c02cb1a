/**
 * Somebody clicks on a button of a check run on GitHub, or has it run again. Whether they may was found out before: by
 * their write access and the site's roles.
 */
import type { AuditEntry } from "../model/answer.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Deed, Effect } from "../model/effect.ts";
import type { CheckRunEvent } from "../model/event.ts";

export type CheckRunFacts = {
  /** The deployment that the check run is about; null when the store knows none of that name. */
  readonly deployment: Deployment | null;
  /** Whether its site is still in slipway.yaml. */
  readonly isConfigured: boolean;
  /** Whether they may, the rule that says so, and, where they may not, why: one sentence. */
  readonly permission: { readonly may: boolean; readonly rule: string; readonly why: string };
  readonly nowMs: number;
};

export function handleCheckRun(event: CheckRunEvent, facts: CheckRunFacts): Effect[] {
  const { deployment, isConfigured, permission } = facts;
  if (!deployment) return [skip(null, `no deployment ${event.deployment} is known`)];
  const { site } = deployment;
  if (deployment.repoId !== event.repoId) return [skip(site, `${deployment.id} is of another repository`)];
  if (!isConfigured) return [skip(null, `the site ${site} is no longer in slipway.yaml`)];
  const by = `${event.login} (GitHub)`;
  const { rule } = permission;
  if (!permission.may) return [{ do: "audit", entry: denied(event, deployment, { by, ...permission }, facts.nowMs) }];
  const deed = deedOf(event.action, deployment);
  return [{ do: "operate", site, deed, by, where: "GitHub", rule, cause: event.cause, to: null }];
}

/** What the click is for: the commit once more, its release once more, or away from it. */
function deedOf(action: CheckRunEvent["action"], { id, commit, releaseId }: Deployment): Deed {
  const careful = { adopt: false, allowRemovals: false };
  switch (action) {
    case "rerun":
      return { kind: "deploy", commit: commit || null, cleanCaches: false, ...careful };
    case "redeploy":
      return { kind: "redeploy", target: { kind: "deployment", id }, ...careful };
    case "rollback":
      // Away from what this deployment brought: where something else is live by now, that is not what they saw.
      return { kind: "rollback", target: null, from: releaseId, reason: `asked for at ${id} on GitHub`, ...careful };
  }
}

function denied(
  { action }: CheckRunEvent,
  { id, site }: Deployment,
  { by, rule, why }: { by: string; rule: string; why: string },
  nowMs: number,
): AuditEntry {
  const verb = action === "rerun" ? "deploy" : action;
  return {
    ...{ atMs: nowMs, who: by, where: "GitHub", verb, site, what: `${action} of ${id}`, rule },
    ...{ result: "denied", outcome: why, deployment: id },
  };
}

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });

/** Somebody clicks on a button of a check run on GitHub: the same rules, the same deeds; the answer is the message in Slack. */
import { type Deployment, publishesKept } from "../model/deployment.ts";
import type { Deed, Effect } from "../model/effect.ts";
import type { CheckRunEvent } from "../model/event.ts";
import { authorize } from "./authorize.ts";
import { type Asking, act, deny, note, type SiteSubject } from "./commanding.ts";

export type CheckRunFacts = Asking & {
  /** The deployment that the check run is about; null where the store knows none, or it is of another repository. */
  readonly deployment: Deployment | null;
  readonly subject: SiteSubject | null;
  /** The deployment that brought what is live on the site, and the release. */
  readonly liveDeployment: string | null;
  readonly liveRelease: string | null;
};

export function handleCheckRun({ action, deployment: id }: CheckRunEvent, facts: CheckRunFacts): Effect[] {
  const { deployment, subject } = facts;
  const verb = action === "rerun" ? "deploy" : action;
  const what = `${action} of ${id} on GitHub`;
  if (!deployment || !subject) {
    const outcome = `there is no deployment ${id} of a site of that repository`;
    return [note(facts, { verb, site: null, what, rule: "state", result: "refused", outcome })];
  }
  const { name: site } = subject.rules;
  // Re-run of what published a kept release may bring another one than what is live.
  const isKept = action === "rerun" && publishesKept(deployment.trigger);
  const asked = { verb: isKept ? "rollback" : verb, isOwn: false, isForced: false } as const;
  const verdict = authorize(facts.person, asked, subject.rules, facts.workspace);
  if (!verdict.allowed) return deny(facts, { verb, site, what }, verdict);
  if (action !== "rerun" && facts.liveDeployment !== id && deployment.state === "live") {
    const outcome = `${id} is no longer what is live on ${site}`;
    return [note(facts, { verb, site, what, rule: "state", result: "refused", outcome })];
  }
  return act(facts, deedOf(action, deployment, facts.liveRelease), { site, verb, what, verdict });
}

function deedOf(action: CheckRunEvent["action"], deployment: Deployment, live: string | null): Deed {
  const consent = { adopt: false, allowRemovals: false };
  if (action === "rollback") return { kind: "rollback", target: null, from: live, reason: null, ...consent };
  if (action === "redeploy") return { kind: "redeploy", target: null, ...consent };
  // "Re-run" means this commit, whatever came after it.
  const { trigger, askedRelease, commit } = deployment;
  if (!publishesKept(trigger)) return { kind: "deploy", commit: commit || null, cleanCaches: false, ...consent };
  const target = askedRelease === null ? null : ({ kind: "hex", start: askedRelease } as const);
  return { kind: "redeploy", target, ...consent };
}

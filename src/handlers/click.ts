/** Somebody clicks on a button of ours: what it is about is looked at anew, since the message may be an old one. */
import type { Command, Verb } from "../model/command.ts";
import { type Deployment, isFinal, publishesKept } from "../model/deployment.ts";
import type { Deed, Effect } from "../model/effect.ts";
import type { AlertClick, Click, ClickEvent } from "../model/event.ts";
import { nameOf } from "../model/person.ts";
import { authorize } from "./authorize.ts";
import {
  type Asking,
  act,
  commandSite,
  deny,
  note,
  type SiteSubject,
  say,
  verbDecidedBy,
  whereOf,
} from "./commanding.ts";

export type ClickFacts = Asking & {
  /** The site that the button is about; null where there is none any more. */
  readonly subject: SiteSubject | null;
  /** The deployment whose message was clicked on; null where the button names none, or one that is not known. */
  readonly deployment: Deployment | null;
  /** The deployment that brought what is live on its site. */
  readonly liveDeployment: string | null;
  /** The newest one of the site that was ever to run. */
  readonly newest: Deployment | null;
};

/** The clicks that are no answers to questions for consent, choose no site and are about no alert or delivery. */
export type PlainClick = ClickEvent & {
  readonly click: Exclude<Click, "adopt" | "allowRemovals" | "choose" | "run" | AlertClick>;
};

/** What each button asks for, in words. */
const VERBS: Readonly<Record<PlainClick["click"], Verb>> = {
  cancel: "cancel",
  retry: "deploy",
  rebuild: "rebuild",
  redeploy: "redeploy",
  rollback: "rollback",
  deploy: "deploy",
  resume: "resume",
  approve: "rollback",
  decline: "rollback",
};

export function handleClick(event: PlainClick, facts: ClickFacts): Effect[] {
  const { click, value } = event;
  const { subject, deployment } = facts;
  const verb = VERBS[click];
  const what = `the button ${click} for ${value.slice(0, 60)}`;
  if (!subject) {
    const outcome = `Slipway knows nothing of ${value.slice(0, 60)} any more.`;
    return [
      ...say(facts, null, outcome),
      note(facts, { verb, site: null, what, rule: "state", result: "refused", outcome }),
    ];
  }
  if (click === "approve" || click === "decline") return secondPerson(event, facts, subject);
  const site = subject.rules.name;
  const stale = (deployment && staleness(click, deployment, facts)) ?? underWay(click, facts);
  if (stale) {
    // Whoever may cancel their own may learn that there is nothing to cancel.
    const asked = { verb, isOwn: verb === "cancel", isForced: false };
    const verdict = authorize(facts.person, asked, subject.rules, facts.workspace);
    if (!verdict.allowed) return deny(facts, { verb, site, what }, verdict);
    return [
      ...say(facts, site, stale),
      note(facts, { verb, site, what, rule: "state", result: "refused", outcome: stale }),
    ];
  }
  if (click === "retry" && deployment) return retry(facts, deployment, subject, what);
  return commandSite(facts, commandOf(verb, event, deployment), subject);
}

/** Why the button is no longer what it was when its message was written; undefined where it still is. */
function staleness(click: Click, { id, site, state }: Deployment, { liveDeployment }: ClickFacts): string | undefined {
  if (click === "redeploy" && liveDeployment !== id) {
    return `${id} is no longer what is live on ${site}, so this button does nothing any more. \`/deploy releases ${site}\` lists what can be published again.`;
  }
  if (click === "cancel" && isFinal(state)) return `${id} is ${state} already; there is nothing to cancel.`;
  if (click === "retry" && state !== "failed" && state !== "cancelled")
    return `${id} is ${state}, so there is nothing to try again.`;
  return undefined;
}

/** A second click on the same, as in a double click: what the first one asked for waits or runs already. */
function underWay(click: Click, { deployment, newest }: ClickFacts): string | undefined {
  if (!deployment || !newest || newest.id === deployment.id || newest.createdAtMs < deployment.createdAtMs) return;
  if (isFinal(newest.state) || newest.askedBy === null) return;
  const wanted = wantedBy(click, deployment);
  const isSame =
    newest.trigger === wanted?.trigger &&
    newest.askedRelease === wanted.askedRelease &&
    newest.askedCommit === wanted.askedCommit &&
    newest.cleanCaches === wanted.cleanCaches;
  return isSame
    ? `${newest.id}, which ${newest.askedBy} asked for, does that already; it is ${newest.state}.`
    : undefined;
}

type Wanted = Pick<Deployment, "trigger" | "askedRelease" | "askedCommit" | "cleanCaches">;

/** The deployment that such a click asks for; null where it asks for none. */
function wantedBy(click: Click, deployment: Deployment): Wanted | null {
  const head = { trigger: "command", askedRelease: null, askedCommit: null, cleanCaches: false } as const;
  if (click === "deploy") return head;
  if (click === "rebuild") return { ...head, cleanCaches: true };
  if (click === "redeploy") return { ...head, trigger: "redeploy" };
  if (click !== "retry") return null;
  return publishesKept(deployment.trigger) ? deployment : { ...deployment, trigger: "command" };
}

function commandOf(verb: Verb, { click, value }: PlainClick, deployment: Deployment | null): Command {
  const target = click === "cancel" ? ({ kind: "deployment", id: value } as const) : null;
  const flags = { reason: null, forMs: null, isForced: false, isDryRun: false, isSure: false, about: null };
  return { verb, site: deployment?.site ?? value, target, ...flags };
}

/** The same once more: the kept release, the commit that was asked for by name, or else the head of the branch. */
function retry(facts: ClickFacts, failed: Deployment, { rules }: SiteSubject, what: string): Effect[] {
  const { trigger, askedRelease, askedCommit, cleanCaches, adopt, allowRemovals } = failed;
  const isKept = publishesKept(trigger);
  const verb = trigger === "rollback" ? "rollback" : isKept ? "redeploy" : "deploy";
  const target = askedRelease === null ? null : ({ kind: "hex", start: askedRelease } as const);
  const decided = { verb: verbDecidedBy({ verb, target }), isOwn: false };
  const verdictFor = (isForced: boolean) => authorize(facts.person, { ...decided, isForced }, rules, facts.workspace);
  // What was agreed to once is kept for those who may agree to it; of all others it asks again.
  const forced = adopt || allowRemovals ? verdictFor(true) : null;
  const verdict = forced?.allowed ? forced : verdictFor(false);
  if (!verdict.allowed) return deny(facts, { verb, site: rules.name, what }, verdict);
  const consent = forced?.allowed ? { adopt, allowRemovals } : { adopt: false, allowRemovals: false };
  const deed: Deed = !isKept
    ? { kind: "deploy", commit: askedCommit, cleanCaches, ...consent }
    : trigger === "rollback"
      ? { kind: "rollback", target, from: null, reason: null, ...consent }
      : { kind: "redeploy", target, ...consent };
  return act(facts, deed, { site: rules.name, verb, what, verdict });
}

/** Somebody agrees to what somebody else wants, or does not. Whoever may do it alone may agree. */
function secondPerson({ click, value }: PlainClick, facts: ClickFacts, { rules }: SiteSubject): Effect[] {
  const approves = click === "approve";
  const what = `${approves ? "approve" : "decline"} the request ${value.slice(0, 60)}`;
  const asked = { verb: "rollback", isOwn: false, isForced: false } as const;
  const verdict = authorize(facts.person, asked, rules, facts.workspace);
  if (!verdict.allowed) return deny(facts, { verb: approves ? "approve" : "decline", site: rules.name, what }, verdict);
  const by = { by: nameOf(facts.person), where: whereOf(facts), rule: verdict.rule };
  return [{ do: "second_person", site: rules.name, request: value, approves, ...by, to: facts.to }];
}

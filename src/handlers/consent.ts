/**
 * Somebody in Slack agrees to what a deployment was refused for, and asks for it once more. Whoever may not deploy the
 * site, or comes too late, is told why.
 */
import { type Consent, type Deployment, isFinal, publishesKept } from "../model/deployment.ts";
import type { Effect } from "../model/effect.ts";
import type { ClickEvent } from "../model/event.ts";
import { areTwo, nameOf, type People } from "../model/person.ts";
import { filesText } from "../model/quantities.ts";
import { refusalOf, type SiteHolds } from "../model/site.ts";
import { authorize, type SiteRules } from "./authorize.ts";
import { type Asking, deny, note, say } from "./commanding.ts";

export type ConsentFacts = Asking & {
  /** The deployment that is answered; null when the store knows none of that name. */
  readonly deployment: Deployment | null;
  /** The newest one of the same site that was ever to run. */
  readonly newest: Deployment | null;
  /** The site of both, as configured; null when it no longer is. */
  readonly site: { readonly rules: SiteRules; readonly branch: string; readonly holds: SiteHolds } | null;
  /** Whether the release that the deployment built is still there to be published. */
  readonly isBuilt: boolean;
  readonly people: People;
};

/** A click on one of the buttons that agree; `value` is the deployment that asks. */
export type ConsentClick = ClickEvent & { readonly click: Consent };

export function handleConsent(event: ConsentClick, facts: ConsentFacts): Effect[] {
  const { deployment, site } = facts;
  const verb = event.click === "adopt" ? "adopt" : "allow removals";
  const name = site?.rules.name ?? null;
  const entry = { verb, site: name, what: `${verb} for ${event.value.slice(0, 60)}` };
  const refused = (outcome: string): Effect[] => [
    ...say(facts, name, outcome),
    note(facts, { ...entry, rule: "state", result: "refused", outcome }),
  ];
  if (!deployment) return refused(`Slipway knows no deployment ${event.value}.`);
  if (!site) return refused(`The site ${deployment.site} is no longer in slipway.yaml.`);
  // The button asks by itself what --force asks for, so that a deployer may answer it; not where two people are needed.
  const isForced = site.rules.secondPerson;
  const verdict = authorize(facts.person, { verb: "deploy", isOwn: false, isForced }, site.rules, facts.workspace);
  if (!verdict.allowed) return deny(facts, entry, verdict);
  const refusal =
    alone(facts, deployment, site.rules) ?? tooLate(event, deployment, facts.newest) ?? onHold(deployment, site);
  if (refusal !== undefined) return refused(refusal);
  const outcome = promise(event, deployment);
  return [
    again(event, deployment, site, facts.isBuilt),
    ...say(facts, name, outcome),
    note(facts, { ...entry, rule: verdict.rule, result: "done", outcome }),
  ];
}

type SiteOfConsent = NonNullable<ConsentFacts["site"]>;

/** Where two people are needed, nobody agrees to what they asked for themselves. */
function alone(
  { person, people }: ConsentFacts,
  { askedBy }: Deployment,
  { name, secondPerson }: SiteRules,
): string | undefined {
  if (!secondPerson || askedBy === null) return undefined;
  const isOther = areTwo(people, askedBy, nameOf(person));
  if (isOther === true) return undefined;
  const needs = `${name} needs two people for this`;
  if (isOther === false) return `${needs}: somebody else than whoever asked for the deployment has to agree.`;
  return `${needs}, and nobody knows that ${askedBy} was not you: people.${person.slack?.user ?? ""}.github says so.`;
}

/** What happened meanwhile, where the question is not asked any more. */
function tooLate({ click: consent }: ConsentClick, asked: Deployment, newest: Deployment | null): string | undefined {
  if (newest && newest.id !== asked.id) {
    const by = newest.askedBy ? `, which ${newest.askedBy} asked for,` : "";
    return `This was overtaken: ${newest.id}${by} is newer, and ${now(newest)}.`;
  }
  if (asked.state !== "failed" || asked.consent?.needs !== consent) {
    return `${asked.id} does not ask for that: it ${now(asked)}.`;
  }
  return undefined;
}

function now({ state }: Deployment): string {
  if (state === "failed") return "has failed";
  return `${isFinal(state) && state !== "live" ? "was" : "is"} ${state}`;
}

/** As on the command line: whoever asks by name gets it on a paused site too, and nobody on a locked one. */
function onHold({ trigger }: Deployment, { rules, holds }: SiteOfConsent): string | undefined {
  const refusal = refusalOf(rules.name, holds, publishesKept(trigger) ? trigger : "command");
  return refusal === null ? undefined : `${refusal}.`;
}

/**
 * The same once more: the release that was built or kept, else the head of the branch or the same commit. What was agreed to before stays agreed to, or
 * else two questions about one release would take turns for ever.
 */
function again(
  { click: consent, actor, cause }: ConsentClick,
  asked: Deployment,
  site: SiteOfConsent,
  isBuilt: boolean,
): Effect {
  const isKept = publishesKept(asked.trigger);
  const isNamed = isKept || isBuilt || asked.askedCommit !== null;
  return {
    do: "deploy",
    site: site.rules.name,
    trigger: isKept ? asked.trigger : "command",
    cause,
    repoId: asked.repoId,
    repoName: asked.repoName,
    installationId: asked.installationId,
    branch: site.branch,
    // Which commit a build will be of is known when the branch's head is fetched.
    commit: isNamed ? asked.commit : "",
    author: isNamed ? asked.author : "",
    title: isNamed ? asked.title : "",
    askedRelease: asked.askedRelease,
    askedCommit: asked.askedCommit,
    cleanCaches: asked.cleanCaches,
    adopt: asked.adopt || consent === "adopt",
    allowRemovals: asked.allowRemovals || consent === "allowRemovals",
    askedBy: nameOf({ name: actor.name, slack: { user: actor.slackUser }, github: null }),
    ...(isBuilt && { goesOnWith: asked.id }),
  };
}

function promise({ click: consent }: ConsentClick, { site, consent: needed }: Deployment): string {
  const files = filesText(needed?.files ?? 0);
  const deed = consent === "adopt" ? `replaces ${files} of others` : `removes ${files}`;
  return `Thank you. ${site} is published again, and this time it ${deed}; a message of its own follows.`;
}

/**
 * Somebody in Slack agrees to what a deployment was refused for, and asks for it once more. Nobody may, unless the
 * site's `deployers` name them; and whoever may not, or comes too late, is told why.
 */
import { type Consent, type Deployment, isFinal, publishesKept } from "../model/deployment.ts";
import type { Effect } from "../model/effect.ts";
import type { ClickEvent } from "../model/event.ts";
import { nameOf } from "../model/person.ts";
import { filesText } from "../model/quantities.ts";
import { refusalOf, type SiteHolds } from "../model/site.ts";

export type ConsentFacts = {
  /** The deployment that is answered; null when the store knows none of that name. */
  readonly deployment: Deployment | null;
  /** The newest one of the same site that was ever to run. */
  readonly newest: Deployment | null;
  /** The site of both, as configured; null when it no longer is. */
  readonly site: {
    readonly name: string;
    readonly branch: string;
    readonly holds: SiteHolds;
    /** Slack ids of those who may deploy. */
    readonly deployers: readonly string[];
  } | null;
  /** The id of the channel in which the deployment's message stands; null when none does. */
  readonly channel: string | null;
  /** Whether the release that the deployment built is still there to be published. */
  readonly isBuilt: boolean;
};

/** What Slack calls people: "U" and "W" begin users, "S" a group (docs.slack.dev/reference/objects). */
const USER = /^[UW][A-Z0-9]+$/;

/** A click on one of the buttons that agree; `value` is the deployment that asks. */
export type ConsentClick = ClickEvent & { readonly click: Consent };

export function handleConsent(event: ConsentClick, facts: ConsentFacts): Effect[] {
  const { deployment, site } = facts;
  const answer = (text: string): Effect => {
    return { do: "answer", to: event.reply, site: site?.name ?? null, answer: { kind: "text", text } };
  };
  if (!deployment) return [answer(`Slipway knows no deployment ${event.value}.`)];
  if (!site) return [answer(`The site ${deployment.site} is no longer in slipway.yaml.`)];
  const refusal =
    refuse(event, site, facts.channel) ?? tooLate(event, deployment, facts.newest) ?? onHold(deployment, site);
  if (refusal !== undefined) return [answer(refusal)];
  return [again(event, deployment, site, facts.isBuilt), answer(promise(event, deployment))];
}

type SiteOfConsent = NonNullable<ConsentFacts["site"]>;

/** Why this person may not, or not here. */
function refuse({ actor }: ConsentClick, site: SiteOfConsent, channel: string | null): string | undefined {
  const key = `sites.${site.name}.deployers`;
  const advice = `Somebody who runs Slipway can add ${actor.slackUser} to ${key} in slipway.yaml and restart it.`;
  if (site.deployers.length === 0) return `Nobody may deploy ${site.name} from Slack yet. ${advice}`;
  if (!site.deployers.includes(actor.slackUser)) {
    const others = site.deployers.some((it) => !USER.test(it));
    const note = others ? " Only the ids of users (U…) count there; groups (S…) and names are not looked up." : "";
    return `You are not among those who may deploy ${site.name}.${note} ${advice}`;
  }
  if (channel === null || actor.channel !== channel) {
    return `This can be answered only on the message about ${site.name} in the channel that follows it.`;
  }
  return undefined;
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
function onHold({ trigger }: Deployment, { name, holds }: SiteOfConsent): string | undefined {
  const refusal = refusalOf(name, holds, publishesKept(trigger) ? trigger : "command");
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
    site: site.name,
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

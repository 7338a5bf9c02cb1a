/** Somebody clicks on a button of an alert: they have it, or want it silenced. How it stands is looked at anew. */

import type { Alert } from "../model/alert.ts";
import type { Effect } from "../model/effect.ts";
import type { AlertClick, ClickEvent } from "../model/event.ts";
import { nameOf, type Person } from "../model/person.ts";
import { durationText } from "../model/quantities.ts";
import { oneLine, utcText } from "../notify/wording/plain.ts";
import { authorize, type SiteRules, type Verdict } from "./authorize.ts";
import { type Asking, deny, note, say, whereOf } from "./commanding.ts";

/** Somebody's rules for an alert. */
export type AlertRules = {
  readonly rules: SiteRules;
  /** The site; null: what holds for the whole workspace. */
  readonly site: string | null;
  /** Whether it is this site's repository that GitHub was asked about. */
  readonly isLookedUp: boolean;
};

export type AlertClickFacts = Asking & {
  /** Null where nothing is known of it any more. */
  readonly alert: Alert | null;
  /** Of the sites that may be to blame, and of the workspace: whoever one of them lets may. */
  readonly rules: readonly AlertRules[];
  /** How long a silence lasts by slipway.yaml, in milliseconds; null: there is nobody to ask for one. */
  readonly silenceForMs: number | null;
  readonly isBeingSilenced: boolean;
};

export type AlertClickEvent = ClickEvent & { readonly click: AlertClick };

export function handleAlertClick(event: AlertClickEvent, facts: AlertClickFacts): Effect[] {
  const { click, value } = event;
  const { alert } = facts;
  const what = `the button ${click} for alert ${value.slice(0, 60)}`;
  const refuse = (outcome: string, site: string | null = null): Effect[] => [
    ...say(facts, site, outcome),
    note(facts, { verb: click, site, what, rule: "state", result: "refused", outcome }),
  ];
  if (alert === null) return refuse("Slipway knows nothing of this alert any more.");
  const { site, verdict } = decideBy(click, facts);
  if (!verdict.allowed) return deny(facts, { verb: click, site, what }, verdict);
  const refusal = click === "acknowledge" ? taken(alert, facts) : unsilenceable(alert, facts);
  if (refusal !== null) return refuse(refusal, site);
  const by = nameOf(facts.person);
  const { rule } = verdict;
  if (click === "acknowledge") {
    const outcome = `You have ${named(alert)}; its message says so.`;
    const done = note(facts, { verb: click, site, what, rule, result: "done", outcome });
    return [{ do: "acknowledge_alert", alert: alert.id, by }, ...say(facts, site, outcome), done];
  }
  const forMs = facts.silenceForMs ?? 0;
  const outcome = `Alertmanager is asked to silence ${named(alert)} for ${durationText(forMs)}. Its message says so once that is done.`;
  const asked = { by, forMs, to: facts.to, site, where: whereOf(facts), rule, what, cause: event.cause };
  return [
    { do: "silence_alert", alert: alert.id, ...asked },
    ...say(facts, site, outcome),
    note(facts, { verb: click, site, what, rule, result: "asked", outcome }),
  ];
}

/** By the first rules that let them; else by the first ones, which say who may. */
function decideBy(
  verb: AlertClick,
  { person, rules, workspace }: AlertClickFacts,
): { readonly site: string | null; readonly verdict: Verdict } {
  const verdicts = rules.map((it) => {
    const asked = { verb, isOwn: false, isForced: false };
    const verdict = authorize(it.isLookedUp ? person : withoutAccess(person), asked, it.rules, workspace);
    return { site: it.site, verdict };
  });
  const found = verdicts.find(({ verdict }) => verdict.allowed) ?? verdicts[0];
  if (!found) throw new Error("an alert is decided about by the rules of the workspace at least");
  return found;
}

/** What GitHub said of another repository says nothing of this one. */
function withoutAccess(person: Person): Person {
  return { ...person, github: person.github && { ...person.github, canWrite: null } };
}

/** Why nobody can take it; null where somebody can. */
function taken(alert: Alert, { person }: AlertClickFacts): string | null {
  const { state, acknowledged } = alert;
  if (state === "resolved") return isOver(alert);
  if (acknowledged === null) return null;
  const isOwn = acknowledged.by === nameOf(person);
  return `${isOwn ? "You have" : `${acknowledged.by} has`} ${named(alert)} already, since ${utcText(acknowledged.atMs)}.`;
}

/** Why it cannot be silenced; null where it can. */
function unsilenceable(alert: Alert, { silenceForMs, isBeingSilenced, askedAtMs }: AlertClickFacts): string | null {
  const { source, state, silenced } = alert;
  if (state === "resolved") return isOver(alert);
  if (silenced && silenced.untilMs > askedAtMs) {
    return `${named(alert)} is silenced already, until ${utcText(silenced.untilMs)}, by ${silenced.by}.`;
  }
  if (silenceForMs === null) return `Slipway is told no Alertmanager to ask: sources.${source}.silence is not set.`;
  return isBeingSilenced ? `Alertmanager is being asked already to silence ${named(alert)}.` : null;
}

const isOver = (alert: Alert) => `${named(alert)} is resolved already; there is nothing to do about it.`;

const named = ({ report }: Alert) => `“${oneLine(report.title, 100)}”`;

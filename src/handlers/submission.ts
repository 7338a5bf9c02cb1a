/**
 * Somebody sends the dialog that asks what to roll back to. What is wrong with it is told in the dialog, by the answer to
 * the request itself; what is right is done from the inbox, where the same is looked at once more.
 */
import type { Deed, Effect } from "../model/effect.ts";
import type { SubmissionEvent } from "../model/event.ts";
import { refusalOf } from "../model/site.ts";
import { authorize, type Verdict } from "./authorize.ts";
import { type Asking, act, deny, note, type SiteSubject, say } from "./commanding.ts";

export type SubmissionFacts = Asking & {
  readonly subject: SiteSubject | null;
  /** The release that is live by now. */
  readonly liveRelease: string | null;
  /** Whether the chosen release is still kept. */
  readonly isKept: boolean;
};

/** Which field of the dialog is wrong, and why; "state": whoever asks, it cannot be done. */
export type FieldError = {
  readonly field: "to" | "reason";
  readonly says: string;
  readonly rule: "state" | Extract<Verdict, { allowed: false }>["rule"];
};

const ROLLBACK = { verb: "rollback", isOwn: false, isForced: false } as const;

/** What the dialog has to show before it can be sent; null where nothing is wrong. */
export function fieldError({ site, from, to }: SubmissionEvent, facts: SubmissionFacts): FieldError | null {
  const { subject, liveRelease, isKept, person, workspace } = facts;
  const wrong = (says: string): FieldError => ({ field: "to", says, rule: "state" });
  if (!subject) return wrong(`The site ${site} is no longer in slipway.yaml.`);
  const verdict = authorize(person, ROLLBACK, subject.rules, workspace);
  if (!verdict.allowed) return { ...wrong(verdict.says), rule: verdict.rule };
  const refusal = refusalOf(site, subject.holds, "rollback");
  if (refusal !== null) return wrong(`${refusal}.`);
  if (liveRelease !== from) return wrong("Another release went live meanwhile. Close this dialog and look again.");
  if (to === liveRelease) return wrong("That release is the one that is live.");
  return isKept ? null : wrong("That release is no longer kept. Close this dialog and choose another one.");
}

export function handleSubmission(event: SubmissionEvent, facts: SubmissionFacts): Effect[] {
  const { site, from, to, reason } = event;
  const { subject, person, workspace } = facts;
  const what = `rollback ${site} ${to.slice(0, 12)}`;
  const verdict = subject && authorize(person, ROLLBACK, subject.rules, workspace);
  if (verdict && !verdict.allowed) return deny(facts, { verb: "rollback", site, what }, verdict);
  const error = fieldError(event, facts);
  if (error !== null || !verdict) {
    const outcome = error?.says ?? "";
    const entry = { verb: "rollback", site, what, rule: "state", result: "refused", outcome } as const;
    return [...say(facts, site, outcome), note(facts, entry)];
  }
  const deed: Deed = {
    kind: "rollback",
    target: { kind: "hex", start: to },
    from,
    reason: reason.trim() || null,
    adopt: false,
    allowRemovals: false,
  };
  return act(facts, deed, { site, verb: "rollback", what, verdict });
}

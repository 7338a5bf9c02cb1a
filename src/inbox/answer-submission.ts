/**
 * Forms the answer to a dialog that was sent: its field errors travel in there, and nowhere else. It comes after the
 * commit and knows only what is at hand, so that Slack is never kept waiting; the inbox looks at the same once more.
 */
import { fieldError, handleSubmission } from "../handlers/submission.ts";
import type { SubmissionEvent } from "../model/event.ts";
import { addAudit } from "../store/audit.ts";
import { reviveDelivery, settleDelivery } from "../store/deliveries.ts";
import type { Store } from "../store/store.ts";
import type { Work } from "../store/work.ts";
import { accessNeeded, submissionFacts } from "./asked-facts.ts";
import { knownPerson, type PeopleDeps } from "./look-up-person.ts";

/** Slack waits three seconds for everything together: docs.slack.dev/interactivity/handling-user-interaction. */
const WITHIN_MS = 1500;

export type AnswerDeps = PeopleDeps & { readonly store: Store };

/**
 * The body of the answer: "" closes the dialog, JSON shows what is wrong with a field. Where it shows something, the
 * delivery ends with that, so that the inbox does not do what the dialog says cannot be done.
 */
export async function answerSubmission(deps: AnswerDeps, event: SubmissionEvent, delivery: number): Promise<string> {
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve("");
    }, WITHIN_MS);
  });
  const formed = form(deps, event, delivery, () => isLate).then(async (body) => {
    // The commit took longer than Slack is kept waiting: nobody was shown anything, so it is the inbox that tells.
    if (isLate && body !== "") await deps.store.transact((tx) => reviveDelivery(tx, delivery));
    return body;
  });
  try {
    return await Promise.race([formed, late]);
  } finally {
    clearTimeout(timer);
  }
}

function form(deps: AnswerDeps, event: SubmissionEvent, delivery: number, isLate: () => boolean): Promise<string> {
  const { store, config } = deps;
  return store.transact(function* (tx): Work<string> {
    const access = yield* accessNeeded(tx, config, event, Object.hasOwn(config.sites, event.site) ? event.site : null);
    const asker = knownPerson(deps, event, access);
    // Who they are has to be asked first: the inbox does, and tells them in the channel.
    if (asker === null) return "";
    const facts = yield* submissionFacts(tx, config, event, asker);
    const error = fieldError(event, facts);
    if (error === null || isLate()) return "";
    // What is known of them may be old, and nobody is refused for that: the inbox asks first.
    if (error.rule !== "state") return "";
    const outcome = `the dialog showed: ${error.says}`;
    // The inbox has begun already, so it is the inbox that tells.
    if (!(yield* settleDelivery(tx, delivery, { outcome: [outcome], nowMs: Date.now() }))) return "";
    for (const effect of handleSubmission(event, facts)) if (effect.do === "audit") yield* addAudit(tx, effect.entry);
    return JSON.stringify({ response_action: "errors", errors: { [error.field]: error.says.slice(0, 500) } });
  });
}

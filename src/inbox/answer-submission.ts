/**
 * Forms the answer to a dialog that was sent: its field errors travel in there, and nowhere else. It comes after the
 * commit and knows only what is at hand, so that Slack is never kept waiting; the inbox looks at the same once more.
 */
import { fieldError } from "../handlers/submission.ts";
import type { SubmissionEvent } from "../model/event.ts";
import { settleDelivery } from "../store/deliveries.ts";
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
  try {
    return await Promise.race([form(deps, event, delivery, () => isLate), late]);
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
    const error = fieldError(event, yield* submissionFacts(tx, config, event, asker));
    if (error === null || isLate()) return "";
    const outcome = `the dialog showed: ${error.says}`;
    // The inbox has begun already, so it is the inbox that tells.
    if (!(yield* settleDelivery(tx, delivery, { outcome: [outcome], nowMs: Date.now() }))) return "";
    return JSON.stringify({ response_action: "errors", errors: { [error.field]: error.says.slice(0, 500) } });
  });
}

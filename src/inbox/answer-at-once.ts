/** Which deliveries are answered with more than "taken", and by whom: dialogs of Slack's, so far. */
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { readSubmission } from "../slack/reader.ts";
import { type AnswerDeps, answerSubmission } from "./answer-submission.ts";
import type { AnswerAtOnce } from "./intake.ts";

/** Creates what forms such answers. Where that fails, the inbox says what there is to say. */
export function createAnswerAtOnce(deps: AnswerDeps & { readonly log: Log }): AnswerAtOnce {
  return async ({ source, event, body }, { id, receivedAtMs }) => {
    if (source !== "slack" || event !== "view_submission") return "";
    try {
      const submission = readSubmission(body, receivedAtMs);
      return submission ? await answerSubmission(deps, submission, id) : "";
    } catch (error) {
      deps.log.warn({ error: describeError(error) }, "a dialog was not looked at before it was answered");
      return "";
    }
  };
}

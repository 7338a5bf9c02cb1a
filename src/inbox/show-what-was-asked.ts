/** Shows somebody what they may see and asked for, as it stands in the delivery's transaction. */
import {
  auditAnswer,
  diffAnswer,
  logsAnswer,
  releasesAnswer,
  rollbackModal,
  statusAnswer,
} from "../commands/site-answers.ts";
import { describeError, PermanentError } from "../errors.ts";
import type { Answer } from "../model/answer.ts";
import type { Effect, Look } from "../model/effect.ts";
import { tellAnswer, tellModal } from "../notify/tell.ts";
import { sentence } from "../notify/wording/plain.ts";
import { addAudit } from "../store/audit.ts";
import type { Tx, Work } from "../store/work.ts";
import type { EffectDeps, Moment } from "./moment.ts";

type LookEffect = Extract<Effect, { do: "look" }>;

const MAX_RELEASES = 20;
const MAX_ENTRIES = 20;

/** Answers with the sentence for the delivery's record. */
export function* showWhatWasAsked(tx: Tx, deps: EffectDeps, effect: LookEffect, moment: Moment): Work<string> {
  const { look, to, entry } = effect;
  const site = "site" in look ? look.site : null;
  const answer = yield* look.kind === "rollback"
    ? dialog(tx, deps, effect, look, moment)
    : answerTo(tx, deps, look, moment);
  // Words alone are why there is nothing to see.
  yield* addAudit(tx, answer?.kind === "text" ? { ...entry, result: "refused", outcome: answer.text } : entry);
  if (answer === null) return `opened the dialog for ${site}`;
  yield* tellAnswer(tx, { to, site, answer }, moment.cause, moment.nowMs);
  return `showed ${to.user} ${look.kind}`;
}

function* answerTo(
  tx: Tx,
  { config, telling }: EffectDeps,
  look: Exclude<Look, { kind: "rollback" }>,
  { nowMs }: Moment,
): Work<Answer> {
  try {
    switch (look.kind) {
      case "status": {
        const answer = yield* statusAnswer(tx, config, { sites: look.sites, nowMs });
        // The delivery that asks is not done before it is answered, and is nobody's backlog.
        const health = { ...answer.health, waiting: Math.max(0, answer.health.waiting - 1) };
        return { ...answer, health };
      }
      case "releases":
        return yield* releasesAnswer(tx, look.site, MAX_RELEASES);
      case "logs":
        return yield* logsAnswer(tx, telling, look);
      case "diff":
        return yield* diffAnswer(tx, look.site, look.target);
      case "audit":
        return yield* auditAnswer(tx, look.site, MAX_ENTRIES);
    }
  } catch (error) {
    return refusal(error, "site" in look ? look.site : null);
  }
}

/** Opens the dialog, or answers with the button that opens it, or with why there is nothing to roll back to. */
function* dialog(
  tx: Tx,
  { config }: EffectDeps,
  { to }: LookEffect,
  look: Extract<Look, { kind: "rollback" }>,
  moment: Moment,
): Work<Answer | null> {
  const { site, target, reason, triggerId, askedAtMs } = look;
  const modal = yield* rollbackModal(tx, config, site, target, to);
  if (typeof modal === "string") return { kind: "text", text: sentence(modal, site) };
  if (triggerId === null) {
    const chosen = modal.choices.find(({ id }) => id === modal.chosen);
    const from = modal.from ? `from ${modal.from.commit.slice(0, 7)} ` : "";
    const text = `Roll back ${site} ${from}to ${chosen?.commit.slice(0, 7) ?? "an earlier release"}?`;
    return { kind: "offer_rollback", site, release: modal.chosen, text };
  }
  yield* tellModal(tx, { triggerId, modal: { ...modal, reason }, askedAtMs }, moment.cause, moment.nowMs);
  return null;
}

function refusal(error: unknown, site: string | null): Answer {
  if (!(error instanceof PermanentError)) throw error;
  return { kind: "text", text: sentence(describeError(error), site) };
}

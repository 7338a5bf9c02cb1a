/** Does what somebody may do and asked for, inside the delivery's transaction: the deed, the answer, the line in the audit log. */
import { operate } from "../commands/operate.ts";
import { answerSecondPerson, askSecondPerson } from "../commands/second-person.ts";
import { describeError, PermanentError } from "../errors.ts";
import type { AuditEntry } from "../model/answer.ts";
import type { Effect } from "../model/effect.ts";
import { tellAnswer } from "../notify/tell.ts";
import { sentence } from "../notify/wording/plain.ts";
import { addAudit } from "../store/audit.ts";
import type { Tx, Work } from "../store/work.ts";
import type { EffectDeps, Moment } from "./moment.ts";

type Asked = Extract<Effect, { do: "operate" | "ask_second_person" | "second_person" }>;

/** Answers with the sentence for the delivery's record. What is refused changes nothing but that. */
export function* doWhatWasAsked(tx: Tx, deps: EffectDeps, effect: Asked, moment: Moment): Work<string> {
  const { verb, what } = describe(effect);
  let end: Pick<AuditEntry, "result" | "outcome" | "deployment" | "site">;
  const { site } = effect;
  try {
    const done = yield* perform(tx, deps, effect, moment);
    const result = effect.do === "ask_second_person" ? "asked" : "done";
    end = { result, outcome: sentence(done.says, done.site), deployment: done.deployment, site: done.site };
  } catch (error) {
    // Refusals come before anything is written.
    if (!(error instanceof PermanentError)) throw error;
    end = { result: "refused", outcome: sentence(describeError(error), site), deployment: null, site };
  }
  if (effect.to !== null) {
    const answer = { kind: "text", text: end.outcome } as const;
    yield* tellAnswer(tx, { to: effect.to, site: end.site, answer }, moment.cause, moment.nowMs);
  }
  const { by: who, where, rule } = effect;
  yield* addAudit(tx, { atMs: moment.nowMs, who, where, verb, what, rule, ...end });
  return `${end.result} ${what}: ${end.outcome}`;
}

type Done = { readonly site: string; readonly says: string; readonly deployment: string | null };

function* perform(tx: Tx, deps: EffectDeps, effect: Asked, moment: Moment): Work<Done> {
  switch (effect.do) {
    case "operate": {
      const { says, deployment } = yield* operate(tx, deps, effect.deed, effect, moment);
      return { site: effect.site, says, deployment };
    }
    case "ask_second_person": {
      const { says } = yield* askSecondPerson(tx, deps, effect, moment);
      return { site: effect.site, says, deployment: null };
    }
    case "second_person": {
      const { says, deployment, request } = yield* answerSecondPerson(tx, deps, effect, moment);
      return { site: request.site, says, deployment };
    }
  }
}

function describe(effect: Asked): { verb: string; what: string } {
  if (effect.do !== "second_person") return effect;
  const verb = effect.approves ? "approve" : "decline";
  return { verb, what: `${verb} the request ${effect.request.slice(0, 60)}` };
}

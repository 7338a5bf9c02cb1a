/** Saves effects, in the transaction that finishes the delivery they came from. Answers with what became of each. */
import type { Effect } from "../model/effect.ts";
import { deploymentId } from "../model/id.ts";
import { type Telling, tellAnswer, tellDeployment, tellNotice } from "../notify/tell.ts";
import { queueDeployment } from "../store/deployments.ts";
import { bindSite, pauseSite, rememberRepository, resumeSite } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";

/** Time and chance, taken once before the transaction. `cause` names the delivery. */
export type Moment = { readonly nowMs: number; readonly random: () => number; readonly cause: string };

/** Applies the effects in order; the sentences go into the delivery's record. */
export function* applyEffects(tx: Tx, telling: Telling, effects: readonly Effect[], moment: Moment): Work<string[]> {
  const outcome: string[] = [];
  for (const [index, effect] of effects.entries()) {
    const sentence = yield* applyEffect(tx, telling, effect, { ...moment, cause: `${moment.cause}.${index}` });
    if (sentence) outcome.push(sentence);
  }
  return outcome;
}

function* applyEffect(tx: Tx, telling: Telling, effect: Effect, moment: Moment): Work<string | undefined> {
  switch (effect.do) {
    case "deploy": {
      const { do: _, ...wanted } = effect;
      const id = deploymentId(moment.nowMs, moment.random());
      const { deployment, isNew, superseded, answered } = yield* queueDeployment(tx, { ...wanted, id }, moment.nowMs);
      if (!isNew) return `skipped ${effect.site}: the same ${effect.trigger} is deployment ${deployment.id} already`;
      for (const older of [superseded, answered]) if (older) yield* tellDeployment(tx, telling, older, moment);
      yield* tellDeployment(tx, telling, deployment, moment);
      return `queued deployment ${id} of ${effect.site}`;
    }
    case "skip":
      return `skipped${effect.site ? ` ${effect.site}` : ""}: ${effect.reason}`;
    case "remember_repository":
      yield* rememberRepository(tx, {
        id: effect.repoId,
        name: effect.repoName,
        installationId: effect.installationId,
      });
      return undefined;
    case "bind_site":
      yield* bindSite(tx, effect.site, { id: effect.repoId, boundAs: effect.boundAs });
      return undefined;
    case "pause_site":
      yield* pauseSite(tx, effect.site, effect.reason);
      return `paused ${effect.site}: ${effect.reason}`;
    case "resume_site":
      yield* resumeSite(tx, effect.site);
      return `resumed ${effect.site}`;
    case "notice":
      yield* tellNotice(tx, telling, effect.notice, moment.cause, moment.nowMs);
      return `told: ${effect.notice.about}`;
    case "answer":
      yield* tellAnswer(tx, effect, moment.cause, moment.nowMs);
      return `answered ${effect.user}: ${effect.text}`;
  }
}

/** Saves effects, in the transaction that finishes the delivery they came from. Answers with what became of each. */
import { acknowledgeAlert } from "../commands/acknowledge-alert.ts";
import { wishSilence } from "../commands/silence-alert.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Effect } from "../model/effect.ts";
import { deploymentId } from "../model/id.ts";
import { type Telling, tellAnswer, tellDeployment, tellNotice } from "../notify/tell.ts";
import { tellAlert } from "../notify/tell-alert.ts";
import { tellCiRun } from "../notify/tell-ci.ts";
import { tellNote } from "../notify/tell-note.ts";
import { addAudit } from "../store/audit.ts";
import { endIncidentsOf, rememberEnvironment } from "../store/ci.ts";
import { collectContent } from "../store/collect-content.ts";
import { reviveDelivery } from "../store/deliveries.ts";
import { queueDeployment } from "../store/deployments.ts";
import { insertSkipped } from "../store/insert-deployment.ts";
import { settleWaiting } from "../store/settle-waiting.ts";
import { bindSite, rememberRepository, setGithubPause } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { doWhatWasAsked } from "./do-what-was-asked.ts";
import type { EffectDeps, Moment } from "./moment.ts";
import { showWhatWasAsked } from "./show-what-was-asked.ts";

/** Applies the effects in order; the sentences go into the delivery's record. */
export function* applyEffects(tx: Tx, deps: EffectDeps, effects: readonly Effect[], moment: Moment): Work<string[]> {
  const outcome: string[] = [];
  for (const [index, effect] of effects.entries()) {
    const sentence = yield* applyEffect(tx, deps, effect, { ...moment, cause: `${moment.cause}.${index}` });
    if (sentence) outcome.push(sentence);
  }
  return outcome;
}

function* applyEffect(tx: Tx, deps: EffectDeps, effect: Effect, moment: Moment): Work<string | undefined> {
  const { telling } = deps;
  switch (effect.do) {
    case "deploy": {
      const { do: _, ...wanted } = effect;
      const id = deploymentId(moment.nowMs, moment.random());
      const { deployment, isNew, older } = yield* queueDeployment(tx, { ...wanted, id }, moment.nowMs);
      if (!isNew) return `skipped ${effect.site}: the same ${effect.trigger} is deployment ${deployment.id} already`;
      yield* tellAll(tx, telling, [...older, deployment], moment);
      return queued(deployment);
    }
    case "deploy_content": {
      const { do: _, ...wanted } = effect;
      const id = deploymentId(moment.nowMs, moment.random());
      const { deployment, kind, older } = yield* collectContent(tx, { ...wanted, id }, moment.nowMs);
      if (kind === "known") return `skipped ${effect.site}: the same change is in deployment ${deployment.id} already`;
      // What it collects is told when it begins: nobody wants a message edited for every save.
      if (kind === "joined") return `added to deployment ${deployment.id} of ${effect.site}: ${deployment.title}`;
      yield* tellAll(tx, telling, [...older, deployment], moment);
      return queued(deployment);
    }
    case "skip_deployment": {
      const { do: _, reason, ...wanted } = effect;
      const id = deploymentId(moment.nowMs, moment.random());
      const deployment = yield* insertSkipped(tx, { ...wanted, id }, reason, moment.nowMs);
      if (!deployment) return `skipped ${effect.site}: the same ${effect.trigger} is recorded already`;
      yield* tellDeployment(tx, telling, deployment, moment);
      return `recorded deployment ${id} of ${effect.site} as skipped: ${reason}`;
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
      yield* setGithubPause(tx, effect.site, effect.reason);
      yield* tellAll(tx, telling, yield* settleWaiting(tx, effect.site, moment.nowMs), moment);
      return `paused ${effect.site}: ${effect.reason}`;
    case "resume_site":
      yield* setGithubPause(tx, effect.site, null);
      yield* tellAll(tx, telling, yield* settleWaiting(tx, effect.site, moment.nowMs), moment);
      return `resumed ${effect.site}`;
    case "notice":
      yield* tellNotice(tx, telling, effect.notice, moment.cause, moment.nowMs);
      return `told: ${effect.notice.about}`;
    case "answer":
      yield* tellAnswer(tx, effect, moment.cause, moment.nowMs);
      return `answered ${effect.to.user}`;
    case "look":
      return yield* showWhatWasAsked(tx, deps, effect, moment);
    case "operate":
    case "ask_second_person":
    case "second_person":
      return yield* doWhatWasAsked(tx, deps, effect, moment);
    case "audit":
      yield* addAudit(tx, effect.entry);
      return effect.entry.result === "done"
        ? undefined
        : `${effect.entry.result} ${effect.entry.what}: ${effect.entry.outcome}`;
    case "alert":
      return yield* tellAlert(tx, telling, effect, moment);
    case "run_delivery":
      yield* reviveDelivery(tx, effect.delivery, effect.by);
      return `released delivery ${effect.delivery}: ${effect.by} wants it worked off`;
    case "acknowledge_alert": {
      const isNews = yield* acknowledgeAlert(tx, telling, effect, moment);
      return `${isNews ? "noted" : "skipped"}: ${effect.by} has alert ${effect.alert}`;
    }
    case "silence_alert": {
      const isAsked = yield* wishSilence(tx, effect, moment);
      return `${isAsked ? "noted" : "skipped"}: ${effect.by} wants alert ${effect.alert} silenced`;
    }
    case "note":
      return yield* tellNote(tx, telling, effect, moment);
    case "ci_run":
      return yield* tellCiRun(tx, telling, effect, moment);
    case "forget_branch": {
      const ended = yield* endIncidentsOf(tx, effect);
      return ended === 0 ? undefined : `noted: ${effect.branch.slice(0, 100)} is gone, where CI was broken`;
    }
    case "remember_environment":
      yield* rememberEnvironment(tx, effect, moment.nowMs);
      return `skipped: noted that run ${effect.runId} deploys to ${effect.environment}`;
  }
}

function* tellAll(tx: Tx, telling: Telling, deployments: readonly Deployment[], moment: Moment): Work<void> {
  for (const deployment of deployments) yield* tellDeployment(tx, telling, deployment, moment);
}

function queued({ id, site, state, reason }: Deployment): string {
  return `${state} deployment ${id} of ${site}${reason === null ? "" : `: ${reason}`}`;
}

/** One event → its handler, with the facts that this handler looks at. The table of what Slipway reacts to. */
import type { Config } from "../config/schema.ts";
import { handleCi, handleRunEnvironment } from "../handlers/ci.ts";
import { type ConsentClick, handleConsent } from "../handlers/consent.ts";
import { handleContentChanged } from "../handlers/content.ts";
import { handleInstallation } from "../handlers/installation.ts";
import { handlePush } from "../handlers/push.ts";
import { handleRepository } from "../handlers/repository.ts";
import { handleWorkflowRun } from "../handlers/workflow-run.ts";
import type { Effect } from "../model/effect.ts";
import type { Event } from "../model/event.ts";
import type { Tx, Work } from "../store/work.ts";
import { activeOn, afterFacts, ciFacts, consentFacts, contentFacts, knownRepositories, siteFacts } from "./facts.ts";

export function* decide(tx: Tx, config: Config, event: Event): Work<Effect[]> {
  switch (event.type) {
    case "push": {
      const sites = yield* siteFacts(tx, config);
      const ci = yield* afterFacts(tx, sites, { ...event, commit: event.after, runId: null });
      return handlePush(event, { sites, activeOnCommit: yield* activeOn(tx, sites, event.after), ci });
    }
    case "workflow_run": {
      const sites = yield* siteFacts(tx, config);
      const ci = yield* afterFacts(tx, sites, { ...event, commit: event.headSha });
      const facts = yield* ciFacts(tx, config, sites, event);
      return [...handleCi(event, facts), ...handleWorkflowRun(event, { sites, ci })];
    }
    case "run_environment":
      return handleRunEnvironment(event, { sites: yield* siteFacts(tx, config), rules: config.ci });
    case "repository_changed":
      return handleRepository(event, { sites: yield* siteFacts(tx, config) });
    case "installation":
      return handleInstallation(event, {
        sites: yield* siteFacts(tx, config),
        known: yield* knownRepositories(tx, event),
      });
    case "click":
      return handleConsent(event as ConsentClick, yield* consentFacts(tx, config, event.value));
    case "content_changed":
      return handleContentChanged(event, yield* contentFacts(tx, config, event));
    case "words":
    case "submission":
    case "check_run":
      return [{ do: "skip", site: null, reason: `${event.type} is not understood yet` }];
    case "ping":
      return [{ do: "skip", site: null, reason: "ping: the webhook works" }];
    case "ignored":
      return [{ do: "skip", site: null, reason: event.reason }];
  }
}

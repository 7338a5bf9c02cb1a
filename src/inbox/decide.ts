/** One event → its handler, with the facts that this handler looks at. The table of what Slipway reacts to. */
import type { Config } from "../config/schema.ts";
import { handleAlertClick } from "../handlers/alert-click.ts";
import { handleAlerts } from "../handlers/alerts.ts";
import { handleCheckRun } from "../handlers/check-run.ts";
import { handleCi, handleRunEnvironment } from "../handlers/ci.ts";
import { handleClick } from "../handlers/click.ts";
import { handleConsent } from "../handlers/consent.ts";
import { handleContentChanged } from "../handlers/content.ts";
import { handleDeployAsked } from "../handlers/deploy-asked.ts";
import { handleGitPush } from "../handlers/git-push.ts";
import { handleInstallation } from "../handlers/installation.ts";
import { handleNote } from "../handlers/note.ts";
import { handlePush } from "../handlers/push.ts";
import { handleRepository } from "../handlers/repository.ts";
import { handleRunClick } from "../handlers/run-click.ts";
import { handleSubmission } from "../handlers/submission.ts";
import { handleWords } from "../handlers/words.ts";
import { handleWorkflowRun } from "../handlers/workflow-run.ts";
import type { Effect } from "../model/effect.ts";
import type { Event } from "../model/event.ts";
import { lockSite } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { alertClickFacts } from "./alert-click-facts.ts";
import {
  checkRunFacts,
  clickFacts,
  consentFacts,
  siteAskedAbout,
  submissionFacts,
  wordsFacts,
  wordsOf,
} from "./asked-facts.ts";
import { activeOn, afterFacts, ciFacts, contentFacts, knownRepositories, siteFacts } from "./facts.ts";
import { type Asker, type AskingEvent, isAsking } from "./look-up-person.ts";
import { runClickFacts } from "./run-click-facts.ts";
import { alertsFacts, gitPushFacts, noteFacts } from "./source-facts.ts";

/** `asker` is whoever asks, where somebody does; `nowMs` is the time of the transaction. */
export function* decide(
  tx: Tx,
  config: Config,
  event: Event,
  { asker, nowMs }: { readonly asker: Asker | null; readonly nowMs: number },
): Work<Effect[]> {
  if (isAsking(event)) {
    if (asker === null) throw new Error("nobody was looked up");
    return yield* decideFor(tx, config, event, { asker, nowMs });
  }
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
    case "content_changed":
      return handleContentChanged(event, yield* contentFacts(tx, config, event));
    case "git_push":
      return handleGitPush(event, yield* gitPushFacts(tx, config, event));
    case "deploy_asked":
      return handleDeployAsked(event, yield* contentFacts(tx, config, event));
    case "alerts":
      return handleAlerts(event, alertsFacts(config, event));
    case "note":
      return handleNote(event, noteFacts(config, event));
    case "ping":
      return [{ do: "skip", site: null, reason: "ping: the webhook works" }];
    case "ignored":
      return [{ do: "skip", site: null, reason: event.reason }];
  }
}

/** What somebody asks for, with what is known of them. */
function* decideFor(
  tx: Tx,
  config: Config,
  event: AskingEvent,
  { asker, nowMs }: { readonly asker: Asker; readonly nowMs: number },
): Work<Effect[]> {
  const site = yield* siteAskedAbout(tx, config, event, asker.person.slack?.conversation ?? null);
  if (site !== null) yield* lockSite(tx, site);
  switch (event.type) {
    case "words":
      return handleWords(yield* wordsFacts(tx, config, event, asker));
    case "click": {
      const { click } = event;
      if (click === "choose") return handleWords(yield* wordsFacts(tx, config, wordsOf(event), asker));
      if (click === "adopt" || click === "allowRemovals") {
        return handleConsent({ ...event, click }, yield* consentFacts(tx, config, event, asker));
      }
      if (click === "run") return handleRunClick(event, yield* runClickFacts(tx, config, event, asker));
      if (click === "acknowledge" || click === "silence") {
        return handleAlertClick({ ...event, click }, yield* alertClickFacts(tx, config, event, asker));
      }
      return handleClick({ ...event, click }, yield* clickFacts(tx, config, event, asker));
    }
    case "submission":
      return handleSubmission(event, yield* submissionFacts(tx, config, event, asker));
    case "check_run":
      return handleCheckRun(event, yield* checkRunFacts(tx, config, event, asker, nowMs));
  }
}

/** The facts that people's commands are decided by: which site is meant, who may do what there, and how it stands. */
import { findActive } from "../commands/cancel-deployment.ts";
import { type Parsed, parseWords } from "../commands/words/parse-words.ts";
import type { Config } from "../config/schema.ts";
import { isChannelOf, rulesOf, type SiteRules } from "../handlers/authorize.ts";
import type { CheckRunFacts } from "../handlers/check-run.ts";
import type { ClickFacts } from "../handlers/click.ts";
import { type Asking, type SiteSubject, sitesSeen } from "../handlers/commanding.ts";
import type { ConsentFacts } from "../handlers/consent.ts";
import type { SubmissionFacts } from "../handlers/submission.ts";
import type { WordsFacts } from "../handlers/words.ts";
import type { CommandTarget } from "../model/command.ts";
import type { Deployment } from "../model/deployment.ts";
import type { CheckRunEvent, ClickEvent, SubmissionEvent, WordsEvent } from "../model/event.ts";
import type { SlackConversation } from "../model/person.ts";
import { hasBuilt } from "../store/built-releases.ts";
import { newestDeployment } from "../store/consent.ts";
import { findDeployment } from "../store/deployments.ts";
import { findDeploymentByMessage } from "../store/find-message.ts";
import { listReleases } from "../store/releases.ts";
import { findRequest } from "../store/requests.ts";
import { findSite, repositoryOf } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { alertOfButton, sitesOfAlert } from "./alert-click-facts.ts";
import { askingOf } from "./asking.ts";
import type { Asker, AskingEvent, NeededAccess } from "./look-up-person.ts";

/** Where somebody asks, as far as it is known. */
type Here = Pick<SlackConversation, "id" | "name"> | null;

/**
 * The site that an event is about; null where it is about none, or that is still to be said. `here` is the conversation,
 * once it was looked up: before that a channel that slipway.yaml calls by its name is not recognised.
 */
export function* siteAskedAbout(tx: Tx, config: Config, event: AskingEvent, here: Here = null): Work<string | null> {
  const site = yield* siteNamed(tx, config, event, here);
  return site !== null && Object.hasOwn(config.sites, site) ? site : null;
}

function* siteNamed(tx: Tx, config: Config, event: AskingEvent, here: Here): Work<string | null> {
  switch (event.type) {
    case "submission":
      return event.site;
    case "check_run":
      return (yield* findDeployment(tx, event.deployment))?.site ?? null;
    case "click":
      return yield* siteOfButton(tx, config, event);
    case "words":
      return yield* siteOfWords(tx, config, event, here);
  }
}

function* siteOfButton(tx: Tx, config: Config, event: ClickEvent): Work<string | null> {
  const { click, value } = event;
  if (click === "choose") return yield* siteOfWords(tx, config, wordsOf(event), null);
  if (click === "run") return null;
  if (click === "approve" || click === "decline") return (yield* findRequest(tx, value))?.site ?? null;
  if (click === "acknowledge" || click === "silence") {
    const alert = yield* alertOfButton(tx, event);
    return (alert && sitesOfAlert(config, alert)[0]) ?? null;
  }
  if (Object.hasOwn(config.sites, value)) return value;
  return (yield* findDeployment(tx, value))?.site ?? null;
}

/** A button that chooses a site says the command that it stands for. */
export function wordsOf(event: ClickEvent): WordsEvent {
  return { ...event, type: "words", text: event.value, via: "command" };
}

/** The one that is named; else the one whose message the thread is about; else the only one that the channel follows. */
function* siteOfWords(tx: Tx, config: Config, event: WordsEvent, here: Here): Work<string | null> {
  const parsed = parse(config, event.text);
  if (parsed.kind === "unclear") return null;
  const { site, target } = parsed.command;
  if (site !== null) return site;
  if (target?.kind === "deployment") return (yield* findDeployment(tx, target.id))?.site ?? null;
  const { thread } = event.reply;
  const id =
    thread === null
      ? undefined
      : yield* findDeploymentByMessage(tx, { channel: event.actor.channel, ts: thread }, event.askedAtMs);
  const inThread = id === undefined ? undefined : yield* findDeployment(tx, id);
  if (inThread) return inThread.site;
  const names = Object.keys(config.sites);
  const place = here ?? { id: event.actor.channel, name: null };
  const followed = names.filter((name) => {
    const channel = config.sites[name]?.channel;
    return channel !== undefined && isChannelOf(place, { channels: [channel] });
  });
  const [only, other] = followed.length > 0 ? followed : names;
  return only !== undefined && other === undefined ? only : null;
}

/** The repository that whoever asks has to be able to write to. What is clicked on GitHub always needs that. */
export function* accessNeeded(tx: Tx, config: Config, event: AskingEvent, site: string | null): Work<NeededAccess> {
  const configured = site === null ? undefined : config.sites[site];
  if (site === null || !configured) return null;
  if (event.type !== "check_run" && !configured.githubWrite) return null;
  const { repoName, installationId } = yield* repositoryOf(tx, site, configured.repo);
  return { repoName, installationId };
}

const parse = (config: Config, text: string) => parseWords(text, { sites: Object.keys(config.sites) });

const allRules = (config: Config): SiteRules[] => Object.keys(config.sites).map((name) => rulesOf(config, name));

function* subjectOf(
  tx: Tx,
  config: Config,
  site: string | null,
  target: CommandTarget | null,
): Work<SiteSubject | null> {
  const configured = site === null ? undefined : config.sites[site];
  if (site === null || !configured) return null;
  const { githubPause = null, paused = null, locked = null } = (yield* findSite(tx, site)) ?? {};
  const holds = { githubPause, paused, locked };
  const deployment = yield* deploymentMeant(tx, site, target);
  return { rules: rulesOf(config, site), holds, branch: configured.branch, deployment };
}

/** The one that is named; else the one that would be cancelled without a name. */
function* deploymentMeant(tx: Tx, site: string, target: CommandTarget | null): Work<Deployment | null> {
  if (target?.kind === "deployment") {
    const named = yield* findDeployment(tx, target.id);
    return named?.site === site ? named : null;
  }
  return (yield* findActive(tx, site)) ?? null;
}

export function* wordsFacts(tx: Tx, config: Config, event: WordsEvent, asker: Asker): Work<WordsFacts> {
  const asking = askingOf(config, event, asker, event.askedAtMs);
  const rules = allRules(config);
  const parsed = parseFor(asking, rules, event.text);
  const site = yield* siteAskedAbout(tx, config, event, asker.person.slack?.conversation ?? null);
  const target = parsed.kind === "command" ? parsed.command.target : null;
  const subject = yield* subjectOf(tx, config, site, target);
  return { ...asking, parsed, rules, subject };
}

/** What is not understood is answered with what may have been meant: no site that they may not see is among that. */
function parseFor(asking: Asking, rules: readonly SiteRules[], text: string): Parsed {
  const parsed = parseWords(text, { sites: rules.map(({ name }) => name) });
  if (parsed.kind === "command") return parsed;
  const again = parseWords(text, { sites: sitesSeen(asking, rules) });
  return again.kind === "unclear" ? again : { kind: "unclear", says: "That was not understood.", suggestion: "help" };
}

export function* clickFacts(tx: Tx, config: Config, event: ClickEvent, asker: Asker): Work<ClickFacts> {
  const site = yield* siteAskedAbout(tx, config, event);
  const deployment = (yield* findDeployment(tx, event.value)) ?? null;
  const target = deployment && ({ kind: "deployment", id: deployment.id } as const);
  const subject = yield* subjectOf(tx, config, site, target);
  const liveDeployment = site === null ? null : ((yield* findSite(tx, site))?.liveDeployment ?? null);
  const newest = site === null ? null : ((yield* newestDeployment(tx, site)) ?? null);
  return { ...askingOf(config, event, asker, event.askedAtMs), subject, deployment, liveDeployment, newest };
}

/** The deployment that a click agrees to, its site, and whether what it built can still be published. */
export function* consentFacts(tx: Tx, config: Config, event: ClickEvent, asker: Asker): Work<ConsentFacts> {
  const asking = { ...askingOf(config, event, asker, event.askedAtMs), people: config.people };
  const deployment = (yield* findDeployment(tx, event.value)) ?? null;
  if (!deployment) return { ...asking, deployment, newest: null, site: null, isBuilt: false };
  const newest = (yield* newestDeployment(tx, deployment.site)) ?? null;
  const site = yield* subjectOf(tx, config, deployment.site, null);
  return { ...asking, deployment, newest, site, isBuilt: yield* hasBuilt(tx, deployment.id) };
}

export function* submissionFacts(tx: Tx, config: Config, event: SubmissionEvent, asker: Asker): Work<SubmissionFacts> {
  const subject = yield* subjectOf(tx, config, event.site, null);
  const liveRelease = (yield* findSite(tx, event.site))?.liveRelease ?? null;
  const isKept = (yield* listReleases(tx, event.site)).some(({ id }) => id === event.to);
  return { ...askingOf(config, event, asker, event.askedAtMs), subject, liveRelease, isKept };
}

export function* checkRunFacts(
  tx: Tx,
  config: Config,
  event: CheckRunEvent,
  asker: Asker,
  nowMs: number,
): Work<CheckRunFacts> {
  const found = yield* findDeployment(tx, event.deployment);
  const deployment = found?.repoId === event.repoId ? found : null;
  const site = deployment && (yield* findSite(tx, deployment.site));
  const subject = deployment && (yield* subjectOf(tx, config, deployment.site, null));
  const live = { liveDeployment: site?.liveDeployment ?? null, liveRelease: site?.liveRelease ?? null };
  return { ...askingOf(config, event, asker, nowMs), deployment, subject, ...live };
}

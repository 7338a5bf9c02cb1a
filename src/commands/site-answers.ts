/** What people in Slack are shown who only look: how sites stand, releases, transcripts, differences, the audit log. */
import type { Config } from "../config/schema.ts";
import { PermanentError } from "../errors.ts";
import type { Answer, ReleaseChoice, ReplyTo, RollbackModal, SiteStatus } from "../model/answer.ts";
import type { CommandTarget } from "../model/command.ts";
import { refusalOf, whoAndWhy } from "../model/site.ts";
import { logUrlOf, type Telling } from "../notify/tell.ts";
import { logLines } from "../notify/wording/log-lines.ts";
import { listAudit } from "../store/audit.ts";
import { newestDeployment } from "../store/consent.ts";
import { countDeliveries } from "../store/deliveries.ts";
import { findDeployment, runningOf } from "../store/deployments.ts";
import { countOutbox } from "../store/outbox.ts";
import { type KeptRelease, listReleases, releaseBeforeLive } from "../store/releases.ts";
import { findSite, type SiteState } from "../store/sites.ts";
import { lastTranscriptSeq, readTranscript } from "../store/transcripts.ts";
import { waitingOf } from "../store/waiting.ts";
import type { Tx, Work } from "../store/work.ts";
import { noDeployment, notOf } from "./cancel-deployment.ts";
import { chooseRelease } from "./choose-release.ts";
import { diffLive } from "./diff-releases.ts";

type AnswerOf<K extends Answer["kind"]> = Extract<Answer, { kind: K }>;

/** How these sites stand, and Slipway itself. */
export function* statusAnswer(
  tx: Tx,
  config: Config,
  { sites: names, nowMs }: { readonly sites: readonly string[]; readonly nowMs: number },
): Work<AnswerOf<"status">> {
  const sites: SiteStatus[] = [];
  for (const name of names) sites.push(yield* siteStatus(tx, config, name));
  const deliveries = yield* countDeliveries(tx);
  const outbox = yield* countOutbox(tx);
  const health = { waiting: deliveries.received ?? 0, dead: deliveries.dead ?? 0, untold: outbox.pending ?? 0 };
  return { kind: "status", nowMs, sites, health };
}

function* siteStatus(tx: Tx, config: Config, name: string): Work<SiteStatus> {
  const state = yield* findSite(tx, name);
  const { githubPause = null, paused = null, locked = null } = state ?? {};
  return {
    name,
    url: config.sites[name]?.confirm?.url ?? null,
    liveCommit: state?.liveCommit ?? null,
    liveRelease: state?.liveRelease ?? null,
    holds: { githubPause, paused, locked },
    latest: (yield* newestDeployment(tx, name)) ?? null,
    waiting: yield* waitingOf(tx, name),
  };
}

/** The newest releases that are kept, the one that went live last first. */
export function* releasesAnswer(tx: Tx, site: string, limit: number): Work<AnswerOf<"releases">> {
  const live = (yield* findSite(tx, site))?.liveRelease ?? null;
  const kept = (yield* listReleases(tx, site)).slice(0, limit);
  return { kind: "releases", site, releases: kept.map((it) => choiceOf(it, live)) };
}

const LOG_LINES = 40;
const LINE_CHARS = 300;

/**
 * The end of what a deployment printed: of that one, or of the site's newest. Throws PermanentError where there is none,
 * or it is another site's: whoever may see this one may not see all.
 */
export function* logsAnswer(
  tx: Tx,
  telling: Pick<Telling, "config" | "logKeys">,
  { site, deployment: id }: { readonly site: string; readonly deployment: string | null },
): Work<AnswerOf<"logs">> {
  const deployment =
    id === null ? ((yield* runningOf(tx, site)) ?? (yield* newestDeployment(tx, site))) : yield* findDeployment(tx, id);
  if (!deployment) throw new PermanentError(id === null ? `nothing was deployed on ${site} yet` : noDeployment(id));
  if (deployment.site !== site) throw new PermanentError(notOf(deployment, site));
  return {
    kind: "logs",
    deployment,
    lines: yield* lastLines(tx, deployment.id),
    logUrl: logUrlOf(telling, deployment),
  };
}

function* lastLines(tx: Tx, id: string): Work<string> {
  // Every chunk has a line at least.
  const seq = yield* lastTranscriptSeq(tx, id);
  const chunks = yield* readTranscript(tx, id, Math.max(0, seq - LOG_LINES));
  const text = chunks.map((chunk) => chunk.text).join("");
  // Spaces stay: what a message points at stands below it.
  const lines = logLines(text.trimEnd()).slice(-LOG_LINES);
  return lines.map((line) => line.slice(0, LINE_CHARS).toWellFormed()).join("\n");
}

/** What would change from the live release to another, by default to the one before. Throws PermanentError. */
export function* diffAnswer(tx: Tx, site: string, target: CommandTarget | null): Work<AnswerOf<"diff">> {
  return { kind: "diff", ...(yield* diffLive(tx, site, target)) };
}

/** The newest entries of the audit log, of one site or of all. */
export function* auditAnswer(tx: Tx, site: string | null, limit: number): Work<AnswerOf<"audit">> {
  return { kind: "audit", entries: yield* listAudit(tx, site === null ? { limit } : { site, limit }) };
}

/** So many a list to choose from may have: docs.slack.dev/reference/block-kit/block-elements/select-menu-element. */
const MAX_CHOICES = 100;

/**
 * The dialog that asks what to roll back to, with `target` chosen where one is named; or a sentence that says why there is
 * nothing to choose.
 */
export function* rollbackModal(
  tx: Tx,
  config: Config,
  site: string,
  target: CommandTarget | null,
  reply: ReplyTo,
): Work<RollbackModal | string> {
  const state = yield* findSite(tx, site);
  const live = state?.liveRelease ?? null;
  if (live === null) return `nothing is live on ${site} yet, so there is nothing to roll back`;
  const kept = yield* listReleases(tx, site);
  const others = kept.filter(({ id }) => id !== live);
  if (others.length === 0)
    return `${site} has no release but the one that is live, so there is nothing to roll back to`;
  const chosen = yield* chosenOf(tx, site, target, others);
  if (typeof chosen === "string") return chosen;
  const first = others.slice(0, MAX_CHOICES);
  const offered = first.includes(chosen) ? first : [...first.slice(0, MAX_CHOICES - 1), chosen];
  const from = kept.find(({ id }) => id === live);
  const waiting = yield* waitingOf(tx, site);
  return {
    modal: "rollback",
    site,
    from: from ? choiceOf(from, live) : null,
    choices: offered.map((it) => choiceOf(it, live)),
    chosen: chosen.id,
    hold: holdText(site, state),
    waiting: waiting.filter((it) => it.state === "queued").length,
    needsSecondPerson: config.sites[site]?.secondPerson ?? false,
    reply,
  };
}

/** The release that is chosen at first; a sentence where the one that was named cannot be. */
function* chosenOf(
  tx: Tx,
  site: string,
  target: CommandTarget | null,
  others: readonly KeptRelease[],
): Work<KeptRelease | string> {
  if (target === null) {
    const previous = yield* releaseBeforeLive(tx, site);
    return others.find(({ id }) => id === previous) ?? others[0] ?? `${site} has no earlier release`;
  }
  try {
    const { id } = yield* chooseRelease(tx, site, target);
    return others.find((it) => it.id === id) ?? `${id.slice(0, 12)} is live on ${site} already`;
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
}

/** What keeps a rollback, or pushes, from the site at present; null where nothing does. */
function holdText(site: string, state: SiteState | undefined): string | null {
  if (!state) return null;
  const refusal = refusalOf(site, state, "rollback");
  if (refusal !== null) return refusal;
  if (state.paused) return `${site} is paused by ${whoAndWhy(state.paused)}`;
  return state.githubPause === null ? null : `${site} is paused: ${state.githubPause}`;
}

function choiceOf({ id, commit, title, author, createdAtMs }: KeptRelease, live: string | null): ReleaseChoice {
  return { id, commit, title, author, createdAtMs, isLive: id === live };
}

/** How sites stand, for one person: what is live, what runs or waits, what holds them, and whether Slipway keeps up. */
import type { Answer, SiteStatus } from "../../../model/answer.ts";
import { type Deployment, isFinal } from "../../../model/deployment.ts";
import type { Hold } from "../../../model/site.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import {
  ageText,
  count,
  outside,
  slackCode,
  slackCommit,
  slackDate,
  slackLink,
  slackRelease,
  unformatted,
} from "../plain.ts";
import { type ShownState, STATE_ICONS, STATE_VERBS, shownState } from "./deployment-state.ts";
import { type Block, context, divider, section, sections } from "./slack-blocks.ts";

type Status = Extract<Answer, { kind: "status" }>;

/** So many sites are told in full; of more, each has one line. */
const MAX_IN_FULL = 6;
/** Longer addresses would leave no room for the rest. */
const MAX_LINK = 300;
const MAX_LINES = 50;

/** The message; of many sites those that need somebody come first. */
export function wordStatus({ nowMs, sites, health }: Status): SlackMessage {
  const [only] = sites;
  const text = sites.length === 1 && only ? `${outside(only.name, 60)} ${plainState(only)}` : countStates(sites);
  const blocks = sites.length <= MAX_IN_FULL ? inFull(sites, nowMs) : inLines(sites, nowMs);
  return { text, blocks: [...blocks, context([healthOf(health)])] };
}

function inFull(sites: readonly SiteStatus[], nowMs: number): Block[] {
  if (sites.length === 0) return [section("There is no site that you may see here.")];
  return sites.flatMap((site, index) => [...(index > 0 ? [divider()] : []), section(paragraphs(site, nowMs))]);
}

function inLines(sites: readonly SiteStatus[], nowMs: number): Block[] {
  const sorted = sites.toSorted((a, b) => urgency(b) - urgency(a));
  const { blocks, left } = sections(sorted.slice(0, MAX_LINES).map((site) => line(site, nowMs)));
  const more = Math.max(0, sites.length - MAX_LINES) + left;
  const head = section(`🧭 *${countStates(sites)}*`);
  return [
    head,
    ...blocks,
    ...(more > 0 ? [context([`and ${count(more, "more site")}; ${slackCode("status NAME", 20)} tells of one`])] : []),
  ];
}

function urgency(site: SiteStatus): number {
  const { latest } = site;
  if (latest?.state === "failed") return 3;
  if (isOnHold(site)) return 2;
  return latest && !isFinal(latest.state) ? 1 : 0;
}

function isOnHold({ holds: { locked, paused, githubPause } }: SiteStatus): boolean {
  return locked !== null || paused !== null || githubPause !== null;
}

function countStates(sites: readonly SiteStatus[]): string {
  const failed = sites.filter(({ latest }) => latest?.state === "failed").length;
  const running = sites.filter(({ latest }) => latest?.state === "building" || latest?.state === "publishing").length;
  const held = sites.filter(isOnHold).length;
  const told = [failed > 0 && `${failed} failed`, running > 0 && `${running} running`, held > 0 && `${held} on hold`];
  return [count(sites.length, "site"), ...told.filter(Boolean)].join(", ");
}

function plainState({ latest, liveCommit }: SiteStatus): string {
  if (latest) return STATE_VERBS[shownState(latest)];
  return liveCommit ? "is live" : "was never deployed";
}

function paragraphs(site: SiteStatus, nowMs: number): string {
  const { url, waiting, latest } = site;
  const others = waiting.filter(({ id }) => id !== latest?.id);
  const open = slackLink(url, "open");
  return [
    `*${unformatted(site.name, 60)}*  ·  ${live(site)}${open && open.length <= MAX_LINK ? `  ·  ${open}` : ""}`,
    latest && told(latest, nowMs),
    ...holdsOf(site),
    others.length > 0 && `🕓 ${waits(others)}`,
  ]
    .filter(Boolean)
    .join("\n");
}

function live({ liveCommit, liveRelease }: SiteStatus): string {
  if (!liveCommit && !liveRelease) return "nothing is live yet";
  const release = liveRelease ? ` (release ${slackRelease(liveRelease)})` : "";
  return `live: ${slackCommit(liveCommit ?? "") || "a commit that nobody knows"}${release}`;
}

/** The newest one that was ever to run, and how long it has been so. */
function told(latest: Deployment, nowMs: number): string {
  const { title, author, commit, id, stage, state } = latest;
  const shown = shownState(latest);
  const at = stage && (state === "building" || state === "publishing" || state === "failed") ? ` (${stage})` : "";
  const what = [slackCommit(commit), unformatted(title, 120), author && `by ${unformatted(author, 60)}`];
  return `${STATE_ICONS[shown]} ${stateWord(shown)}${at} ${since(latest, nowMs)}: ${what.filter(Boolean).join(" ") || "a commit"}  ·  ${slackCode(id, 60)}`;
}

/** "live", "failed" */
function stateWord(shown: ShownState): string {
  return STATE_VERBS[shown].replace(/^(is|was) /, "");
}

/** "for 3 min", "1 h ago": how long the deployment has stood so. */
function since({ state, createdAtMs, startedAtMs, finishedAtMs }: Deployment, nowMs: number): string {
  const age = ageText(nowMs - (finishedAtMs ?? startedAtMs ?? createdAtMs));
  return isFinal(state) ? `${age} ago` : `for ${age}`;
}

function holdsOf({ holds: { locked, paused, githubPause } }: SiteStatus): string[] {
  return [
    locked && `🔒 locked by ${who(locked)}: nothing is deployed`,
    paused && `⏸️ paused by ${who(paused)}: pushes wait`,
    githubPause !== null && `⏸️ GitHub: ${unformatted(githubPause, 200)}`,
  ].filter((it) => typeof it === "string");
}

function who({ by, reason, atMs, untilMs }: Hold): string {
  const why = reason === null ? "" : ` (${unformatted(reason, 200)})`;
  const until = untilMs === undefined ? "" : ` until ${slackDate(untilMs)}`;
  return `${unformatted(by, 100)}${why} since ${slackDate(atMs)}${until}`;
}

const MAX_WAITING = 3;

function waits(waiting: readonly Deployment[]): string {
  const names = waiting
    .slice(0, MAX_WAITING)
    .map(({ id, commit, state }) => `${slackCommit(commit) || slackCode(id, 60)} ${state}`);
  const left = waiting.length - names.length;
  const more = left > 0 ? ` and ${left} more` : "";
  return `${waiting.length} behind it: ${names.join(", ")}${more}`;
}

/** One of many sites. */
function line(site: SiteStatus, nowMs: number): string {
  const { name, latest, liveCommit, holds, waiting } = site;
  const shown = latest && shownState(latest);
  return [
    `${shown ? STATE_ICONS[shown] : "⚪"} *${unformatted(name, 60)}*`,
    liveCommit ? slackCommit(liveCommit) : "nothing live",
    shown && shown !== "live" && stateWord(shown),
    latest && since(latest, nowMs),
    holds.locked && `🔒 by ${unformatted(holds.locked.by, 30)}`,
    holds.paused && `⏸️ by ${unformatted(holds.paused.by, 30)}`,
    holds.githubPause !== null && "⏸️ by GitHub",
    waiting.length > 0 && `${waiting.length} waiting`,
  ]
    .filter(Boolean)
    .join("  ·  ");
}

function healthOf({ waiting, dead, untold }: Status["health"]): string {
  if (waiting === 0 && dead === 0 && untold === 0)
    return "🟢 Slipway keeps up: every delivery is done, everything is told";
  const told = [
    waiting > 0 && `${count(waiting, "delivery", "deliveries")} to do`,
    dead > 0 && `${dead} given up (${slackCode("slipway deliveries", 40)} lists them)`,
    untold > 0 && `${count(untold, "message")} to tell`,
  ].filter(Boolean);
  return `${dead > 0 ? "🔴" : "🟡"} Slipway: ${told.join(", ")}`;
}

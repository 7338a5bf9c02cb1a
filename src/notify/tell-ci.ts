/** Tells channels what CI says: that a branch is broken, and that it works again. All else is quiet. */
import type { CiFollow, CiIncident, CiRun } from "../model/ci.ts";
import type { Effect } from "../model/effect.ts";
import { countFailure, environmentsOf, type KnownIncident, mendIncident, recordRun } from "../store/ci.ts";
import { hasNews } from "../store/digests.ts";
import { isWished } from "../store/outbox.ts";
import type { Tx, Work } from "../store/work.ts";
import { announceNotice } from "./announce.ts";
import { tellNews } from "./digest.ts";
import type { Telling } from "./tell.ts";
import { workflowName } from "./wording/plain.ts";

type CiRunEffect = Extract<Effect, { do: "ci_run" }>;

/** Remembers the run and tells those who follow it, where that is news. Answers with what it did, in one sentence. */
export function* tellCiRun(
  tx: Tx,
  telling: Pick<Telling, "hasSlack">,
  { run, follows }: CiRunEffect,
  { nowMs }: { readonly nowMs: number },
): Work<string> {
  const what = `${nameOf(run)} on ${short(run.branch)} of ${run.repoName}`;
  if (!(yield* recordRun(tx, run, nowMs))) return `skipped: run ${run.runId} of ${what} is known already`;
  const ofEnvironments = yield* thoseOfEnvironments(tx, run, follows);
  // What nobody follows breaks nothing and mends nothing: another conclusion, or another environment.
  const isNews = ofEnvironments.length > 0 || (run.verdict === "passed" && follows.length === 0);
  if (!isNews) return `skipped: ${what} ${run.verdict}, and nobody follows that`;
  // Where it is mended for some it is for all: they were told of one and the same.
  const concerned = run.verdict === "passed" ? follows : ofEnvironments;
  const change = run.verdict === "failed" ? yield* countFailure(tx, run, nowMs) : yield* mendIncident(tx, run, nowMs);
  if (!change) return `skipped: ${what} ${run.verdict}, which is no news`;
  const told: string[] = [];
  if (telling.hasSlack) {
    // In one order, so that two that tell the same channels never wait for each other.
    for (const follow of [...concerned].sort((a, b) => (a.channel < b.channel ? -1 : 1))) {
      if (yield* tell(tx, follow, change, nowMs)) told.push(follow.channel);
    }
  }
  const sentence = `${what} is ${change.incident.state}`;
  return told.length > 0 ? `told ${told.join(", ")}: ${sentence}` : `noted: ${sentence}`;
}

/** Tells one channel; false where it never heard that anything was broken. */
function* tell(tx: Tx, { channel, setting }: CiFollow, { id, incident }: KnownIncident, nowMs: number): Work<boolean> {
  const topic = `ci ${id}`;
  const wish = announceNotice({ about: "ci", setting, incident }, topic, channel);
  const isEnd = incident.state === "mended";
  if (isEnd && !(yield* isWished(tx, wish.key)) && !(yield* hasNews(tx, channel, topic))) return false;
  const state = isEnd ? "good" : "bad";
  yield* tellNews(tx, { channel, setting, topic, title: titleOf(incident), state, url: incident.run.url, wish }, nowMs);
  return true;
}

function* thoseOfEnvironments(tx: Tx, run: CiRun, follows: readonly CiFollow[]): Work<CiFollow[]> {
  const known = yield* environmentsOf(tx, run.repoId, run.runId);
  return follows.filter(
    ({ environments }) => environments.length === 0 || environments.some((it) => known.includes(it)),
  );
}

/** "ci.yml on main of acme/shop" */
export function titleOf(incident: CiIncident): string {
  return `${short(workflowName(incident))} on ${short(incident.branch)} of ${incident.repoName}`;
}

const nameOf = ({ workflow, path }: CiRun) => short(workflow || path);

/** Names of workflows and branches come from outside. */
const short = (name: string) => name.slice(0, 100);

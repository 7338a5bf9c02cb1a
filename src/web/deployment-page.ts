/** The page of one deployment: how it stands, its stages, and its transcript, which grows while it is looked at. */
import type { HttpAnswer } from "../http/server.ts";
import { type Deployment, isFinal, stagesOf, stateDuring } from "../model/deployment.ts";
import { oneLine } from "../notify/wording/plain.ts";
import { html, pageAnswer } from "./html.ts";

/** What changes while a deployment runs, as the page shows it. */
export type Situation = {
  readonly state: Deployment["state"];
  readonly commit: string;
  readonly title: string;
  readonly reason: string;
  readonly stages: ReadonlyArray<readonly [stage: string, how: "done" | "now" | "failed" | "todo"]>;
};

export function situationOf(deployment: Deployment): Situation {
  const { state, commit, title, reason } = deployment;
  const words = { title: oneLine(title, 300), reason: oneLine(reason ?? "", 1000) };
  return { state, commit: commit.slice(0, 7), ...words, stages: stageMarks(deployment) };
}

function stageMarks({ state, stage, trigger }: Deployment): Situation["stages"] {
  const stages = stagesOf(trigger, stage);
  const at = stage === null ? -1 : stages.indexOf(stage);
  const isRunning = stage !== null && state === stateDuring(stage);
  return stages.map((name, index) => {
    if (state === "live" || index < at) return [name, "done"];
    if (index > at) return [name, "todo"];
    return [name, isRunning ? "now" : state === "failed" ? "failed" : "todo"];
  });
}

/**
 * Adds what the events bring; whoever is at the end of the page stays there. Nothing is ever read as markup. Without
 * scripts the page shows what there was when it was loaded.
 */
const SCRIPT = `
"use strict";
const at = (id) => document.getElementById(id);
const log = at("log");
const address = location.pathname.replace(/log$/, "events") + location.search + "&after=" + log.dataset.seq;
const events = new EventSource(address);
events.addEventListener("text", (event) => {
  const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 60;
  log.append(JSON.parse(event.data));
  if (isAtEnd) scrollTo(0, document.documentElement.scrollHeight);
});
events.addEventListener("situation", (event) => {
  const now = JSON.parse(event.data);
  at("state").className = "state " + now.state;
  for (const key of ["state", "commit", "title", "reason"]) at(key).textContent = now[key];
  document.title = document.title.replace(/\\S+$/, now.state);
  for (const [stage, how] of now.stages) at("stage-" + stage).className = how;
});
events.addEventListener("over", () => {
  events.close();
  at("follow").textContent = "";
});
events.onerror = () => { at("follow").textContent = "The connection was lost; trying again."; };
events.onopen = () => { at("follow").textContent = "This page follows the deployment."; };
`;

export function deploymentPage(
  deployment: Deployment,
  transcript: { readonly text: string; readonly seq: number },
): HttpAnswer {
  const { id, site, author, branch, createdAtMs, state } = deployment;
  const { commit, title, reason, stages } = situationOf(deployment);
  const isOver = isFinal(state);
  const body = html`<header><h1>${site}</h1><span id="state" class="state ${state}">${state}</span>
<span class="dim"><code>${id}</code></span></header>
<section>
<p><code id="commit">${commit}</code> <span id="title">${title}</span></p>
<p class="dim">${author ? `by ${oneLine(author, 100)}, ` : ""}${oneLine(branch, 200)}, ${utc(createdAtMs)}</p>
<p id="reason">${reason}</p>
<ul class="stages">${stages.map(([stage, how]) => html`<li id="stage-${stage}" class="${how}">${stage}</li>`)}</ul>
</section>
<pre id="log" data-seq="${transcript.seq}">${transcript.text}</pre>
<p id="follow" class="dim" role="status"></p>
`;
  return pageAnswer({ title: `${site} ${commit} ${state}`, body, ...(isOver ? {} : { script: SCRIPT }) });
}

/** "2026-11-24 19:30 UTC" */
export function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** How the status page looks. Pure: what is shown follows from the data alone. */
import type { HttpAnswer } from "../http/server.ts";
import { type Deployment, isFinal } from "../model/deployment.ts";
import { durationText } from "../model/quantities.ts";
import { askedText, oneLine } from "../notify/wording/plain.ts";
import type { ActiveCounts } from "../store/count-deployments.ts";
import { utc } from "./deployment-page.ts";
import { type Html, html, pageAnswer } from "./html.ts";
import type { SiteStatus, StatusFacts } from "./status-facts.ts";

/** How often the page loads itself anew: often while something happens. */
const REFRESH_BUSY_S = 5;
const REFRESH_IDLE_S = 60;

/** What anybody may see. */
export function publicPage({
  running,
  waiting,
  isExpired = false,
}: ActiveCounts & { isExpired?: boolean }): HttpAnswer {
  const work = running + waiting === 0 ? "Nothing is being deployed." : busyness(running, waiting);
  const body = html`<header><h1>Slipway is running</h1></header>
<section><p>${work}</p>
<p class="dim">${isExpired ? "This link is wrong or has expired. " : ""}More is shown to those who have the link that
<code>slipway status-page</code> prints.</p></section>
`;
  return pageAnswer({ title: "Slipway", body });
}

function busyness(running: number, waiting: number): string {
  const what = (count: number, verb: string) => `${count} ${count === 1 ? "deployment" : "deployments"} ${verb}`;
  const parts = [running > 0 && what(running, "running"), waiting > 0 && what(waiting, "waiting")];
  return `${parts.filter(Boolean).join(", ")}.`;
}

export type StatusView = {
  readonly facts: StatusFacts;
  /** Of each site, in their order. */
  readonly isolation: ReadonlyArray<string | null>;
  readonly version: string;
  readonly nowMs: number;
  /** The key to a deployment's transcript. */
  keyOf(deploymentId: string): string;
};

/** What those see who have the key. */
export function statusPage(view: StatusView): HttpAnswer {
  const { facts, isolation, version, nowMs } = view;
  const { sites, running, waiting, deliveries, untold } = facts;
  const isBusy = running + waiting > 0;
  const queues = [
    isBusy ? busyness(running, waiting) : "Nothing is being deployed.",
    `${deliveries} deliveries to work off, ${untold} messages to send.`,
  ];
  const body = html`<header><h1>Slipway</h1><span class="dim">${version}, ${utc(nowMs)}</span></header>
<p>${queues.join(" ")}</p>
${sites.map((site, index) => siteSection(view, site, isolation[index] ?? null))}
${sites.length === 0 && html`<section><p>slipway.yaml names no site.</p></section>`}
`;
  return pageAnswer({ title: "Slipway", body, refreshS: isBusy ? REFRESH_BUSY_S : REFRESH_IDLE_S });
}

function siteSection(view: StatusView, site: SiteStatus, isolation: string | null): Html {
  const { name, url, holds, deployments } = site;
  return html`<section>
<div class="row"><h2>${name}</h2>${url !== null && siteLink(url)}</div>
${liveLine(site)}
${holds.map((hold) => html`<p class="held">${oneLine(hold, 300)}</p>`)}
<p class="dim">Builds: ${isolation ?? "isolation not known"}</p>
${deployments.length > 0 && html`<ul>${deployments.map((one) => deploymentLine(view, one))}</ul>`}
</section>
`;
}

function liveLine({ live }: SiteStatus): Html {
  if (live === null) return html`<p class="dim">Nothing is live yet.</p>`;
  const since = live.sinceMs === null ? "" : ` since ${utc(live.sinceMs)}`;
  return html`<p><span class="state live">live</span> <code>${live.commit.slice(0, 7)}</code>${since}
<span class="dim">release <code>${live.release.slice(0, 12)}</code></span></p>`;
}

function deploymentLine({ keyOf, nowMs }: StatusView, deployment: Deployment): Html {
  const { id, state, stage, commit, title, author, reason, remarks, createdAtMs } = deployment;
  const said = [...(reason === null ? [] : [reason]), ...remarks.slice(0, 3)].join("; ");
  const during = stage !== null && !isFinal(state) && state !== "queued" ? ` (${stage})` : "";
  const what = oneLine(title, 120) || "the head of the branch";
  return html`<li><div class="row"><span><span class="state ${state}">${state}</span>${during}
<code>${commit.slice(0, 7)}</code> ${what}</span>
<a href="/deployments/${id}/log?key=${keyOf(id)}">log</a></div>
<p class="dim">${[oneLine(author, 60), oneLine(askedText(deployment), 150), ago(createdAtMs, nowMs)].filter(Boolean).join(", ")}${
    said !== "" && html`: ${oneLine(said, 500)}`
  }</p></li>
`;
}

const DAY_MS = 24 * 3_600_000;

function ago(atMs: number, nowMs: number): string {
  const passedMs = Math.max(0, nowMs - atMs);
  return passedMs < DAY_MS ? `${durationText(passedMs)} ago` : utc(atMs);
}

/** Without the account that may stand in it. */
function siteLink(address: string): Html {
  const { origin, pathname, host } = new URL(address);
  return html`<a href="${origin}${pathname}" rel="noreferrer">${host}</a>`;
}

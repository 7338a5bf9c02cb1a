/**
 * The transcript of a deployment while it grows, for whoever has its key: as a page for browsers and as plain text for
 * everything else (`GET /deployments/:id/log?key=…`), and as events for the page (`…/events?key=…`).
 */
import { SenderError } from "../errors.ts";
import type { HttpAnswer, Route } from "../http/server.ts";
import type { Deployment } from "../model/deployment.ts";
import type { LogKeys } from "../secrets/log-keys.ts";
import { findDeployment } from "../store/deployments.ts";
import { deploymentPage, situationOf } from "./deployment-page.ts";
import { type FollowDeps, follow, look, type Sight } from "./follow.ts";

export type TranscriptDeps = FollowDeps & { readonly logKeys: LogKeys };

type Request = Parameters<Route["handle"]>[0];

export function transcriptRoute(deps: TranscriptDeps): Route {
  return {
    method: "GET",
    path: "/deployments/:id/log",
    async handle(request) {
      const { id } = await requireDeployment(deps, request);
      if (isBrowser(request)) return showPage(deps, id);
      const sights = follow(deps, id, { afterSeq: 0, signal: request.signal });
      return stream("text/plain; charset=utf-8", textOf(sights));
    },
  };
}

/** What the page listens to: `text` with what was printed, its number as the event's id, and `situation`. */
export function transcriptEventsRoute(deps: TranscriptDeps): Route {
  return {
    method: "GET",
    path: "/deployments/:id/events",
    async handle(request) {
      const { id } = await requireDeployment(deps, request);
      // A browser that lost the connection says itself what it had (HTML, 9.2.3: Last-Event-ID).
      const after = Number(request.headers["last-event-id"] ?? request.query.get("after") ?? 0);
      const afterSeq = Number.isSafeInteger(after) ? after : 0;
      return stream("text/event-stream", eventsOf(follow(deps, id, { afterSeq, signal: request.signal })));
    },
  };
}

/** The same answer for a wrong key and an unknown deployment: ids cannot be probed. */
async function requireDeployment(deps: TranscriptDeps, { params, query }: Request): Promise<Deployment> {
  const id = params.id ?? "";
  const isAllowed = deps.logKeys.check(id, query.get("key") ?? "", Date.now());
  const deployment = isAllowed ? await deps.store.transact((tx) => findDeployment(tx, id)) : undefined;
  if (!deployment) throw new SenderError(404, "no such log, or its link has expired");
  return deployment;
}

/** Whoever asks for HTML by name; `curl` and scripts get the text, and so does a browser with `&plain`. */
function isBrowser({ headers, query }: Request): boolean {
  return !query.has("plain") && (headers.accept ?? "").includes("text/html");
}

async function showPage({ store }: TranscriptDeps, id: string): Promise<HttpAnswer> {
  const { deployment, chunks } = await store.transact((tx) => look(tx, id, 0));
  if (!deployment) throw new SenderError(404, "no such log, or its link has expired");
  return deploymentPage(deployment, { text: chunks.map(({ text }) => text).join(""), seq: chunks.at(-1)?.seq ?? 0 });
}

/** Proxies such as nginx keep streams back unless told not to. */
function stream(type: HttpAnswer["type"], body: AsyncIterable<string>): HttpAnswer {
  return { status: 200, type, body, headers: { "x-accel-buffering": "no", "referrer-policy": "no-referrer" } };
}

async function* textOf(sights: AsyncIterable<Sight>): AsyncIterable<string> {
  for await (const { chunks } of sights) for (const { text } of chunks) yield text;
}

async function* eventsOf(sights: AsyncIterable<Sight>): AsyncIterable<string> {
  let told = "";
  // Longer than a restart takes, shorter than anybody's patience.
  yield "retry: 2000\n\n";
  for await (const { deployment, chunks, isOver } of sights) {
    for (const { seq, text } of chunks) yield event("text", JSON.stringify(text), seq);
    const situation = JSON.stringify(deployment && situationOf(deployment));
    if (situation !== told) yield event("situation", situation);
    told = situation;
    if (isOver) yield event("over", "{}");
  }
}

/** JSON has no line ends in it, so it is one line of data (HTML, 9.2.6). */
function event(name: string, json: string, id?: number): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${json}\n\n`;
}

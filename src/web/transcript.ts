/** The transcript of a deployment as plain text, while it grows: `GET /deployments/:id/log?key=…`. */
import { SenderError } from "../errors.ts";
import type { Route } from "../http/server.ts";
import { isFinal } from "../model/deployment.ts";
import type { Queue } from "../queue/queue.ts";
import type { LogKeys } from "../secrets/log-keys.ts";
import { findDeployment } from "../store/deployments.ts";
import type { Store } from "../store/store.ts";
import { readTranscript } from "../store/transcripts.ts";
import type { Tx, Work } from "../store/work.ts";

/** A look is taken this often even without a nudge, which may come from another machine or be lost. */
const LOOK_EVERY_MS = 1000;

export function transcriptRoute(deps: { store: Store; queue: Queue; logKeys: LogKeys }): Route {
  const { store, queue, logKeys } = deps;
  return {
    method: "GET",
    path: "/deployments/:id/log",
    async handle({ params, query, signal }) {
      const id = params.id ?? "";
      // The same answer for a wrong key and an unknown deployment: ids cannot be probed.
      const isAllowed = logKeys.check(id, query.get("key") ?? "", Date.now());
      const deployment = isAllowed ? await store.transact((tx) => findDeployment(tx, id)) : undefined;
      if (!deployment) throw new SenderError(404, "no such log, or its link has expired");
      return {
        status: 200,
        type: "text/plain; charset=utf-8",
        body: follow({ store, queue }, id, signal),
        headers: { "x-accel-buffering": "no" },
      };
    },
  };
}

/** Yields what there is, then what comes, until the deployment is over or the reader gone. */
async function* follow(deps: { store: Store; queue: Queue }, id: string, signal: AbortSignal): AsyncIterable<string> {
  let seq = 0;
  while (!signal.aborted) {
    const next = await deps.store.transact((tx) => look(tx, id, seq));
    for (const chunk of next.chunks) {
      seq = chunk.seq;
      yield chunk.text;
    }
    if (next.isOver) return;
    await nudgeOrTime(deps.queue, signal);
  }
}

function* look(
  tx: Tx,
  id: string,
  seq: number,
): Work<{ chunks: Array<{ seq: number; text: string }>; isOver: boolean }> {
  // The state first: what was written before it became final is in the chunks then.
  const deployment = yield* findDeployment(tx, id);
  return { chunks: yield* readTranscript(tx, id, seq), isOver: !deployment || isFinal(deployment.state) };
}

function nudgeOrTime(queue: Queue, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      unlisten();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_EVERY_MS);
    const unlisten = queue.listen("transcripts", done);
    signal.addEventListener("abort", done);
  });
}

/** Follows a deployment: what it has printed and how it stands, then each change, until it is over. */
import { type Deployment, isFinal } from "../model/deployment.ts";
import type { Queue } from "../queue/queue.ts";
import { findDeployment } from "../store/deployments.ts";
import type { Store } from "../store/store.ts";
import { readTranscript, type TranscriptChunk } from "../store/transcripts.ts";
import type { Tx, Work } from "../store/work.ts";

/** A look is taken this often even without a nudge, which may come from another machine or be lost. */
const LOOK_EVERY_MS = 1000;

export type FollowDeps = {
  readonly store: Store;
  readonly queue: Queue;
  /** Whether Slipway is being stopped: who follows is let go then, and comes back after the start. */
  isStopping?(): boolean;
};

export type Sight = {
  readonly deployment: Deployment | undefined;
  /** What was printed since the last look. */
  readonly chunks: readonly TranscriptChunk[];
  /** Nothing will come any more. */
  readonly isOver: boolean;
};

/** Yields at once, and then at least every second, until the deployment is over, the reader gone or Slipway stopped. */
export async function* follow(
  deps: FollowDeps,
  id: string,
  { afterSeq, signal }: { readonly afterSeq: number; readonly signal: AbortSignal },
): AsyncIterable<Sight> {
  let seq = afterSeq;
  while (!signal.aborted) {
    const sight = await deps.store.transact((tx) => look(tx, id, seq));
    seq = sight.chunks.at(-1)?.seq ?? seq;
    yield sight;
    if (sight.isOver || deps.isStopping?.()) return;
    await nudgeOrTime(deps.queue, signal);
  }
}

/** How a deployment stands, and what it has printed after `seq`. */
export function* look(tx: Tx, id: string, seq: number): Work<Sight> {
  // The state first: what was written before it became final is in the chunks then.
  const deployment = yield* findDeployment(tx, id);
  const isOver = !deployment || isFinal(deployment.state);
  return { deployment, chunks: yield* readTranscript(tx, id, seq), isOver };
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

/** Keeps what is told of a deployment back until the first line of its transcript is known. */
import type { WorkerMessage } from "./job.ts";

export type FirstLine = {
  /** Passes a message on, in order; nothing before `begin`. */
  send(message: WorkerMessage): void;
  /** Passes on what was kept back, after the first line, if there is one. Only the first call counts. */
  begin(first?: WorkerMessage): void;
};

export function awaitFirstLine(post: (message: WorkerMessage) => void): FirstLine {
  let waiting: WorkerMessage[] | null = [];
  return {
    send(message) {
      if (waiting === null) post(message);
      else waiting.push(message);
    },
    begin(first) {
      if (waiting === null) return;
      const kept = waiting;
      waiting = null;
      if (first) post(first);
      for (const message of kept) post(message);
    },
  };
}

/** Gathers the lines of a deployment into few messages, so that a chatty build does not busy the service. */
import type { Stage } from "../model/deployment.ts";
import type { WorkerMessage } from "./job.ts";

export type Report = {
  /** Passes a message on, in order; lines a fraction of a second later. `done` is called when it is on its way. */
  send(message: WorkerMessage, done?: () => void): void;
};

const SEND_LINES_EVERY_MS = 100;
/** More than this of one stage is left out: nobody reads on. In UTF-16 code units. */
const MAX_STAGE_LENGTH = 4 * 1024 * 1024;

export function createReport(post: (message: WorkerMessage, done?: () => void) => void): Report {
  let waiting: string[] = [];
  let stage: Stage = "checkout";
  let length = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) post({ type: "line", stage, text: waiting.join("\n") });
    waiting = [];
  }

  function addLines(text: string): void {
    if (length > MAX_STAGE_LENGTH) return;
    length += text.length;
    waiting.push(text);
    if (length > MAX_STAGE_LENGTH) waiting.push("… the rest of this stage's output is left out: it is too long");
    timer ??= setTimeout(flush, SEND_LINES_EVERY_MS);
  }

  return {
    send(message, done) {
      if (message.type === "line") return addLines(message.text);
      flush();
      if (message.type === "stage") {
        stage = message.stage;
        length = 0;
      }
      post(message, done);
    },
  };
}

/** Writes the transcript of one deployment into the store, in chunks, so that it can be read while it grows. */
import type { Queue } from "../queue/queue.ts";
import type { Store } from "../store/store.ts";
import { appendTranscript } from "../store/transcripts.ts";

export type Transcript = {
  /** Adds lines; they are written within a fraction of a second. */
  write(text: string): void;
  /** Resolves when everything that was added is in the store. */
  flush(): Promise<void>;
};

const WRITE_EVERY_MS = 200;
/** A build that prints more than this is cut: nobody reads on, and the store is no log server. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Goes on after chunk `seq`, the last one of an earlier attempt. */
export function createTranscript(deps: { store: Store; queue: Queue }, deploymentId: string, seq: number): Transcript {
  let pending = "";
  let written = 0;
  let last = seq;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  async function writeChunk(): Promise<void> {
    const text = pending;
    pending = "";
    if (text === "") return;
    const chunk = { seq: ++last, text };
    // Lines that a power cut takes belong to a deployment that it ended as well, and that starts anew.
    const options = { bytes: Buffer.byteLength(text), isLazy: true };
    await deps.store.transact((tx) => appendTranscript(tx, deploymentId, chunk), options);
    deps.queue.nudge("transcripts");
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(writeChunk);
    return writing;
  }

  return {
    write(text) {
      if (written > MAX_BYTES) return;
      written += text.length;
      pending += text.endsWith("\n") ? text : `${text}\n`;
      if (written > MAX_BYTES) pending += `… cut: the transcript is longer than ${MAX_BYTES / 1024 / 1024} MiB\n`;
      // A failed write shows at the next flush, where the deployment can do something about it.
      timer ??= setTimeout(() => void flush().catch(() => {}), WRITE_EVERY_MS);
    },
    flush,
  };
}

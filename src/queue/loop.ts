/** A loop that works something off: woken by nudges, by the time it asked for, and now and then in case a nudge was lost. */
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Queue, Topic } from "./queue.ts";
import { createSleeper } from "./sleeper.ts";

export type Loop = {
  /** Resolves when the round under way is finished and no other will start. */
  stop(): Promise<void>;
};

/** Without any nudge a round is made this often. */
const HEARTBEAT_MS = 5000;
/** After a round that failed as a whole: the store is away, most likely. */
const AFTER_ERROR_MS = 1000;

/**
 * Starts the loop. `round` does what is due and answers in how many milliseconds the next round is due: 0 for at once,
 * undefined for "nothing in sight". A nudge during a round causes another one.
 */
export function createLoop(options: {
  readonly name: string;
  readonly log: Log;
  readonly queue: Queue;
  readonly topic: Topic;
  round(): Promise<number | undefined>;
}): Loop {
  const { name, log, queue, topic, round } = options;
  let stopped = false;
  let nudged = true;
  const sleeper = createSleeper();

  const unlisten = queue.listen(topic, () => {
    nudged = true;
    sleeper.wake();
  });

  async function run(): Promise<void> {
    while (!stopped) {
      nudged = false;
      let waitMs: number;
      try {
        waitMs = Math.min((await round()) ?? HEARTBEAT_MS, HEARTBEAT_MS);
      } catch (error) {
        log.error({ error: describeError(error) }, `${name}: a round failed`);
        waitMs = AFTER_ERROR_MS;
        nudged = false;
      }
      if (!nudged && !stopped && waitMs > 0) await sleeper.sleep(waitMs);
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      unlisten();
      sleeper.wake();
      await running;
    },
  };
}

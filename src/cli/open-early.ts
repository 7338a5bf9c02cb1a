/** Connects to a host while the folder is still being read, so that one does not wait for the other. */
import type { OpenOptions, Publisher, PublishSession } from "../publishers/publisher.ts";

export type EarlyPublisher = Publisher & {
  /** Ends the connection if nobody took it. Never throws. */
  abandon(): Promise<void>;
};

/** Opens a session at once; the first `open` answers with it, whatever came of it, and later ones open their own. */
export function openEarly(publisher: Publisher, options: OpenOptions): EarlyPublisher {
  let waiting: Promise<PublishSession> | null = publisher.open(options);
  // Whoever opens hears of a failure.
  waiting.catch(() => {});
  return {
    label: publisher.label,
    open(others) {
      const session = waiting ?? publisher.open(others);
      waiting = null;
      return session;
    },
    async abandon() {
      const session = await waiting?.catch(() => undefined);
      waiting = null;
      await session?.close();
    },
  };
}

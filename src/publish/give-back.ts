/** Gives back the lock of a publish that failed, over a session of its own, since the publish's may be gone. */
import type { Lock } from "./lock.ts";
import { type SessionOptions, withSession } from "./with-session.ts";

/** What a publish that did not get to its end leaves to others. */
export type Remains = {
  /** Whether the next publish can use what was staged. */
  readonly keepStage: boolean;
  /** Folders that it made for a commit which did not begin, in the order in which it made them; removed where empty. */
  readonly made?: readonly string[];
};

/** Failing at that is no news: the lock then counts as dead in a while. */
export async function giveBack(options: SessionOptions, lock: Lock, { keepStage, made = [] }: Remains): Promise<void> {
  const quiet = { ...options, say: () => {}, signal: undefined, onPhase: undefined };
  await withSession(quiet, async (session) => {
    if (made.length > 0) await session.removeEmptyFolders(made.toReversed()).catch(() => {});
    await lock.release(session, keepStage);
  }).catch(() => {});
}

/** Opens a session for a publish, and cancels it as long as nothing of the live site was touched. */
import { createPublisher } from "../publishers/create-publisher.ts";
import { UNKNOWN_HOST } from "../publishers/host-profile.ts";
import type { PublishSession } from "../publishers/publisher.ts";
import type { PublishOptions } from "./options.ts";

export type SessionOptions = Pick<
  PublishOptions,
  "target" | "createPublisher" | "profile" | "say" | "signal" | "onPhase"
>;

/** Opens a session, ends it whatever happens, and cancels it with the signal until `protect` is called. */
export async function withSession<T>(
  options: SessionOptions,
  work: (session: PublishSession, protect: () => void) => Promise<T>,
): Promise<T> {
  const { signal, say } = options;
  const publisher = (options.createPublisher ?? createPublisher)(options.target);
  signal?.throwIfAborted();
  options.onPhase?.("connect");
  const session = await publisher.open({ say, profile: options.profile ?? UNKNOWN_HOST });
  const cancel = () => void session.close();
  signal?.addEventListener("abort", cancel);
  let isProtected = false;
  try {
    signal?.throwIfAborted();
    return await work(session, () => {
      signal?.throwIfAborted();
      isProtected = true;
      signal?.removeEventListener("abort", cancel);
    });
  } catch (error) {
    if (!isProtected) signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
    await session.close();
  }
}

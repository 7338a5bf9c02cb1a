/**
 * A door that takes its time for those who are limited: whoever floods waits for each answer, so that a flood over some
 * dozens of connections costs next to nothing. What is verified never comes by here.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SenderError } from "../errors.ts";
import type { RateLimits } from "../http/rate-limit.ts";
import type { HttpRequest } from "../http/server.ts";
import type { Door } from "./door.ts";

export type SlowRefusalsDeps = {
  readonly door: Door;
  readonly limits: Pick<RateLimits, "before" | "failed">;
  /** The address of whoever sends. */
  readonly clientOf: (request: HttpRequest) => string;
  /** How long they wait; for tests. */
  readonly waitMs?: number;
  /** How many wait at a time; for tests. */
  readonly most?: number;
};

/** Far below what senders wait for an answer (10 s for most), far above what an answer costs. */
const WAIT_MS = 1000;
/** Each keeps a connection open, with up to 64 KB that nobody reads; whoever comes on top is answered at once. */
const MOST = 250;
/** The name under which those are counted who ask for sources that there are not. */
const NOBODY = "";

export function slowRefusals({ door, limits, clientOf, waitMs = WAIT_MS, most = MOST }: SlowRefusalsDeps): Door {
  let waiting = 0;

  async function wait(): Promise<void> {
    if (waiting >= most) return;
    waiting++;
    await sleep(waitMs);
    waiting--;
  }

  async function refused(source: string, request: HttpRequest, error: unknown): Promise<void> {
    if (!(error instanceof SenderError) || error.status >= 500) return;
    if (limits.before(source, clientOf(request)) !== "ok") await wait();
  }

  return {
    async enter(source, request) {
      try {
        const entered = await door.enter(source, request);
        if ("answer" in entered && entered.answer.status === 429) await wait();
        return entered;
      } catch (error) {
        await refused(source.name, request, error);
        throw error;
      }
    },
    async knock(name, request) {
      try {
        return await door.knock(name, request);
      } catch (error) {
        void limits.failed(NOBODY, clientOf(request));
        await refused(NOBODY, request, error);
        throw error;
      }
    },
    turnedAway: (source, request, status) => door.turnedAway(source, request, status),
  };
}

/** The net below senders that never retry: each is asked, now and then, whether its content was changed. */
import { describeError, RetryLaterError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ResolvedSource } from "../presets/resolve-source.ts";
import type { Loop } from "../queue/loop.ts";
import { createSleeper } from "../queue/sleeper.ts";
import type { Secret } from "../secrets/secret.ts";
import type { SecretReference } from "../secrets/secret-reference.ts";
import { askForUpdate, NO_VALIDATORS, type Validators } from "../sources/polling/ask-for-update.ts";
import { POLL_EVENT, pollDelivery } from "../sources/polling/poll-delivery.ts";
import { lastPoll, rememberPoll, wasToldSince } from "../store/source-polls.ts";
import type { Store } from "../store/store.ts";
import type { Intake } from "./intake.ts";

export type PollingDeps = {
  readonly store: Store;
  readonly log: Log;
  /** Those without `poll` are left alone. */
  readonly sources: readonly ResolvedSource[];
  /** The value of a reference now; `key` names it in messages. */
  readonly secretOf: (reference: SecretReference, key: string) => Secret | Promise<Secret>;
  readonly receive: Intake["receive"];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** In place of what is set. */
  readonly everyMs?: number;
};

/** A sender that is away is asked less often, down to this many times the usual pause. */
const MAX_BACKOFF = 16;
const MAX_WAIT_MS = 86_400_000;
/** So long a change waits for others before it is built, unless it is set: `USUAL` in handlers/content.ts. */
const USUAL_QUIET_MS = 30_000;

/** Starts asking, at once and then as often as is set. `stop` ends the requests under way. */
export function startPolling(deps: PollingDeps): Loop {
  const polls = deps.sources.filter(({ settings }) => settings.poll !== undefined).map((it) => startPoll(deps, it));
  return {
    async stop() {
      await Promise.all(polls.map((poll) => poll.stop()));
    },
  };
}

function startPoll(deps: PollingDeps, source: ResolvedSource): Loop {
  const { log } = deps;
  const everyMs = deps.everyMs ?? source.settings.poll?.every ?? MAX_WAIT_MS;
  const stopping = new AbortController();
  const sleeper = createSleeper();
  let validators = NO_VALIDATORS;
  let failures = 0;

  async function round(): Promise<number> {
    try {
      validators = await ask(deps, source, validators, stopping.signal);
      if (failures > 0) log.info({ source: source.name, failures }, "a source can be polled again");
      failures = 0;
      return everyMs;
    } catch (error) {
      if (stopping.signal.aborted) return 0;
      failures++;
      if (failures === 1)
        log.warn(
          { source: source.name, error: describeError(error) },
          "a source could not be polled; it is tried again, and nothing is said until that works",
        );
      const asked = error instanceof RetryLaterError ? (error.delayMs ?? 0) : 0;
      return Math.min(Math.max(asked, everyMs * Math.min(2 ** (failures - 1), MAX_BACKOFF)), MAX_WAIT_MS);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const waitMs = await round();
      if (!stopping.signal.aborted) await sleeper.sleep(waitMs);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      sleeper.wake();
      await running;
    },
  };
}

/** Asks once, and passes on what is news. Answers with what makes the next request a conditional one. */
async function ask(
  { store, secretOf, receive, now = Date.now }: PollingDeps,
  source: ResolvedSource,
  validators: Validators,
  signal: AbortSignal,
): Promise<Validators> {
  const { poll } = source.settings;
  if (!poll) return validators;
  const key = `sources.${source.name}.poll`;
  const askedAtMs = now();
  const token = poll.token ? await secretOf(poll.token, `${key}.token`) : null;
  const said = await askForUpdate({ key, poll, token, validators, signal });

  const { last, isTold } = await store.transact(function* (tx) {
    const before = yield* lastPoll(tx, source.name);
    const changed = before !== undefined && said.updated !== null && said.updated !== before.updated;
    const sinceMs = changed ? coveredFromMs(said.updated ?? "", before.askedAtMs, quietMsOf(source)) : 0;
    return { last: before, isTold: changed && (yield* wasToldSince(tx, source.name, sinceMs, POLL_EVENT)) };
  });
  const updated = said.updated ?? last?.updated;
  if (updated === undefined) return NO_VALIDATORS;
  // First the delivery: should we go away before the value is remembered, it is found again, under the same key.
  if (last !== undefined && updated !== last.updated && !isTold)
    await receive(pollDelivery(source.name, updated, last.askedAtMs));
  await store.transact((tx) => rememberPoll(tx, source.name, { updated, askedAtMs }));
  return said.validators;
}

/**
 * From when on a delivery of the sender's covers the change. Where the value is a time, it is that of the change; a
 * build begins `quietMs` after the last delivery and reads what is there then, so one that came a little earlier covers
 * it, too. Else any that came since the value was another one.
 */
function coveredFromMs(updated: string, lastAskedAtMs: number, quietMs: number): number {
  const changedAtMs = ZONED.test(updated) ? Date.parse(updated) : Number.NaN;
  return Number.isNaN(changedAtMs) ? lastAskedAtMs : changedAtMs - quietMs;
}

/** RFC 3339, or the date of a header (RFC 9110); a time without a zone may be anybody's, and is taken for none. */
const ZONED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$|^[A-Z][a-z]{2}, .* GMT$/;

/** The shortest pause of its routes. */
function quietMsOf({ routes }: ResolvedSource): number {
  const pauses = routes.flatMap(({ rebuild }) => (rebuild ? [rebuild.quiet ?? USUAL_QUIET_MS] : []));
  return pauses.length > 0 ? Math.min(...pauses) : 0;
}

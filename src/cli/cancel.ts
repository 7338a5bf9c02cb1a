/** Ends a publish from outside, by Ctrl-C, by a signal or by a deadline, without leaving the site half changed. */
import { PermanentError } from "../errors.ts";
import { durationText } from "../model/quantities.ts";

/** Somebody has cancelled the publish. */
export class CancelledError extends PermanentError {
  override readonly name = "CancelledError";
}

export type CancelOptions = {
  readonly process: Pick<NodeJS.Process, "on" | "off" | "exit">;
  readonly timeoutMs: number;
  /** Whether the site is being changed over, so that it is better to finish. */
  isChangingOver(): boolean;
  say(line: string): void;
};

export type Cancel = {
  readonly signal: AbortSignal;
  /** Listens no longer. */
  end(): void;
};

/** npm passes Ctrl-C on to its child, which got it from the terminal too. Nobody presses it twice as fast. */
const ECHO_MS = 250;

/** The exit code of a process that SIGINT ended (128 + 2), as shells count. */
const INTERRUPTED = 130;

/**
 * Listens for SIGINT, SIGTERM and the deadline. The first signal cancels; when the site is being changed over it only
 * says so. A second SIGINT ends the process at once; SIGTERM never does, since a runner that cancels a job sends both.
 */
export function listenForCancel({ process, timeoutMs, isChangingOver, say }: CancelOptions): Cancel {
  const controller = new AbortController();
  let firstAtMs: number | undefined;

  const cancel = () => {
    if (isChangingOver()) say("The site is being changed over; this is finished first. Ctrl-C again ends at once.");
    else controller.abort(new CancelledError("Cancelled; the site is as it was; what was uploaded is used next time."));
  };
  const onInterrupt = () => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      cancel();
    } else if (nowMs - firstAtMs > ECHO_MS) {
      say(isChangingOver() ? "Ended while the site was being changed over; publish again to finish it." : "Ended.");
      process.exit(INTERRUPTED);
    }
  };
  const onTerminate = () => {
    firstAtMs ??= performance.now();
    if (!controller.signal.aborted) cancel();
  };
  const deadline = setTimeout(() => {
    const site = isChangingOver() ? "" : "; the site is as it was; what was uploaded is used next time";
    controller.abort(new PermanentError(`--timeout: not done within ${durationText(timeoutMs)}${site}.`));
  }, timeoutMs).unref();

  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(deadline);
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
    },
  };
}

/** Does something again and again, one at a time, for as long as somebody needs it; it keeps no process alive. */

export type Repeated = {
  /** Does it in `ms` milliseconds and not when it was due; where it is under way, so long after that. */
  again(ms: number): void;
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
};

/** Calls `work` after each time that the last call answered with, in milliseconds. `work` does not throw. */
export function repeat(firstMs: number, work: () => Promise<number>): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  /** What was asked for while it was under way. */
  let wantedMs: number | null = null;
  let isStopped = false;

  function schedule(ms: number): void {
    if (isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(begin, ms).unref();
  }

  function begin(): void {
    running = work().then((ms) => {
      running = null;
      schedule(wantedMs ?? ms);
      wantedMs = null;
    });
  }

  schedule(firstMs);
  return {
    again(ms) {
      if (running) wantedMs = ms;
      else schedule(ms);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

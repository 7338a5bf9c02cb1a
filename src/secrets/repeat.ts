/** Does something again and again, one at a time, for as long as somebody needs it; it keeps no process alive. */

export type Repeated = {
  /** Does it in `ms` milliseconds and not when it was due; where it is under way then, once more after that. */
  again(ms: number): void;
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
};

/** Calls `work` after each time that the last call answered with, in milliseconds. `work` does not throw. */
export function repeat(firstMs: number, work: () => Promise<number>): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let isWanted = false;
  let isStopped = false;

  function schedule(ms: number): void {
    if (isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), ms).unref();
  }

  async function begin(): Promise<void> {
    if (running) {
      isWanted = true;
      return;
    }
    isWanted = false;
    running = work().then((ms) => {
      running = null;
      schedule(isWanted ? 0 : ms);
    });
    await running;
  }

  schedule(firstMs);
  return {
    again: schedule,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

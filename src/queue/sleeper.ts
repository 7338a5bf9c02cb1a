/** A sleep that can be ended early. */

export type Sleeper = {
  /** Resolves after `ms` milliseconds, or when somebody wakes it. */
  sleep(ms: number): Promise<void>;
  /** Ends the sleep under way, if there is one. */
  wake(): void;
};

export function createSleeper(): Sleeper {
  let wake = () => {};
  return {
    sleep: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
  };
}

/** Keeps many requests under way on one connection, and the bytes they carry within bounds. */

/**
 * Does `work` for every item, `width` of them at a time, begun in the given order; answers come in that order too.
 * After a failure nothing more is begun; when all that was begun has ended, the first failure is thrown.
 */
export async function inFlight<T, R>(width: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const waiting = items.entries();
  async function next(): Promise<void> {
    for (const [index, item] of waiting) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, next));
  if (failures.length > 0) throw failures[0];
  return results;
}

export type ByteBudget = {
  /** Waits, in turn, until that many bytes are free; for more than there are at all, until nothing is under way. */
  take(bytes: number): Promise<void>;
  give(bytes: number): void;
};

export function createByteBudget(maxBytes: number): ByteBudget {
  let used = 0;
  const waiting: Array<{ readonly bytes: number; readonly go: () => void }> = [];
  const fits = (bytes: number) => used === 0 || used + bytes <= maxBytes;
  return {
    async take(bytes) {
      if (waiting.length === 0 && fits(bytes)) {
        used += bytes;
        return;
      }
      await new Promise<void>((go) => waiting.push({ bytes, go }));
    },
    give(bytes) {
      used -= bytes;
      for (let [first] = waiting; first !== undefined && fits(first.bytes); [first] = waiting) {
        waiting.shift();
        used += first.bytes;
        first.go();
      }
    },
  };
}

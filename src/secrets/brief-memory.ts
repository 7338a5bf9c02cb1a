/** Remembers values for a short time, and forgets them then: a secret that was used once must not stay in memory. */

export type BriefMemory<T> = {
  /** What was remembered under the name at most `maxAgeMs` ago. */
  get(name: string, maxAgeMs: number): T | undefined;
  set(name: string, value: T): void;
  delete(name: string, value: T): void;
  clear(): void;
};

/** Forgets everything after `forMs`. */
export function createBriefMemory<T>(forMs: number): BriefMemory<T> {
  const known = new Map<string, { readonly value: T; readonly atMs: number; readonly timer: NodeJS.Timeout }>();
  const forget = (name: string) => {
    clearTimeout(known.get(name)?.timer);
    known.delete(name);
  };
  return {
    get(name, maxAgeMs) {
      const found = known.get(name);
      return found && performance.now() - found.atMs < maxAgeMs ? found.value : undefined;
    },
    set(name, value) {
      forget(name);
      const timer = setTimeout(() => known.delete(name), forMs).unref();
      known.set(name, { value, atMs: performance.now(), timer });
    },
    delete(name, value) {
      if (known.get(name)?.value === value) forget(name);
    },
    clear() {
      for (const name of [...known.keys()]) forget(name);
    },
  };
}

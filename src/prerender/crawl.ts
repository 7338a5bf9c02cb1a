/** Goes through routes, several at a time, and through those that they lead to. */

export type CrawlOptions = {
  readonly start: readonly string[];
  readonly parallel: number;
  /** Routes in all, at most. */
  readonly maxRoutes: number;
  /** Makes a page; the answer is the routes it leads to. What it throws ends the crawl. */
  visit(route: string): Promise<readonly string[]>;
  onProgress(finished: number, found: number): void;
};

/** Resolves with how many routes were left out because there were too many. */
export async function crawl({ start, parallel, maxRoutes, visit, onProgress }: CrawlOptions): Promise<number> {
  const found = new Set(start);
  const leftOut = new Set<string>();
  const waiting = [...found];
  const running = new Set<Promise<void>>();
  let finished = 0;

  async function take(route: string): Promise<void> {
    for (const next of await visit(route)) {
      if (found.has(next)) continue;
      if (found.size >= maxRoutes) leftOut.add(next);
      else {
        found.add(next);
        waiting.push(next);
      }
    }
    onProgress(++finished, found.size);
  }

  for (;;) {
    while (running.size < parallel && waiting.length > 0) {
      const work: Promise<void> = take(waiting.shift() ?? "").finally(() => running.delete(work));
      running.add(work);
    }
    if (running.size === 0) return leftOut.size;
    await Promise.race(running);
  }
}

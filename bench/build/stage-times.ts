/** Reads from the service's log when each stage of a deployment began, and when it ended. */

/** One deployment that came to its end. Stage → how long it took, in milliseconds. */
type Ended = { readonly id: string; readonly stages: ReadonlyMap<string, number>; readonly endedAtMs: number };

type Line = { readonly time: number; readonly deployment?: string; readonly msg?: string };

export type StageTimes = {
  /** To be given each line of the log. */
  onLog(line: string): void;
  /** The next deployment that goes live. Throws Error when one ends otherwise. */
  next(): Promise<Ended>;
};

export function createStageTimes(): StageTimes {
  let seen: Array<{ stage: string; atMs: number }> = [];
  let waiting: { resolve(ended: Ended): void; reject(error: Error): void } | undefined;
  return {
    onLog(text) {
      if (!text.startsWith("{")) return;
      const { time, deployment, msg = "" } = JSON.parse(text) as Line;
      if (deployment === undefined) return;
      if (/^(checkout|install|build|prerender|package|publish|confirm)$/.test(msg))
        seen.push({ stage: msg, atMs: time });
      if (msg.startsWith("live:")) {
        const stages = seen.map(({ stage, atMs }, index) => [stage, (seen[index + 1]?.atMs ?? time) - atMs] as const);
        waiting?.resolve({ id: deployment, stages: new Map(stages), endedAtMs: time });
        seen = [];
      }
      if (/^(failed|cancelled|skipped)/.test(msg)) waiting?.reject(new Error(msg));
    },
    next: () => new Promise((resolve, reject) => (waiting = { resolve, reject })),
  };
}

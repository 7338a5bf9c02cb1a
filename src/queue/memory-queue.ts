/** The queue inside one process: what the embedded default uses. */
import type { Queue, Topic } from "./queue.ts";

export function createMemoryQueue(): Queue {
  const listeners = new Map<Topic, Set<() => void>>();
  const pending = new Set<Topic>();

  function deliver(topic: Topic): void {
    pending.delete(topic);
    for (const listener of [...(listeners.get(topic) ?? [])]) listener();
  }

  return {
    nudge(topic) {
      if (pending.has(topic) || !listeners.get(topic)?.size) return;
      pending.add(topic);
      setImmediate(deliver, topic);
    },
    listen(topic, listener) {
      // A wrapper of its own, so that one function may listen twice.
      const own = () => listener();
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set.add(own));
      return () => void set.delete(own);
    },
    async close() {
      listeners.clear();
    },
  };
}

/**
 * One request to see what an unknown sender sends: a window that somebody with the control socket opens, through which one
 * request comes unverified, is kept in memory until it is fetched, and does nothing.
 */
import type { Received } from "../model/received.ts";

export type Captures = {
  /** Opens a window for a source until then, in milliseconds since 1970; one that is open already is replaced. */
  open(name: string, untilMs: number): void;
  /** Closes it, and forgets what came. */
  close(name: string): void;
  /** Takes the one place in the window, before the body is read; null where there is none. */
  claim(name: string): Claim | null;
  /**
   * What came: waits for it until the window closes (null) or the signal is aborted (undefined). It is handed out once.
   * A window for which nobody waits closes after some seconds.
   */
  wait(name: string, signal: AbortSignal): Promise<Received | null | undefined>;
};

type Claim = {
  give(received: Received): void;
  /** The request could not be read: the window is open for another one. */
  release(): void;
};

/** The largest body that is captured. */
export const MAX_CAPTURED_BYTES = 1024 ** 2;
/** Windows at the same time. */
const MAX_OPEN = 10;
/** Whoever opened it went away without closing it, unless they ask again within this time. */
const ABANDONED_MS = 15_000;

type Window = {
  readonly untilMs: number;
  askedMs: number;
  isClaimed: boolean;
  received: Received | null;
  readonly waiting: Set<() => void>;
};

/** `now`: milliseconds since 1970. */
export function createCaptures({ now }: { now: () => number }): Captures {
  const windows = new Map<string, Window>();

  /** The window, unless its time is over or its owner is gone. */
  function find(name: string): Window | undefined {
    const window = windows.get(name);
    if (!window) return undefined;
    const nowMs = now();
    const isOver = window.received === null && nowMs >= window.untilMs;
    const isAbandoned = window.waiting.size === 0 && nowMs - window.askedMs > ABANDONED_MS;
    if (!isOver && !isAbandoned) return window;
    close(name);
    return undefined;
  }

  function close(name: string): void {
    const window = windows.get(name);
    windows.delete(name);
    for (const wake of window?.waiting ?? []) wake();
  }

  return {
    open(name, untilMs) {
      close(name);
      for (const other of windows.keys()) find(other);
      const [oldest] = windows.keys();
      if (windows.size >= MAX_OPEN && oldest !== undefined) close(oldest);
      windows.set(name, { untilMs, askedMs: now(), isClaimed: false, received: null, waiting: new Set() });
    },
    close,
    claim(name) {
      const window = windows.size > 0 ? find(name) : undefined;
      if (!window || window.isClaimed) return null;
      window.isClaimed = true;
      return {
        give(received) {
          window.received = received;
          for (const wake of window.waiting) wake();
        },
        release() {
          window.isClaimed = false;
        },
      };
    },
    async wait(name, signal) {
      const window = find(name);
      if (!window) return null;
      while (window.received === null && windows.get(name) === window && !signal.aborted && now() < window.untilMs)
        await sleep(window, signal, window.untilMs - now());
      window.askedMs = now();
      const { received } = window;
      if (received === null && signal.aborted && windows.get(name) === window) return undefined;
      if (windows.get(name) === window) close(name);
      return received;
    },
  };
}

/** Until something came, the window was closed, the time is over or nobody waits any more. */
function sleep(window: Window, signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(wake, Math.max(1, ms));
    function wake(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      window.waiting.delete(wake);
      resolve();
    }
    signal.addEventListener("abort", wake);
    window.waiting.add(wake);
  });
}

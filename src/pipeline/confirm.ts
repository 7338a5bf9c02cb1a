/**
 * Looks at the live site, as a visitor would, until it shows the release that was just published, and says what it saw.
 * What is done about it is decided in `make-live.ts`.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Manifest, Release } from "../model/release.ts";
import { chooseFiles, type LookDeps, type LookedAt, lookAt, type Sight, worstOf } from "./look.ts";

export type ConfirmOptions = LookDeps & {
  readonly release: Release;
  /** What was live before: files that differ from it are looked at first. Null looks at any. */
  readonly previous: Manifest | null;
  /** How long the release may take to show. */
  readonly waitMs: number;
  say(line: string): void;
};

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;

/** How many files are fetched at the same time, so as not to bother a small host. */
const AT_ONCE = 4;

/**
 * Resolves with "seen" or "altered" as soon as the entry page and some changed files are those of the release, and with
 * the worst that was seen instead once `waitMs` are over. Throws the signal's reason, and nothing else.
 */
export async function confirmLive(options: ConfirmOptions): Promise<Sight> {
  const { release, waitMs, say, signal } = options;
  const deadlineMs = performance.now() + waitMs;
  const files = chooseFiles(release.files, options.previous);
  const seen = new Map<string, LookedAt>();
  let open = files;
  for (let attempt = 1, pauseMs = FIRST_PAUSE_MS; ; attempt++, pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    const tag = `${release.id.slice(0, 7)}-${attempt}`;
    await eachOf(open, async (file) => void seen.set(file.path, await lookAt(options, file, tag)));
    open = files.filter(({ path }) => !isFine(seen.get(path)));
    const worst = worstOf([...seen.values()]);
    if (open.length === 0) {
      for (const { kind, detail } of seen.values()) if (kind === "altered") say(detail);
      return worst.kind === "altered" ? worst : { kind: "seen", detail: summary(options, files.length) };
    }
    if (performance.now() + pauseMs > deadlineMs) return worst;
    say(`${worst.detail}; looking again`);
    await delay(pauseMs, undefined, { signal });
  }
}

function isFine(seen: LookedAt | undefined): boolean {
  return seen?.kind === "seen" || seen?.kind === "altered";
}

function summary({ url, release }: ConfirmOptions, count: number): string {
  return `${url} shows release ${release.id.slice(0, 7)} (${count} ${count === 1 ? "file" : "files"} looked at)`;
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Reads what the prerendering process prints. It runs beside a build, so nothing it says is taken on trust. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { FailedPage, PrerenderCounts, PrerenderMessage } from "./prerender-job.ts";
import { MAX_FAILED } from "./prerender-job.ts";

const count = z.int().min(0);
/** The process cuts its texts shorter than this. */
const text = z.string().max(4000);

const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), finished: count, found: count }),
  z.object({ type: z.literal("warning"), text }),
  z.object({ type: z.literal("failed"), route: text, reason: text }),
  z.object({ type: z.literal("done"), pages: count, redirects: count, notFoundPage: z.boolean() }),
  z.object({ type: z.literal("error"), permanent: z.boolean(), text }),
]) satisfies z.ZodType<PrerenderMessage>;

type PrerenderResult = PrerenderCounts & {
  readonly warnings: readonly string[];
  /** Each fails the deployment; at most 20. */
  readonly failed: readonly FailedPage[];
};

export type PrerenderReport = {
  /** Takes one or more whole lines of the process's output, of either stream. */
  read(lines: string): void;
  /**
   * What became of the site, when the process has ended. Throws PermanentError where nothing could be done, and Error
   * where the process ended without a last word.
   */
  result(): PrerenderResult;
};

/** More warnings than this are counted only. */
const MAX_WARNINGS = 50;

export type PrerenderListener = {
  /** Gets what people want to read while it works: "120 of 200 pages". */
  progress(line: string): void;
  /** Gets what the process says besides: its last words, where it failed in a way that nobody thought of. */
  say(line: string): void;
};

/** Gathers the process's messages. */
export function createPrerenderReport({ progress, say }: PrerenderListener): PrerenderReport {
  const warnings: string[] = [];
  const failed: FailedPage[] = [];
  let unsaid = 0;
  let last: PrerenderMessage | undefined;

  function take(read: PrerenderMessage): void {
    last = read;
    if (read.type === "progress") progress(`${read.finished} of ${read.found} pages`);
    if (read.type === "failed" && failed.length < MAX_FAILED) failed.push({ route: read.route, reason: read.reason });
    if (read.type !== "warning") return;
    if (warnings.length < MAX_WARNINGS) warnings.push(read.text);
    else unsaid += 1;
  }

  return {
    read(lines) {
      for (const line of lines.split("\n")) {
        const read = readPrerenderMessage(line);
        if (read) take(read);
        else if (line.trim() !== "") say(line);
      }
    },
    result() {
      if (last?.type === "error" && last.permanent) throw new PermanentError(last.text);
      if (last?.type === "error") throw new Error(last.text);
      if (last?.type !== "done") throw new Error("Prerendering ended without saying what became of the pages.");
      const { pages, redirects, notFoundPage } = last;
      const all = unsaid === 0 ? warnings : [...warnings, `And ${unsaid} more warnings about prerendered pages.`];
      return { pages, redirects, notFoundPage, warnings: all, failed };
    },
  };
}

/** The message in a line of output; null where the line is something else. */
function readPrerenderMessage(line: string): PrerenderMessage | null {
  if (!line.startsWith("{")) return null;
  try {
    return message.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** What is said of a deployment whose pages failed, in one line. */
export function describeFailedPages(failed: readonly FailedPage[]): string {
  const pages = failed.map(({ route, reason }) => `${route} ${reason}`);
  const more = failed.length >= MAX_FAILED ? ", perhaps more; the rest was given up" : "";
  const howMany = failed.length === 1 ? "1 page" : `${failed.length} pages`;
  return `${howMany} could not be prerendered${more}: ${pages.join("; ")}`;
}

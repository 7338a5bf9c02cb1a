/** The prerender section, of the operator's file or a repository's, as the pipeline wants it. */
import type { z } from "zod";
import type { PrerenderSettings } from "../model/build.ts";
import type { prerender } from "./schema.ts";

export function prerenderSettingsOf(section: z.output<typeof prerender>): PrerenderSettings {
  const { timeout, ready, ...others } = section;
  return { ...others, timeoutMs: timeout, ready: ready ?? null };
}

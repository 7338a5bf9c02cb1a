/** What the work of one transaction gets besides the store: time and chance, taken once before it, and what it depends on. */
import type { Config } from "../config/schema.ts";
import type { Telling } from "../notify/tell.ts";

/** `cause` names the delivery, or what else the work is about. */
export type Moment = { readonly nowMs: number; readonly random: () => number; readonly cause: string };

export type EffectDeps = { readonly config: Config; readonly telling: Telling };

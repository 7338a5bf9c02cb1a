/** What an operation of the command line is, and what those have in common that change something: a transaction, an entry in the audit log, a nudge. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Config } from "../config/schema.ts";
import { PermanentError } from "../errors.ts";
import type { AuditEntry } from "../model/answer.ts";
import type { Received } from "../model/received.ts";
import type { RejectionReport } from "../model/rejection.ts";
import type { Telling } from "../notify/tell.ts";
import { oneLine } from "../notify/wording/plain.ts";
import type { Queue } from "../queue/queue.ts";
import { addAudit } from "../store/audit.ts";
import { lockSite } from "../store/sites.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";
import type { DeedAsked, DeedMoment } from "./deed-context.ts";

/** What a running service alone knows: what it refused, and windows for one request. */
export type LiveIntake = {
  readonly rejections: { report(source: string): RejectionReport };
  readonly captures: {
    open(name: string, untilMs: number): void;
    close(name: string): void;
    wait(name: string, signal: AbortSignal): Promise<Received | null | undefined>;
  };
};

export type OperationDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly config: Config;
  readonly telling: Telling;
  /** Absent while the service is stopped and its store alone is asked. */
  readonly live?: LiveIntake;
};

export type Operation = (deps: OperationDeps, input: unknown) => Promise<unknown>;

/** Words of a person, as one line. */
export const words = (maxChars: number) => z.string().transform((text) => oneLine(text, maxChars));

/** The site, or whatever else it is about. */
export const named = { name: z.string().min(1).max(300) };

/** Who asks, as their machine calls them; "" where nobody knows. */
export const asking = { by: words(80).default("") };

/** Who asks for a deployment, and what they agree to for this one alone. */
export const deploying = { ...asking, adopt: z.boolean().default(false), allowRemovals: z.boolean().default(false) };

/** What came of an operation that changed something. */
export type Done<T> = {
  readonly result: T;
  /** In one sentence, for the audit log. */
  readonly says: string;
  readonly deployment: string | null;
  /** The site, where only the work itself knew it. */
  readonly site?: string;
};

/**
 * Changes something on command: the work and its entry in the audit log are one transaction. What is refused, by a
 * PermanentError, is written down too.
 */
export async function perform<T>(
  { store, queue, config }: OperationDeps,
  { site, by, verb, what }: { site: string | null; by: string; verb: string; what: string },
  work: (tx: Tx, asked: DeedAsked, moment: DeedMoment) => Work<Done<T>>,
): Promise<T> {
  const who = `${by || "somebody"} (command line)`;
  const nowMs = Date.now();
  const asked = { site: site ?? "", by: who, cause: `command ${randomUUID()}` };
  const known = site !== null && Object.hasOwn(config.sites, site) ? site : null;
  const about = { atMs: nowMs, who, where: "command line", verb, what, rule: "data folder" };
  const entry = (rest: Pick<AuditEntry, "site" | "result" | "outcome" | "deployment">): AuditEntry => ({
    ...about,
    ...rest,
  });
  try {
    return await store.transact(function* (tx): Work<T> {
      if (known !== null) yield* lockSite(tx, known);
      const { result, says, deployment, site } = yield* work(tx, asked, { nowMs, random: Math.random });
      yield* addAudit(tx, entry({ site: site ?? known, result: "done", outcome: says, deployment }));
      return result;
    });
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const refused = entry({ site: known, result: "refused", outcome: error.message, deployment: null });
    await store.transact((tx) => addAudit(tx, refused));
    throw error;
  } finally {
    queue.nudge("deployments");
    queue.nudge("outbox");
  }
}

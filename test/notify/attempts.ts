/** Performs a wish as the outbox does: again and again, with the doubt and the memory that earlier attempts left. */
import { AmbiguousError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import type { Perform, Performed } from "../../src/notify/perform.ts";
import type { OutboxRow } from "../../src/store/outbox.ts";
import { aRow } from "./deployment.ts";

export type Told = {
  row: OutboxRow;
  /** What each attempt ended with: "sent", "unsure", or the name of an error. */
  readonly ends: string[];
  /** The last answer or error. */
  last: Performed | Error | null;
};

/** Starts with an untold wish. */
export function untold(part: Parameters<typeof aRow>[0]): Told {
  return { row: aRow(part), ends: [], last: null };
}

/** Attempts until it is sent, or given up, or `attempts` are used up. `desired` is a newer wish for the same row. */
export async function attempt(
  told: Told,
  perform: Perform,
  { attempts = 5, desired }: { attempts?: number; desired?: unknown } = {},
): Promise<Told> {
  if (desired !== undefined) told.row = { ...told.row, desired };
  for (let n = 0; n < attempts; n++) {
    try {
      const performed = await perform(told.row, async (remote) => {
        // Remembered means stored: only JSON comes back.
        told.row = { ...told.row, remote: JSON.parse(JSON.stringify(remote)), inDoubt: false };
      });
      told.last = performed;
      told.ends.push(performed.kind);
      if (performed.kind === "sent") told.row = { ...told.row, remote: performed.remote, inDoubt: false };
      return told;
    } catch (error) {
      told.last = error as Error;
      told.ends.push((error as Error).name);
      if (error instanceof PermanentError) return told;
      if (!(error instanceof RetryLaterError || error instanceof AmbiguousError)) throw error;
      told.row = { ...told.row, inDoubt: error instanceof RetryLaterError ? told.row.inDoubt : true };
    }
  }
  return told;
}

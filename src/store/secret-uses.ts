/** Which secret of a source a delivery was last signed with, so that an old one can go. */
import { all, type Tx, type Work } from "./work.ts";

export type SecretUse = {
  /** The source, and the name of the secret: its reference. */
  readonly source: string;
  readonly secret: string;
  readonly lastAtMs: number;
};

export type SecretUses = {
  /** A delivery of the source fitted that secret. Only remembers it; cheap enough for each delivery. */
  note(source: string, secret: string): void;
  /** Writes down what was noted: for each secret at most once a minute, and all of it with `isLast`. A chore of the clock. */
  flush(tx: Tx, options?: { readonly isLast?: boolean }): Work<void>;
};

const EVERY_MS = 60_000;

/** Remembers uses until they are written down. `now` answers with milliseconds since 1970. */
export function createSecretUses({ now }: { readonly now: () => number }): SecretUses {
  const noted = new Map<string, SecretUse>();

  return {
    note(source, secret) {
      noted.set(`${source}\n${secret}`, { source, secret, lastAtMs: now() });
    },
    *flush(tx, { isLast = false } = {}) {
      if (noted.size === 0) return;
      const nowMs = now();
      const written = new Map((yield* listSecretUses(tx)).map((use) => [`${use.source}\n${use.secret}`, use.lastAtMs]));
      for (const [id, use] of noted) {
        const writtenMs = written.get(id) ?? Number.NEGATIVE_INFINITY;
        // Forgotten only once it is seen to be committed: this transaction may still fail, or run again.
        if (writtenMs >= use.lastAtMs) noted.delete(id);
        else if (isLast || nowMs - writtenMs >= EVERY_MS) yield* writeUse(tx, use);
      }
    },
  };
}

function* writeUse(tx: Tx, { source, secret, lastAtMs }: SecretUse): Work<void> {
  yield* all(
    tx.db
      .insertInto("secret_uses")
      .values({ source, secret, last_at: lastAtMs })
      .onConflict((conflict) =>
        conflict
          .columns(["source", "secret"])
          .doUpdateSet({ last_at: lastAtMs })
          // Another process may have seen a later one.
          .where("secret_uses.last_at", "<", lastAtMs),
      ),
  );
}

/** All uses that were written down. */
export function* listSecretUses(tx: Tx): Work<SecretUse[]> {
  const rows = yield* all(tx.db.selectFrom("secret_uses").selectAll().orderBy("source").orderBy("secret"));
  return rows.map((row) => ({ source: row.source, secret: row.secret, lastAtMs: row.last_at }));
}

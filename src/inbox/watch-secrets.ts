/** The chore that writes down which secrets are in use, and warns before one of them ends. */
import { sourceSecrets } from "../config/source-secrets.ts";
import type { SourceSettings } from "../config/source-settings.ts";
import type { Log } from "../log.ts";
import { type EndingSecret, endWarnings } from "../secrets/secret-ends.ts";
import { secretName } from "../secrets/secret-reference.ts";
import { listSecretUses, type SecretUse, type SecretUses } from "../store/secret-uses.ts";
import type { Chore } from "./clock.ts";

export type SecretWatchDeps = {
  readonly sources: Readonly<Record<string, SourceSettings>>;
  readonly uses: Pick<SecretUses, "flush">;
  readonly log: Pick<Log, "warn" | "error">;
};

const TELL_EVERY_MS = 86_400_000;

/** It says what it has to say in the log, once a day. */
export function createSecretChore({ sources, uses, log }: SecretWatchDeps): Chore {
  const toldAtMs = new Map<string, number>();
  return function* (tx, { nowMs }) {
    yield* uses.flush(tx);
    for (const { id, source, isError, message } of endWarnings(withUses(sources, yield* listSecretUses(tx)), nowMs)) {
      if (nowMs - (toldAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) continue;
      toldAtMs.set(id, nowMs);
      if (isError) log.error({ source }, message);
      else log.warn({ source }, message);
    }
    return [];
  };
}

function withUses(sources: SecretWatchDeps["sources"], uses: readonly SecretUse[]): EndingSecret[] {
  return Object.entries(sources).flatMap(([source, settings]) =>
    sourceSecrets(settings).map(({ use, until }) => {
      const name = secretName(use);
      const seen = uses.find((it) => it.source === source && it.secret === name);
      return { source, name, untilMs: until, lastAtMs: seen?.lastAtMs ?? null };
    }),
  );
}

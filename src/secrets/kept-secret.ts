/** One secret that is kept in memory and up to date: its file is watched, Vault and helpers are asked again now and then. */
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { repeat } from "./repeat.ts";
import { type Secret, secret } from "./secret.ts";
import { type SecretReference, secretName } from "./secret-reference.ts";
import { watchFile } from "./watch-file.ts";

export type KeptSecret = {
  /** The newest value that was there; the same object until it changes. */
  current(): Secret;
  close(): Promise<void>;
};

export type KeptOptions = {
  readonly reference: SecretReference;
  /** Of `file:`, where the file is; null for the others. */
  readonly path: string | null;
  readonly value: string;
  /** Of `vault:`, how often it is read again. */
  readonly refreshMs: number | null;
  readonly log: Pick<Log, "info" | "warn">;
  readonly lookEveryMs?: number | undefined;
};

/** The net below the watch on the folder, which network drives and full tables of watches break. */
const LOOK_EVERY_MS = 5000;
/** Helpers may ask somebody, or be paid for by the call. */
const HELPER_EVERY_MS = 15 * 60_000;
/** A file is looked at this long after its folder changed, so that whoever writes it has ended. */
const SETTLE_MS = 50;
/** After a failure it is tried again after so long, then twice as long, up to the usual time. */
const FIRST_RETRY_MS = 1000;

/** Keeps it. `read` answers with the value, not older than so many milliseconds; where it throws the last value stays. */
export function keepSecret(options: KeptOptions, read: (maxAgeMs: number) => Promise<string>): KeptSecret {
  const { reference, path, log, lookEveryMs = LOOK_EVERY_MS } = options;
  const name = secretName(reference);
  let value = options.value;
  let current = secret(value);
  let failures = 0;
  let isClosed = false;
  const everyMs = { env: null, file: lookEveryMs, vault: options.refreshMs, exec: HELPER_EVERY_MS }[reference.kind];
  if (everyMs === null) return { current: () => current, close: async () => {} };

  async function look(usualMs: number): Promise<number> {
    try {
      // Fields of one secret in Vault are looked at in the same moment, and asked for once.
      const next = await read(Math.min(1000, usualMs / 2));
      if (failures > 0) log.info({ reference: name }, `the secret ${name} is there again`);
      failures = 0;
      if (next !== value) {
        value = next;
        current = secret(next);
        log.info({ reference: name }, `the secret ${name} changed`);
      }
      return usualMs;
    } catch (error) {
      if (failures === 0 && !isClosed) {
        log.warn(
          { reference: name, error: describeError(error) },
          `the secret ${name} is not there; its last value stays in use`,
        );
      }
      failures += 1;
      return Math.min(usualMs, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
    }
  }

  const looking = repeat(everyMs, () => look(everyMs));
  let settling: NodeJS.Timeout | undefined;
  const watching =
    path === null
      ? null
      : watchFile(path, () => {
          settling ??= setTimeout(() => {
            settling = undefined;
            looking.again(0);
          }, SETTLE_MS).unref();
        });
  return {
    current: () => current,
    async close() {
      isClosed = true;
      clearTimeout(settling);
      watching?.close();
      await looking.stop();
    },
  };
}

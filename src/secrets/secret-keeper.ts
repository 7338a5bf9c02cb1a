/** The one place that holds secrets in memory for the service: what sources verify with, kept fresh, and what is asked for when it is used. */
import { ConfigurationError, type Problem } from "../config/problem.ts";
import type { ActiveSecretSettings } from "../config/source-settings.ts";
import type { VaultSettings } from "../config/vault-settings.ts";
import { describeError, OperatorError, RetryLaterError } from "../errors.ts";
import type { Log } from "../log.ts";
import { createBriefMemory } from "./brief-memory.ts";
import { type KeptSecret, keepSecret } from "./kept-secret.ts";
import { expandPath, readSecretFile } from "./read-secret-file.ts";
import { runHelper } from "./run-helper.ts";
import { secret } from "./secret.ts";
import type { ActiveSecret, SecretList } from "./secret-list.ts";
import {
  type ExecReference,
  printSecretReference,
  type ResolveSecret,
  resolveSecret,
  type SecretReference,
  secretName,
} from "./secret-reference.ts";
import { createVaultClient, type VaultClient } from "./vault-client.ts";

/** A secret that the configuration names. */
export type WantedSecret = {
  readonly key: string;
  readonly reference: SecretReference;
  /** Whether requests are verified with it, so that its value has to be in memory. The others are only tried. */
  readonly isKept: boolean;
};

export type SecretKeeper = {
  /**
   * Resolves all of these, and from then on keeps those that are to be kept up to date. Throws ConfigurationError that
   * names every one that is not there; a Vault that is away is waited for, for a while.
   */
  open(wanted: readonly WantedSecret[]): Promise<void>;
  /** Those of a source, also those that have ended. All have to be opened; throws Error otherwise. */
  list(secrets: readonly ActiveSecretSettings[], key: string): SecretList;
  /** Resolves one for whoever uses it now; what Vault and helpers said is remembered for half a minute. */
  readonly resolve: ResolveSecret;
  /** The same where the service starts: a Vault that is away is waited for, for a while, and the log says so. */
  readonly resolvePatiently: ResolveSecret;
  /** Stops watching, ends helpers, gives the token of Vault back. */
  close(): Promise<void>;
};

export type SecretKeeperDeps = {
  readonly env: NodeJS.ProcessEnv;
  /** `vault` of slipway.yaml; null where it is not set. */
  readonly vault: VaultSettings | null;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a Vault that is away is waited for at the start. */
  readonly patienceMs?: number;
  /** How often files are looked at in case nobody says that they changed. */
  readonly lookEveryMs?: number;
};

/** How long what Vault and helpers said may be used again without asking. */
const REMEMBERED_MS = 30_000;
const PATIENCE_MS = 15_000;

export function createSecretKeeper(deps: SecretKeeperDeps): SecretKeeper {
  const { env, log, now, patienceMs = PATIENCE_MS } = deps;
  const ended = new AbortController();
  const kept = new Map<string, KeptSecret>();
  const helped = createBriefMemory<string>(REMEMBERED_MS);
  let vault: VaultClient | null = null;
  let saidThatItWaits = false;

  function vaultClient(key: string): VaultClient {
    if (!deps.vault) throw new OperatorError(key, "points into Vault, but vault is not set in slipway.yaml");
    vault ??= createVaultClient(deps.vault, { env, log, now, signal: ended.signal });
    return vault;
  }

  async function help(reference: ExecReference, key: string, maxAgeMs: number): Promise<string> {
    const found = helped.get(reference.name, maxAgeMs);
    if (found !== undefined) return found;
    const value = await runHelper(reference, { key, env, signal: ended.signal });
    helped.set(reference.name, value);
    return value;
  }

  /** The value, not older than `maxAgeMs`. */
  async function read(reference: SecretReference, key: string, maxAgeMs: number): Promise<string> {
    switch (reference.kind) {
      case "env":
        return resolveSecret(reference, key, env).reveal();
      case "file":
        return readSecretFile(expandPath(reference.name, key, env), key);
      case "vault":
        return vaultClient(key).read(reference, key, maxAgeMs);
      case "exec":
        return help(reference, key, maxAgeMs);
    }
  }

  const resolve: ResolveSecret = async (reference, key) => secret(await read(reference, key, REMEMBERED_MS));

  async function readPatiently(reference: SecretReference, key: string): Promise<string> {
    const untilMs = performance.now() + patienceMs;
    for (let waitMs = 250; ; waitMs *= 2) {
      try {
        return await read(reference, key, REMEMBERED_MS);
      } catch (error) {
        if (!(error instanceof RetryLaterError) || performance.now() + waitMs > untilMs) throw error;
        sayThatItWaits(error);
        await new Promise((done) => setTimeout(done, waitMs));
      }
    }
  }

  function sayThatItWaits(error: RetryLaterError): void {
    if (saidThatItWaits) return;
    saidThatItWaits = true;
    log.warn({ error: describeError(error) }, `Vault is away; it is waited for, for ${patienceMs / 1000} seconds`);
  }

  async function openOne({ key, reference, isKept }: WantedSecret): Promise<Problem | null> {
    try {
      const value = await readPatiently(reference, key);
      warnOfSpace(value, reference, key);
      if (isKept) keep(reference, key, value);
      return null;
    } catch (error) {
      if (!(error instanceof RetryLaterError || error instanceof OperatorError)) throw error;
      return { key, message: messageOf(error, key) };
    }
  }

  function keep(reference: SecretReference, key: string, value: string): void {
    const id = printSecretReference(reference);
    if (kept.has(id)) return;
    const path = reference.kind === "file" ? expandPath(reference.name, key, env) : null;
    const refreshMs = deps.vault?.refresh ?? null;
    const options = { reference, path, value, refreshMs, log, lookEveryMs: deps.lookEveryMs };
    kept.set(
      id,
      keepSecret(options, (maxAgeMs) => read(reference, key, maxAgeMs)),
    );
  }

  function warnOfSpace(value: string, reference: SecretReference, key: string): void {
    if (value.trim() === value || value.includes("\n")) return;
    log.warn(
      { key, reference: secretName(reference) },
      "the value begins or ends with white space, which is taken as a part of it",
    );
  }

  return {
    async open(wanted) {
      const problems = (await Promise.all(wanted.map(openOne))).filter((it) => it !== null);
      if (problems.length > 0) throw new ConfigurationError("What slipway.yaml names as secrets", problems);
    },
    list(secrets, key) {
      const all = secrets.map(({ use, until }) => {
        const found = kept.get(printSecretReference(use));
        if (!found) throw new Error(`the secret ${secretName(use)} of ${key} was not opened`);
        return { name: secretName(use), found, untilMs: until };
      });
      // Those who verify remember what they made of a list by the list, so it is the same one while nothing changes.
      let last: readonly ActiveSecret[] = [];
      return () => {
        const isSame =
          all.length === last.length && all.every(({ found }, index) => last[index]?.secret === found.current());
        if (!isSame) last = all.map(({ name, found, untilMs }) => ({ name, secret: found.current(), untilMs }));
        return last;
      };
    },
    resolve,
    resolvePatiently: async (reference, key) => secret(await readPatiently(reference, key)),
    async close() {
      ended.abort();
      await Promise.all([...kept.values()].map((it) => it.close()));
      kept.clear();
      helped.clear();
      await vault?.close();
    },
  };
}

/** Without the key, which stands before it anyway. */
function messageOf(error: OperatorError | RetryLaterError, key: string): string {
  const text = describeError(error);
  return text.startsWith(`${key}: `) ? text.slice(key.length + 2) : text;
}

/** A keeper of secrets, what it logged, and a folder for its files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { type VaultSettings, vaultSettings } from "../../src/config/vault-settings.ts";
import { createSecretKeeper, type SecretKeeperDeps, type WantedSecret } from "../../src/secrets/secret-keeper.ts";
import { parseSecretReference, type SecretReference } from "../../src/secrets/secret-reference.ts";

/** A folder that is gone after the test. */
export function secretFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function reference(text: string): SecretReference {
  const read = parseSecretReference(text);
  if (!read) throw new Error(`no reference: ${text}`);
  return read;
}

export const wanted = (text: string, key = "sources.shop.secret"): WantedSecret => ({
  ...{ key, reference: reference(text), isKept: true },
});

/** `vault` as in slipway.yaml. */
export function createKeeper(deps: Partial<SecretKeeperDeps> & { readonly settings?: object } = {}) {
  const lines: string[] = [];
  const log = pino({ level: "trace", base: null }, { write: (line: string) => void lines.push(line) });
  const vault: VaultSettings | null = deps.settings ? vaultSettings.parse(deps.settings) : null;
  const keeper = createSecretKeeper({
    env: {},
    vault,
    log,
    now: Date.now,
    patienceMs: 100,
    lookEveryMs: 60_000,
    ...deps,
  });
  onTestFinished(() => keeper.close());
  return {
    keeper,
    logged: () => lines.join(""),
    count: (text: string) => lines.filter((line) => line.includes(text)).length,
    /** The values of these references that are valid now. */
    values(...texts: string[]) {
      const list = keeper.list(
        texts.map((text) => ({ use: reference(text), until: null })),
        "sources.shop.secrets",
      );
      return () => list().map(({ secret }) => secret.reveal());
    },
  };
}

/** What an error says, all of it. */
export async function messageOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return (error as Error).message;
}

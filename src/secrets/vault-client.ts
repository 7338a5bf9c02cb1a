/** Reads secrets from the KV engine, version 2, of HashiCorp Vault or OpenBao. */
import { z } from "zod";
import type { VaultSettings } from "../config/vault-settings.ts";
import { OperatorError } from "../errors.ts";
import { createBriefMemory } from "./brief-memory.ts";
import type { VaultReference } from "./secret-reference.ts";
import { createVaultLogin, type VaultLoginDeps } from "./vault-login.ts";
import { createVaultRequest } from "./vault-request.ts";

export type VaultClient = {
  /**
   * The field that the reference names, read at most `maxAgeMs` ago. Throws OperatorError where Vault refuses or has no
   * such thing, RetryLaterError where it is away.
   */
  read(reference: VaultReference, key: string, maxAgeMs: number): Promise<string>;
  close(): Promise<void>;
};

/** https://openbao.org/api-docs/secret/kv/kv-v2/#read-secret-version */
const kvAnswer = z.object({
  data: z.object({ data: z.record(z.string(), z.unknown()), metadata: z.object({ version: z.number() }) }),
});

/** What a path holds; `fields` is null where Vault refused. */
type Found = { readonly status: number; readonly fields: Readonly<Record<string, unknown>> | null };

/** Slipway's end does not wait long for Vault. */
const LAST_WITHIN_MS = 2000;
/** How long what was read is remembered, at most. */
const REMEMBERED_MS = 30_000;

/** `signal` ends all that is under way; `close` is called after it. */
export function createVaultClient(
  settings: VaultSettings,
  { signal, ...deps }: Pick<VaultLoginDeps, "env" | "log" | "now"> & { readonly signal: AbortSignal },
): VaultClient {
  const ask = createVaultRequest(settings, { signal });
  const askLast = createVaultRequest(settings, { timeLimitMs: LAST_WITHIN_MS });
  const login = createVaultLogin({ settings, ask, askLast, ...deps });
  /** By the API's path. One secret has several fields, which are asked for at the same time. */
  const known = createBriefMemory<Promise<Found>>(REMEMBERED_MS);

  async function find(path: string, maxAgeMs: number): Promise<Found> {
    const remembered = known.get(path, maxAgeMs);
    if (remembered) return remembered;
    const reading = fetchFields(path);
    known.set(path, reading);
    try {
      const found = await reading;
      if (found.fields === null) known.delete(path, reading);
      return found;
    } catch (error) {
      known.delete(path, reading);
      throw error;
    }
  }

  async function fetchFields(path: string): Promise<Found> {
    const first = await login.token();
    let answer = await ask({ method: "GET", path, token: first });
    if (answer.status === 403) {
      // The token may have ended early, by hand: a new one shows whether it was that.
      login.forget(first);
      answer = await ask({ method: "GET", path, token: await login.token() });
    }
    const parsed = kvAnswer.safeParse(answer.json);
    const fields = answer.status === 200 && parsed.success ? parsed.data.data.data : null;
    return { status: answer.status, fields };
  }

  return {
    async read(reference, key, maxAgeMs) {
      const { status, fields } = await find(apiPath(reference), maxAgeMs);
      if (fields === null) throw new OperatorError(key, refusal(status, reference));
      const value = Object.hasOwn(fields, reference.field) ? fields[reference.field] : undefined;
      if (typeof value === "string" && value !== "") return value;
      if (typeof value === "number") return String(value);
      const what = value === undefined || value === "" ? "has no field" : "has no text in the field";
      throw new OperatorError(key, `${placeOf(reference)} in Vault ${what} ${reference.field}`);
    },
    async close() {
      known.clear();
      await login.close();
    },
  };
}

const segments = (path: string) => path.split("/").map(encodeURIComponent).join("/");
const apiPath = ({ mount, path }: VaultReference) => `${segments(mount)}/data/${segments(path)}`;
const placeOf = ({ mount, path }: VaultReference) => `${mount}/${path}`;

function refusal(status: number, reference: VaultReference): string {
  const { mount, path } = reference;
  const place = placeOf(reference);
  if (status === 403) {
    return `Vault does not let Slipway read ${place} (403); its policy has to allow read on ${mount}/data/${path}`;
  }
  if (status === 404) {
    return `there is nothing at ${place} in Vault (404): it was never written, was deleted, or ${mount} is no KV engine of version 2`;
  }
  return `Vault's answer for ${place} (${status}) is none of a KV engine of version 2`;
}

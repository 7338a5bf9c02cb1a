/** Requests and verifiers for the tests of declared sources. */
import { type DefinitionInput, sourceDefinition } from "../../../src/config/source-definition.ts";
import { RetryLaterError, SenderError } from "../../../src/errors.ts";
import { type Received, readPayload } from "../../../src/model/received.ts";
import { secret } from "../../../src/secrets/secret.ts";
import type { ActiveSecret } from "../../../src/secrets/secret-list.ts";
import type { SnsCertificates } from "../../../src/sources/declared/sns-certificates.ts";
import { createVerifier, type VerifierDeps } from "../../../src/sources/declared/verifier.ts";
import type { Proof } from "../../../src/sources/source.ts";

export const NOW = 1_800_000_000_000;

type SentHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request as it is received; the target is /hooks/shop unless said otherwise. */
export function received(
  body: string | Buffer,
  headers: SentHeaders,
  { method = "POST", target = "/hooks/shop", token = "" }: { method?: string; target?: string; token?: string } = {},
): Received {
  const distinct = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), typeof value === "string" ? [value] : value] as const],
  );
  return {
    method,
    target,
    headers: Object.fromEntries(distinct),
    query: new URLSearchParams(target.split("?")[1] ?? ""),
    token,
    body: typeof body === "string" ? Buffer.from(body) : body,
  };
}

/** Secrets without an end, named env:SECRET_1, env:SECRET_2 … */
export const active = (...texts: readonly string[]): ActiveSecret[] =>
  texts.map((text, at) => ({ name: `env:SECRET_${at + 1}`, secret: secret(text), untilMs: null }));

export type Setting = {
  readonly verify: DefinitionInput["verify"];
  readonly secrets?: readonly string[] | readonly ActiveSecret[];
  readonly nowMs?: number;
  readonly certificates?: SnsCertificates;
  readonly id?: DefinitionInput["id"];
};

export function verifierDeps({ verify, secrets = [], nowMs = NOW, certificates, id }: Setting): VerifierDeps {
  const list = secrets.flatMap((it) => (typeof it === "string" ? active(it) : it)) as ActiveSecret[];
  const named = list.map((it, at) => (typeof secrets[0] === "string" ? { ...it, name: `env:SECRET_${at + 1}` } : it));
  return {
    definition: sourceDefinition.parse({ verify, ...(id !== undefined && { id }) }),
    secrets: () => named,
    now: () => nowMs,
    ...(certificates && { snsCertificates: certificates }),
  };
}

/** Verifies one request; an error with any other status than 401 and 404 is the test's failure. */
export function createTrial(setting: Setting) {
  const verifier = createVerifier(verifierDeps(setting));
  return async (request: Received): Promise<Proof | 401 | 404 | "later"> => {
    try {
      return await verifier.verify(request, await readPayload(request, "payload"));
    } catch (error) {
      if (error instanceof RetryLaterError) return "later";
      if (!(error instanceof SenderError)) throw error;
      if (error.status === 401 && error.message === "unauthorized") return 401;
      if (error.status === 404 && error.message === "not found") return 404;
      throw error;
    }
  };
}

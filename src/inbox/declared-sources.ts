/** The senders that slipway.yaml declares, ready to be taken from: their sources, and what reads their deliveries. */

import type { Config } from "../config/schema.ts";
import type { ActiveSecretSettings } from "../config/source-settings.ts";
import { hasUnsignedId, type ResolvedSource, resolveSources } from "../presets/resolve-source.ts";
import type { SecretList } from "../secrets/secret-list.ts";
import { createDeclaredReader, type DeclaredReaderDeps } from "../sources/declared/declared-reader.ts";
import { createDeclaredSource } from "../sources/declared/declared-source.ts";
import { createSnsCertificates, type SnsCertificates } from "../sources/declared/sns-certificates.ts";
import { createVerifier } from "../sources/declared/verifier.ts";
import { createFormSource } from "../sources/forms/form-source.ts";
import type { Source } from "../sources/source.ts";
import type { Reader } from "./dispatch.ts";

export type DeclaredDeps = DeclaredReaderDeps & {
  readonly config: Pick<Config, "sources">;
  /** The secrets of a source; `key` is where slipway.yaml names them. */
  readonly secretsOf: (secrets: readonly ActiveSecretSettings[], key: string) => SecretList;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Default: those of Amazon, fetched when they are needed. */
  readonly snsCertificates?: SnsCertificates;
};

export type DeclaredSources = {
  readonly resolved: readonly ResolvedSource[];
  readonly sources: readonly Source[];
  readonly readers: ReadonlyMap<string, Reader>;
  readonly unsignedIds: ReadonlySet<string>;
};

export function createDeclaredSources(deps: DeclaredDeps): DeclaredSources {
  const resolved = resolveSources(deps.config.sources);
  const snsCertificates = deps.snsCertificates ?? createSnsCertificates(deps);
  const sources = resolved.map((one) => {
    const secrets = deps.secretsOf(one.secrets, `sources.${one.name}`);
    const verifierDeps = { definition: one.definition, secrets, now: deps.now, snsCertificates };
    const declared = createDeclaredSource(one, { verifier: createVerifier(verifierDeps), verifierDeps, now: deps.now });
    return one.settings.form ? createFormSource(declared, one.settings.form, deps.now) : declared;
  });
  return {
    resolved,
    sources,
    readers: new Map(resolved.map((one) => [one.name, createDeclaredReader(one, deps)])),
    unsignedIds: new Set(resolved.filter((one) => hasUnsignedId(one.definition)).map((one) => one.name)),
  };
}

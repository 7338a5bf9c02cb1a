/** What to write into slipway.yaml for the sender of a request, as far as the request tells. */
import { isDeepStrictEqual } from "node:util";
import { type DefinitionInput, sourceDefinition } from "../../config/source-definition.ts";
import type { SourceSettings } from "../../config/source-settings.ts";
import type { Preset } from "../../presets/preset.ts";
import type { SenderGuess } from "./guess-sender.ts";
import { type RequestGuess, toHmac } from "./guess-signature.ts";
import type { Fit } from "./try-secret.ts";

/** Keys of a source, to be written as YAML. */
export type SuggestedSource = Readonly<Record<string, unknown>> & { readonly kind: string };

export type SuggestionFacts = {
  readonly presets: readonly Preset[];
  readonly senders: readonly SenderGuess[];
  readonly guess: RequestGuess;
  /** What fits with the secret; null where none does, or none was given. */
  readonly fit: Fit | null;
  /** The reference of the secret: "env:SHOP_SECRET". */
  readonly secret: string;
  readonly mediaType: string;
};

/** A known sender where it looks like one and the secret does not say otherwise; else all of it spelled out. */
export function suggestSource({ presets, senders, guess, fit, secret, mediaType }: SuggestionFacts): SuggestedSource {
  const likely = senders.flatMap(({ kind }) => presets.find((preset) => preset.kind === kind) ?? []);
  const known = likely.find((preset) => fit === null || isOf(preset, fit.verification));
  if (known) return { kind: known.kind, ...(known.secret !== "none" && { secret }) };
  const verify = fit ? [fit.verification] : guessed(guess);
  const isUsualType = mediaType === "application/json" || /^application\/.+\+json$/.test(mediaType);
  return {
    kind: "custom",
    ...(!("none" in (verify[0] ?? {})) && { secret }),
    verify,
    ...(guess.ids[0] && { id: guess.ids[0] }),
    ...(guess.events[0] && { event: [guess.events[0]] }),
    ...(!isUsualType && mediaType !== "" && { accept: { types: [mediaType] } }),
    routes: [{ store: true }],
  };
}

function guessed({ signatures: [first] }: RequestGuess): DefinitionInput["verify"] {
  if (first) return [{ hmac: toHmac(first) }];
  return [{ token: { in: "header:authorization", scheme: "bearer" } }];
}

function isOf(preset: Preset, verification: DefinitionInput["verify"][number]): boolean {
  try {
    const wanted = sourceDefinition.parse(preset.definition({ kind: preset.kind } as SourceSettings)).verify;
    const [fitting] = sourceDefinition.parse({ verify: [verification] }).verify;
    return wanted.some((it) => isDeepStrictEqual(it, fitting));
  } catch {
    return false;
  }
}

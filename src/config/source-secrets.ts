/** The secrets of a source, in whichever of the two ways they are written. */
import type { ActiveSecretSettings, SourceSettings } from "./source-settings.ts";

/** Those of `secrets`, or the one of `secret`, which has no end. */
export function sourceSecrets({ secret, secrets }: SourceSettings): readonly ActiveSecretSettings[] {
  return secrets ?? (secret ? [{ use: secret, until: null }] : []);
}

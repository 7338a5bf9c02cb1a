/** A preset spelled out: what one would write into slipway.yaml to have the same without it. */
import { stringify } from "yaml";
import type { DefinitionInput } from "../config/source-definition.ts";
import type { SourceSettings } from "../config/source-settings.ts";
import type { Preset } from "./preset.ts";

/** The source in YAML, as `kind: custom`. What its deliveries do is left to be filled in. */
export function printPreset(preset: Preset, settings: Partial<SourceSettings> = {}): string {
  const definition: DefinitionInput = preset.definition({ kind: preset.kind, ...settings });
  const secret =
    preset.secret === "none" ? {} : { secret: `env:${preset.kind.replaceAll("-", "_").toUpperCase()}_SECRET` };
  const source = { kind: "custom", ...secret, ...definition, routes: [{ store: true }] };
  return stringify({ sources: { [preset.kind]: source } });
}

/** All presets, by name. */
import { alertPresets } from "./alerts/alert-presets.ts";
import { contentPresets } from "./content/content-presets.ts";
import { gitPresets } from "./git/git-presets.ts";
import { notePresets } from "./notes/note-presets.ts";
import type { Preset } from "./preset.ts";
import { standardWebhooks } from "./standard-webhooks.ts";

export const presets: readonly Preset[] = [
  standardWebhooks,
  ...gitPresets,
  ...contentPresets,
  ...alertPresets,
  ...notePresets,
];

const byKind = new Map(presets.map((preset) => [preset.kind, preset]));

/** The preset of that name; undefined where there is none. */
export const findPreset = (kind: string): Preset | undefined => byKind.get(kind);

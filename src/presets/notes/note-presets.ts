/** The presets of payments, shops and forms. */
import type { Preset } from "../preset.ts";

export const notePresets: readonly Preset[] = [];

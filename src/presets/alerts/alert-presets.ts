/** The presets of monitoring. */
import type { Preset } from "../preset.ts";

export const alertPresets: readonly Preset[] = [];

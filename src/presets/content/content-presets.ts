/** The presets of CMSs and back ends. */
import type { Preset } from "../preset.ts";

export const contentPresets: readonly Preset[] = [];

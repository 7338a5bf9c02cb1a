/** The presets of git hosts other than GitHub. */
import type { Preset } from "../preset.ts";

export const gitPresets: readonly Preset[] = [];

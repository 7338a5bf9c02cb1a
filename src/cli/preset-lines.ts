/** `slipway sources preset`: which senders are known, and how one of them would be configured without its preset. */

import { nearest } from "../config/problem.ts";
import type { SourceSettings } from "../config/source-settings.ts";
import { PermanentError } from "../errors.ts";
import { findPreset, presets } from "../presets/presets.ts";
import { printPreset } from "../presets/print-preset.ts";

/** What some presets need to be told, so that they can be spelled out. */
const NEEDED: Partial<SourceSettings> = { topics: ["arn:aws:sns:eu-central-1:123456789012:alarms"] };

/** Throws PermanentError where there is no such preset. */
export function presetLines(kind: string | undefined): string[] {
  if (kind === undefined) {
    const width = Math.max(...presets.map((it) => it.kind.length));
    return presets.map(({ kind: name, label, purpose }) => `${name.padEnd(width)}  ${label} (${purpose})`);
  }
  const preset = findPreset(kind);
  if (!preset) {
    const guess = nearest(
      kind,
      presets.map((it) => it.kind),
    );
    throw new PermanentError(
      `there is no preset ${kind}; ${guess ? `did you mean ${guess}?` : "slipway sources preset lists them"}`,
    );
  }
  return [
    `# ${preset.label}: ${preset.docs}`,
    `# ${preset.provenBy === null ? "Not proven against anything that was not written here." : `Proven by ${preset.provenBy}.`}`,
    ...printPreset(preset, NEEDED).trimEnd().split("\n"),
  ];
}

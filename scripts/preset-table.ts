/** Prints the table of all presets in docs/sources.md: `node scripts/preset-table.ts`. test/docs.test.ts holds them together. */
import { type SourceDefinition, sourceDefinition, type Verification } from "../src/config/source-definition.ts";
import { printExtractor } from "../src/model/extractor.ts";
import { durationText } from "../src/model/quantities.ts";
import type { Preset, Purpose } from "../src/presets/preset.ts";
import { presets } from "../src/presets/presets.ts";
import { hasUnsignedId } from "../src/presets/resolve-source.ts";

export const PRESET_HEAD = "| kind | sender | what it does | verified by | told apart by | events | proven by |";
const MAX_EVENTS = 3;

const DOES: Readonly<Record<Purpose, string>> = {
  content: "rebuild",
  git: "deploy",
  alerts: "alert",
  notes: "notice",
  any: "its `routes`",
};

/** A row for each preset. */
export function presetRows(): string[] {
  return presets.map(rowOf);
}

function rowOf(preset: Preset): string {
  const { kind, label, docs, purpose, events, provenBy } = preset;
  const definition = sourceDefinition.parse(preset.definition({ kind, topics: ["arn:of-the-operator"] }));
  const cells = [
    `\`${kind}\``,
    `[${label}](${docs})`,
    DOES[purpose],
    definition.verify.map(proofText).join("; "),
    identityText(definition),
    eventsText(events),
    provenBy ?? "**unproven**",
  ];
  return `| ${cells.join(" | ")} |`;
}

function proofText(verification: Verification): string {
  if ("hmac" in verification) {
    const { algorithm, message, header, timestamp } = verification.hmac;
    return `HMAC-${algorithm.toUpperCase()} of \`${message}\` in \`${header}\`${timestamp ? ", with a time" : ""}`;
  }
  if ("token" in verification) {
    const { in: place, scheme } = verification.token;
    if (place.from === "path") return "a secret at the end of its address";
    return `a secret in \`${printExtractor(place)}\`${scheme ? ` (${scheme})` : ""}`;
  }
  if ("contentful" in verification) return "Contentful's signature of the whole request, with a time";
  if ("sns" in verification) return "Amazon's certificate, and `topics`";
  if ("netlify" in verification) return "Netlify's JWS in `x-webhook-signature`";
  return "ip" in verification ? "its address" : "nothing: origin, honeypot, limits";
}

function identityText(definition: SourceDefinition): string {
  const { from, bodyMayChange, window } = definition.id;
  if (from === "none") return "nothing";
  if (from === "digest") return `its bytes, for ${durationText(window)}`;
  const remarks = [...(hasUnsignedId(definition) ? ["unsigned"] : []), ...(bodyMayChange ? ["bytes may change"] : [])];
  return `\`${printExtractor(from)}\`${remarks.length > 0 ? ` (${remarks.join(", ")})` : ""}`;
}

function eventsText(events: readonly string[]): string {
  if (events.length === 0) return "all";
  const left = events.length - MAX_EVENTS;
  const named = events.slice(0, left > 1 ? MAX_EVENTS : events.length).map((it) => `\`${it}\``);
  return `${named.join(", ")}${left > 1 ? ` and ${left} more` : ""}`;
}

if (import.meta.main) console.log([PRESET_HEAD, "|---|---|---|---|---|---|---|", ...presetRows()].join("\n"));

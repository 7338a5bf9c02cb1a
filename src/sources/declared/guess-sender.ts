/** Which known senders an unknown request may be of: by the names of its headers, and by whether its payload fits. */
import { type SourceDefinition, sourceDefinition } from "../../config/source-definition.ts";
import type { SourceSettings } from "../../config/source-settings.ts";
import { type Extractor, extract } from "../../model/extractor.ts";
import { headerOf, type Payload, type Received } from "../../model/received.ts";
import type { Preset } from "../../presets/preset.ts";

export type SenderGuess = {
  readonly kind: string;
  readonly label: string;
  /** What speaks for it, in words. */
  readonly because: readonly string[];
  readonly score: number;
};

const MAX_SENDERS = 3;
/** Less than that may be chance. */
const LEAST = 3;
/** Everybody sends them. */
const COMMON = new Set(["authorization", "user-agent", "content-type"]);

/** The likeliest first. */
export function guessSenders(
  presets: readonly Preset[],
  received: Received,
  payload: Payload,
  nowMs: number,
): SenderGuess[] {
  return presets
    .flatMap((preset) => {
      const definition = definitionOf(preset);
      return definition ? [scoreOf(preset, definition, received, payload, nowMs)] : [];
    })
    .filter(({ score }) => score >= LEAST)
    .sort((one, other) => other.score - one.score)
    .slice(0, MAX_SENDERS);
}

/** As it is without any settings; some need one, and are not guessed then. */
function definitionOf(preset: Preset): SourceDefinition | undefined {
  try {
    const settings = { kind: preset.kind, topics: ["arn:aws:sns:"] } as SourceSettings;
    return sourceDefinition.parse(preset.definition(settings));
  } catch {
    return undefined;
  }
}

function scoreOf(
  preset: Preset,
  definition: SourceDefinition,
  received: Received,
  payload: Payload,
  nowMs: number,
): SenderGuess {
  const because: string[] = [];
  let score = 0;
  const gives = (points: number, why: string) => {
    score += points;
    because.push(why);
  };
  for (const { name, points } of headersOf(definition)) {
    if (headerOf(received, name) !== null) gives(points, `it has the header ${name}`);
    else score -= points;
  }
  const agent = headerOf(received, "user-agent")?.toLowerCase() ?? "";
  const short = preset.label.toLowerCase().split(" ", 1)[0] ?? "";
  if (agent.includes(preset.kind) || (short.length > 3 && agent.includes(short))) gives(3, "its User-Agent says so");
  const named = definition.event.filter(({ from }) => from === "json");
  if (named.length > 0 && named.every((it) => extract(it, received, payload) !== null))
    gives(1, "it names the event where that sender does");
  if (reads(preset, definition, received, payload, nowMs)) gives(2, "its payload has the fields of that sender");
  return { kind: preset.kind, label: preset.label, because, score };
}

function reads(
  preset: Preset,
  definition: SourceDefinition,
  received: Received,
  payload: Payload,
  nowMs: number,
): boolean {
  if (payload.json === undefined) return false;
  try {
    const event = definition.event.map((it) => extract(it, received, payload) ?? "").join(".");
    const { ping, ignored } = preset.read({ received, payload, event, receivedAtMs: nowMs });
    return ping === undefined && ignored === undefined;
  } catch {
    return false;
  }
}

/** The headers that this sender alone, or nearly alone, sends. */
function headersOf({ verify, id, event }: SourceDefinition): Array<{ name: string; points: number }> {
  const found = new Map<string, number>();
  const add = (name: string, points: number) => {
    if (!COMMON.has(name)) found.set(name, Math.max(points, found.get(name) ?? 0));
  };
  const addExtractor = (extractor: Extractor, points: number): void => {
    if (extractor.from === "header") add(extractor.name, points);
    if (extractor.from === "join") for (const part of extractor.parts) addExtractor(part, points);
  };
  for (const one of verify) {
    if ("hmac" in one) {
      add(one.hmac.header, 3);
      if (one.hmac.id) add(one.hmac.id, 2);
      if (one.hmac.timestamp?.startsWith("header:")) add(one.hmac.timestamp.slice("header:".length).toLowerCase(), 2);
    }
    if ("token" in one) addExtractor(one.token.in, 2);
    if ("contentful" in one) add("x-contentful-signature", 3);
    if ("sns" in one) add("x-amz-sns-message-type", 4);
    if ("netlify" in one) add("x-webhook-signature", 3);
  }
  if (typeof id.from === "object") addExtractor(id.from, 2);
  for (const extractor of event) addExtractor(extractor, 2);
  return [...found].map(([name, points]) => ({ name, points }));
}

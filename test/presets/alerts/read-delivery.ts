/** Reads what a sender sent as the service does once it is verified: by the preset's definition, and then by the preset. */
import { sourceDefinition } from "../../../src/config/source-definition.ts";
import { type SourceSettingsInput, sourceSettings } from "../../../src/config/source-settings.ts";
import { extract } from "../../../src/model/extractor.ts";
import { type Received, readPayload } from "../../../src/model/received.ts";
import type { Preset, Reading } from "../../../src/presets/preset.ts";
import type { SentRequest } from "../preset-case.ts";

export const RECEIVED_AT_MS = Date.parse("2026-12-01T12:00:00Z");

export type Delivered = {
  readonly reading: Reading;
  readonly event: string;
  /** What the definition makes the id of; null where it declares one and there is none, "" where it declares none. */
  readonly id: string | null;
};

/** Reads deliveries of one source, whose definition is made once. What it answers with throws what the preset throws. */
export function readerOf(
  preset: Preset,
  settings: Partial<SourceSettingsInput> = {},
): (received: Received) => Promise<Delivered> {
  const definition = sourceDefinition.parse(
    preset.definition(sourceSettings.parse({ kind: preset.kind, ...settings })),
  );
  return async (received) => {
    const payload = await readPayload(received, definition.accept.field);
    const event = definition.event.map((it) => extract(it, received, payload) ?? "").join(".");
    const { from } = definition.id;
    const id = from === "none" ? "" : extract(from === "digest" ? { from: "digest" } : from, received, payload);
    const reading = preset.read({ received, payload, event, receivedAtMs: RECEIVED_AT_MS });
    return { reading, event, id };
  };
}

/** Throws what the preset throws. */
export function readDelivery(
  preset: Preset,
  received: Received,
  settings: Partial<SourceSettingsInput> = {},
): Promise<Delivered> {
  return readerOf(preset, settings)(received);
}

/** The request as it arrives. */
export function receivedFrom({ method = "POST", suffix = "", headers, body }: SentRequest): Received {
  const target = `/hooks/monitoring${suffix}`;
  const { pathname, searchParams } = new URL(target, "http://127.0.0.1");
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]] as const);
  return {
    method,
    target,
    headers: Object.fromEntries(lower),
    query: searchParams,
    token: pathname.split("/")[3] ?? "",
    body: Buffer.from(body),
  };
}

/** A JSON body that came by POST. */
export function receivedJson(body: unknown, headers: Readonly<Record<string, string>> = {}): Received {
  return receivedFrom({ headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
}

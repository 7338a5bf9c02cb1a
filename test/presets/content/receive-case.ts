/** What a preset reads in a request, with everything between them that is not the matter of these tests left out. */
import { type SourceSettingsInput, sourceSettings } from "../../../src/config/source-settings.ts";
import { extract } from "../../../src/model/extractor.ts";
import { type Received, readPayload } from "../../../src/model/received.ts";
import type { Reading } from "../../../src/presets/preset.ts";
import { type ResolvedSource, resolveSource } from "../../../src/presets/resolve-source.ts";
import type { SentRequest } from "../preset-case.ts";

/** The source as slipway.yaml would have it. Throws where something is wrong with it. */
export function resolved(settings: SourceSettingsInput): ResolvedSource {
  const source = resolveSource(settings.kind, sourceSettings.parse(settings));
  if ("kind" in source) return source;
  throw new Error(JSON.stringify(source));
}

export const usual = (kind: string) => resolved({ kind, secret: "env:SECRET", sites: ["shop"] });

function receivedOf(kind: string, { method = "POST", suffix = "", headers, body }: SentRequest): Received {
  const target = `/hooks/${kind}${suffix}`;
  const { pathname, searchParams } = new URL(target, "http://localhost");
  return {
    method,
    target,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]])),
    query: searchParams,
    token: pathname.split("/")[3] ?? "",
    body: Buffer.from(body),
  };
}

/** What names the delivery, what the event is called, and what is read. */
export async function read(
  source: ResolvedSource,
  sent: SentRequest,
): Promise<{ id: string | null; event: string; reading: Reading }> {
  const received = receivedOf(source.kind, sent);
  const { id, event, accept } = source.definition;
  const payload = await readPayload(received, accept.field);
  const named = (it: Parameters<typeof extract>[0]) => extract(it, received, payload);
  const from = id.from === "none" ? null : id.from === "digest" ? ({ from: "digest" } as const) : id.from;
  const name = event.map(named).filter(Boolean).join(".");
  const reading = source.preset?.read({ received, payload, event: name, receivedAtMs: Date.now() });
  if (!reading) throw new Error(`${source.kind} has no preset`);
  return { id: from && named(from), event: name, reading };
}

/** What is read in a body of JSON. */
export async function readJson(kind: string, body: unknown, headers: Record<string, string> = {}): Promise<Reading> {
  const sent = { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
  return (await read(usual(kind), sent)).reading;
}

/** The presets of monitoring senders: what each documented example says, and what they do with bytes of any other kind. */
import fc from "fast-check";
import Validator from "sns-payload-validator";
import { describe, expect, it } from "vitest";
import { sourceDefinition } from "../../../src/config/source-definition.ts";
import { sourceSettings } from "../../../src/config/source-settings.ts";
import { UnparseableError } from "../../../src/errors.ts";
import { MAX_ALERTS } from "../../../src/presets/alerts/alert-group.ts";
import { alertPresets } from "../../../src/presets/alerts/alert-presets.ts";
import { alertmanager } from "../../../src/presets/alerts/alertmanager.ts";
import { findPreset } from "../../../src/presets/presets.ts";
import { alertCases } from "./alert-cases.ts";
import { payload } from "./payload.ts";
import { readDelivery, readerOf, receivedFrom, receivedJson } from "./read-delivery.ts";
import { SNS_CERTIFICATE_URL, snsKey } from "./sns-signer.ts";

const NOW = Date.parse("2026-12-01T12:00:00Z");

function presetOf(kind: string) {
  const preset = findPreset(kind);
  if (!preset) throw new Error(`there is no preset ${kind}`);
  return preset;
}

describe("Each monitoring sender", () => {
  it.each(alertCases)(
    "says $name of $kind as it is documented",
    async ({ kind, settings, secret, request, reading }) => {
      const received = receivedFrom(await request(secret, NOW));
      const read = await readDelivery(presetOf(kind), received, settings);
      expect(read.reading).toEqual(reading);
      expect(read.id).not.toBeNull();
    },
  );

  it("has a case, and a definition that can be written into slipway.yaml", () => {
    for (const preset of alertPresets) {
      expect(alertCases.map((it) => it.kind)).toContain(preset.kind);
      const settings = sourceSettings.parse({
        kind: preset.kind,
        topics: ["arn:aws:sns:us-east-1:123456789012:alarms"],
      });
      expect(() => sourceDefinition.parse(preset.definition(settings))).not.toThrow();
    }
    expect(new Set(alertPresets.map((it) => it.kind)).size).toBe(alertPresets.length);
  });

  it.each(alertPresets)("$kind refuses what is not of its shape, and never breaks", async (preset) => {
    const resource = fc.constantFrom("issue", "event_alert", "metric_alert", "error", "");
    const like = alertCases.filter((it) => it.kind === preset.kind);
    const read = readerOf(preset, like[0]?.settings);
    const usual = await Promise.all(
      like.map(async ({ request, secret }) => receivedFrom(await request(secret, NOW)).body.toString("utf8")),
    );
    // Shapes near to the real ones reach further than any JSON does.
    const near = fc.constantFrom(...usual.filter((text) => text.startsWith("{")));
    const check = fc.asyncProperty(fc.jsonValue(), resource, near, fc.nat(), async (value, header, text, at) => {
      const received = receivedJson(
        replaceOne(JSON.parse(text), at, value),
        header ? { "sentry-hook-resource": header } : {},
      );
      try {
        const { reading } = await read(received);
        expect(Object.keys(reading)).toHaveLength(1);
      } catch (error) {
        expect(error).toBeInstanceOf(UnparseableError);
      }
    });
    await fc.assert(check, { numRuns: 300 });
  });
});

/** The value with one of its parts replaced: that of the number `at`, counted through. */
function replaceOne(value: unknown, at: number, by: unknown): unknown {
  const places: Array<(value: unknown) => void> = [];
  const walk = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      places.push((it) => {
        (node as Record<string, unknown>)[key] = it;
      });
      walk(child);
    }
  };
  walk(value);
  places[at % places.length]?.(by);
  return value;
}

describe("A group of alerts", () => {
  const group = (changes: object) => ({ ...payload("alertmanager"), ...changes });
  const read = async (body: unknown) => (await readDelivery(alertmanager, receivedJson(body))).reading;

  it("of thousands is read up to a limit, and the last alert says how many are not told", async () => {
    const [one] = payload("alertmanager").alerts;
    const alerts = Array.from({ length: 3000 }, (_, index) => ({ ...one, fingerprint: `f${index}` }));
    // Neither is what lies beyond the limit looked at.
    const reading = await read(group({ alerts: [...alerts, "no alert at all"], truncatedAlerts: 7 }));
    expect(reading.alerts).toHaveLength(MAX_ALERTS);
    expect(reading.alerts?.at(-1)?.detail).toBe(
      `${3001 - MAX_ALERTS + 7} more alerts of this group are not told one by one.`,
    );
    expect(reading.alerts?.at(-2)?.detail).toBe("");
  });

  it("that Alertmanager cut says so before anything else", async () => {
    const [one] = payload("alertmanager").alerts;
    const alert = { ...one, annotations: { description: "No answer." } };
    const reading = await read(group({ alerts: [alert], truncatedAlerts: 1 }));
    expect(reading.alerts?.[0]?.detail).toBe("1 more alert of this group is not told one by one. No answer.");
    expect(reading.alerts?.[0]?.title).toBe("SiteDown");
  });

  it("of another version of the payload is refused, and an empty one is ignored", async () => {
    await expect(read(group({ version: "5" }))).rejects.toThrow(UnparseableError);
    expect(await read(group({ alerts: [] }))).toEqual({ ignored: "the group has no alerts in it" });
  });

  it("with Go's zero time in it has neither begun nor ended", async () => {
    const [one] = payload("alertmanager").alerts;
    const zero = { ...one, status: "resolved", startsAt: "0001-01-01T00:00:00Z", endsAt: "0001-01-01T00:00:00Z" };
    const reading = await read(group({ alerts: [zero] }));
    expect(reading.alerts?.[0]).toMatchObject({ state: "resolved", startedAtMs: null, endedAtMs: null });
  });

  it("keeps labels with names that objects have of their own", async () => {
    const [one] = payload("alertmanager").alerts;
    const body = JSON.stringify(group({ alerts: [one] })).replace('"instance":', '"constructor":"x","instance":');
    const reading = await read(JSON.parse(body));
    expect(reading.alerts?.[0]?.labels.constructor).toBe("x");
  });
});

describe("What signs for SNS in these tests", () => {
  it("is taken by the package sns-payload-validator, and what somebody else signed is not", async () => {
    const validator = new Validator() as InstanceType<typeof Validator> & {
      certCache: { set(url: string, certificate: string): void };
    };
    validator.certCache.set(SNS_CERTIFICATE_URL, snsKey("own").certificate);
    for (const { request, secret, other, kind } of alertCases) {
      if (kind !== "sns" && kind !== "cloudwatch") continue;
      const text = async (name: string) => String((await request(name, NOW)).body);
      await expect(validator.validate(await text(secret))).resolves.toMatchObject({ Type: "Notification" });
      await expect(validator.validate(await text(other))).rejects.toThrow("Invalid Signature");
    }
  });
});

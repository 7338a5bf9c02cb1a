/** What a preset needs to be told beside its kind and secret, with values of the tests. */
import type { SourceSettings } from "../../src/config/source-settings.ts";
import type { Preset } from "../../src/presets/preset.ts";

export function settingsOf({ keys }: Preset): Partial<SourceSettings> {
  const values: Partial<SourceSettings> = {
    topics: ["arn:aws:sns:eu-central-1:123456789012:alarms"],
    form: { origins: ["https://shop.example.com"], honeypot: "website", fastest: 0 },
  };
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.some((it) => it === key)));
}

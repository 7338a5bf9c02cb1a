import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { presets } from "../../src/presets/presets.ts";
import { printPreset } from "../../src/presets/print-preset.ts";
import { resolveSources } from "../../src/presets/resolve-source.ts";
import { settingsOf } from "./settings-of.ts";

describe("A preset spelled out", () => {
  it.each(presets.map((preset) => [preset.kind, preset] as const))(
    "as %s is the same source as the preset",
    (kind, preset) => {
      const needed = settingsOf(preset);
      const spelled = parseConfig(printPreset(preset, needed), "the test").sources;
      const secret = preset.secret === "none" ? {} : { secret: { kind: "env", name: "X" } as const };
      const routes = [{ store: true }] as const;
      const [named] = resolveSources({ [kind]: { kind, ...needed, ...secret, routes: [...routes] } });
      const [custom] = resolveSources(spelled);
      expect(custom?.definition).toEqual(named?.definition);
    },
  );
});

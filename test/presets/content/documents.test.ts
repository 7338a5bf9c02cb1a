import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { SourceSettingsInput } from "../../../src/config/source-settings.ts";
import { contentPresets } from "../../../src/presets/content/content-presets.ts";
import { standardWebhooks } from "../../../src/presets/standard-webhooks.ts";
import { readJson, resolved } from "./receive-case.ts";

const CONTENT = readFileSync("docs/content.md", "utf8");
const DJANGO = readFileSync("docs/django.md", "utf8");

const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);

const sources = [CONTENT, DJANGO]
  .flatMap((text) => blocks(text, "yaml"))
  .flatMap((block) => Object.entries((parse(block) as { sources: Record<string, SourceSettingsInput> }).sources));

describe("the documents about content", () => {
  it.each(sources)("show settings of the source %s that work", (_name, settings) => {
    expect(resolved(settings).routes[0]?.rebuild?.sites).toEqual(settings.sites);
  });

  it("name every preset, and none that there is not", () => {
    const rows = CONTENT.split("\n").filter((line) => line.startsWith("| `"));
    const named = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([\w-]+)`/g)].map(([, kind]) => kind));
    expect(named.toSorted()).toEqual([standardWebhooks, ...contentPresets].map(({ kind }) => kind).toSorted());
  });

  it("say which of them are not proven", () => {
    const [, said = ""] = /were not held against anything of the senders' own: ([^.]*)\./.exec(CONTENT) ?? [];
    const unproven = contentPresets.filter(({ provenBy }) => provenBy === null).map(({ kind }) => kind);
    expect([...said.matchAll(/`([\w-]+)`/g)].map(([, kind]) => kind).toSorted()).toEqual(unproven.toSorted());
  });

  it("have Directus send what its preset reads", async () => {
    const [template = ""] = blocks(CONTENT, "json");
    // As Directus fills it in: text as it is, and objects as JSON.
    const filled = template
      .replace("{{$trigger.event}}", "articles.items.create")
      .replace("{{$trigger.collection}}", "articles")
      .replace("{{$trigger.key}}", "12")
      .replace("{{$trigger.payload}}", '{"title":"Prices","status":"published"}');
    expect(await readJson("directus", JSON.parse(filled))).toEqual({
      content: { titles: ["Articles: Prices"], by: null },
    });
  });
});

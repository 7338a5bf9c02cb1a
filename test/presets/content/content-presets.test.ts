import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnparseableError } from "../../../src/errors.ts";
import { fitsPattern } from "../../../src/model/event-pattern.ts";
import { printExtractor } from "../../../src/model/extractor.ts";
import { contentPresets } from "../../../src/presets/content/content-presets.ts";
import { standardWebhooks } from "../../../src/presets/standard-webhooks.ts";
import { contentCases } from "./content-cases.ts";
import { read, readJson, resolved, usual } from "./receive-case.ts";

/** The way to each value in it, the whole first. */
function pathsIn(value: unknown, path: readonly string[] = []): Array<readonly string[]> {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, one]) => pathsIn(one, [...path, key]))];
}

function replaced(whole: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  const copy: Record<string, unknown> = Array.isArray(whole)
    ? (Object.assign([], whole) as unknown as Record<string, unknown>)
    : { ...(whole as object) };
  copy[step] = replaced(copy[step], rest, value);
  return copy;
}

const NOW = Date.parse("2026-11-30T10:00:00Z");
const presets = [standardWebhooks, ...contentPresets];

describe("the presets of CMSs and back ends", () => {
  it("have a case for the contract each", () => {
    expect(presets.map(({ kind }) => kind).toSorted()).toEqual(
      [...new Set(contentCases.map((it) => it.kind))].toSorted(),
    );
  });

  it.each(contentCases)("read what $kind sends: $name", async (it) => {
    const source = resolved({ ...it.settings, kind: it.kind, secret: "env:SECRET" });
    const { reading, id, event } = await read(source, await it.request(it.secret, NOW));
    expect(reading).toEqual(it.reading);
    expect(source.definition.id.from === "none" ? null : id).toEqual(it.isDeduped ? expect.any(String) : null);
    // What its own example says is among what is acted on by default.
    const patterns = source.routes[0]?.when?.event ?? ["*"];
    expect(patterns.some((pattern) => fitsPattern(pattern, event))).toBe(true);
  });

  it.each(contentCases)("name a retry of $kind as they named the first try", async (it) => {
    if (!it.isDeduped) return;
    const source = usual(it.kind);
    const tries = [1, 2].map(async (attempt) => read(source, await it.request(it.secret, NOW, { attempt })));
    const [first, second] = await Promise.all(tries);
    expect(first?.id).toBe(second?.id);
  });

  it.each(presets)("rebuild the sites of $kind, with the pauses that are set", ({ kind }) => {
    const source = resolved({ kind, secret: "env:SECRET", sites: ["shop", "blog"], quiet: "10s", longest: "1m" });
    expect(source.purpose).toBe("content");
    expect(source.routes).toMatchObject([{ rebuild: { sites: ["shop", "blog"], quiet: 10_000, longest: 60_000 } }]);
  });

  it.each(presets)("refuse what $kind does not document, by the names of fields alone", async ({ kind }) => {
    if (kind === "build-hook") return;
    const none = { headers: { "content-type": "application/json" }, body: '["a secret of somebody"]' };
    const reading = read(usual(kind), none);
    await expect(reading).rejects.toThrow(UnparseableError);
    await expect(reading).rejects.not.toThrow(/secret of somebody/);
  });

  it.each(contentCases)("read or refuse whatever $kind might send in place of a field", async (it) => {
    const source = usual(it.kind);
    const sent = await it.request(it.secret, NOW);
    const whole: unknown = it.kind === "build-hook" ? {} : JSON.parse(String(sent.body));
    const paths = pathsIn(whole);
    const property = fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, value) => {
      const body = JSON.stringify(replaced(whole, path, value));
      const reading = await read(source, { ...sent, body }).catch((error: unknown) => error);
      if (reading instanceof Error) expect(reading).toBeInstanceOf(UnparseableError);
      else expect(JSON.stringify(reading)).toEqual(expect.any(String));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("name what each preset is called by, once", () => {
    expect(new Set(presets.map(({ kind }) => kind)).size).toBe(presets.length);
    expect(presets.every(({ docs }) => docs.startsWith("https://"))).toBe(true);
  });
});

describe("a definition", () => {
  const idOf = (kind: string) => {
    const { id } = usual(kind).definition;
    return { ...id, from: typeof id.from === "string" ? id.from : printExtractor(id.from) };
  };

  it("takes the sender's own key where there is one, and nothing where it never tries again", () => {
    expect(idOf("contentful").from).toBe("header:x-contentful-idempotency-key");
    expect(idOf("sanity").from).toBe("header:idempotency-key");
    expect(idOf("svix").from).toBe("header:svix-id");
    for (const kind of ["strapi", "directus", "ghost", "wordpress", "wp-webhooks", "storyblok", "build-hook"])
      expect(idOf(kind).from).toBe("none");
  });

  it("takes the bytes for an hour where Prismic tries again, and lets the counter of DatoCMS change them", () => {
    expect(idOf("prismic")).toEqual({ from: "digest", window: 3_600_000, bodyMayChange: false });
    expect(idOf("datocms")).toMatchObject({ from: "json:/webhook_call_id", bodyMayChange: true });
  });

  it("signs with SHA-1 for Storyblok alone", () => {
    const algorithms = presets.map(({ kind }) => [kind, usual(kind).definition.verify] as const);
    const sha1 = algorithms.filter(([, verify]) => verify.some((it) => "hmac" in it && it.hmac.algorithm === "sha1"));
    expect(sha1.map(([kind]) => kind)).toEqual(["storyblok"]);
  });

  it("admits Contentful's own media type, and anything at a build hook", () => {
    expect(usual("contentful").definition.accept.types).toContain("application/vnd.contentful.management.v1+json");
    expect(usual("build-hook").definition.accept.types).toEqual([]);
  });
});

describe("what is no news to a site", () => {
  it("is what only tries whether we are there", async () => {
    expect(await readJson("prismic", { type: "test-trigger", secret: "s" })).toHaveProperty("ping");
    expect(await readJson("strapi", { event: "trigger-test" })).toHaveProperty("ping");
  });

  it.each([
    ["sanity", { _id: "drafts.post-1", _type: "post", title: "x" }],
    ["sanity", { _id: "versions.r1.post-1", _type: "post" }],
    ["strapi", { event: "entry.update", model: "page", entry: { title: "x", publishedAt: null } }],
    ["directus", { event: "articles.items.create", collection: "articles", key: 1, payload: { status: "draft" } }],
    ["prismic", { type: "api-update", releases: { update: [{ id: "r" }] }, documents: [] }],
    ["datocms", { entity_type: "item", event_type: "update", entity: { meta: { status: "updated" } } }],
    ["ghost", { post: { current: { status: "draft", title: "x" }, previous: { title: "y" } } }],
    ["ghost", { member: { current: { name: "Somebody" } } }],
    ["wordpress", { post_id: 1, post: { post_status: "auto-draft", post_type: "post" } }],
    [
      "kontent",
      {
        notifications: [
          { data: { system: { name: "x" } }, message: { object_type: "content_item", delivery_slot: "preview" } },
        ],
      },
    ],
    ["hygraph", { operation: "update", data: { __typename: "Post", stage: "DRAFT" } }],
    [
      "webflow",
      {
        triggerType: "collection_item_changed",
        payload: { isDraft: true, lastPublished: null, fieldData: { name: "x" } },
      },
    ],
    ["webflow", { triggerType: "form_submission", payload: {} }],
    ["craft", { name: "afterSave", sender: { title: "x", draftId: 7 } }],
  ])("is a draft of %s: %j", async (kind, body) => {
    expect(Object.keys(await readJson(kind, body))).toEqual(["ignored"]);
  });

  it.each([
    ["strapi", { event: "entry.update", model: "page", entry: { title: "x", publishedAt: "2026-01-01" } }, "Page: x"],
    ["strapi", { event: "entry.update", model: "page", entry: { title: "no drafts here" } }, "Page: no drafts here"],
    [
      "strapi",
      { event: "entry.publish", model: "page", entry: { title: "Preise", locale: "de" } },
      "Page: Preise (de)",
    ],
    ["datocms", { entity_type: "item", event_type: "update", entity: { meta: { status: "published" } } }, "Item"],
    ["ghost", { post: { current: { status: "draft", title: "x" }, previous: { status: "published" } } }, "Post: x"],
    [
      "ghost",
      { event: "page.deleted", page: { current: {}, previous: { status: "published", title: "x" } } },
      "Page: x",
    ],
    [
      "wordpress",
      { post_id: 1, post: { post_status: "draft", post_title: "x" }, post_before: { post_status: "publish" } },
      "Post: x",
    ],
    ["wordpress", { post_id: 7, post: { post_status: "trash", post_type: "page" } }, "Page: 7"],
    ["hygraph", { operation: "unpublish", data: { __typename: "Post", stage: "DRAFT", title: "x" } }, "Post: x"],
    [
      "webflow",
      {
        triggerType: "collection_item_changed",
        payload: { isDraft: true, lastPublished: "2026-01-01", fieldData: { name: "x" } },
      },
      "x",
    ],
    ["contentful", { sys: { type: "DeletedEntry", contentType: { sys: { id: "blogPost" } } } }, "Blog post"],
    ["contentful", { sys: { type: "DeletedAsset" } }, "Asset"],
    ["storyblok", { action: "entries_updated", datasource_slug: "colours" }, "Datasource: colours"],
    ["directus", { event: "items.delete", collection: "articles", keys: [3, 4] }, "Articles: 3, 4"],
  ])("is not what was published of %s: %j", async (kind, body, title) => {
    expect(await readJson(kind, body)).toMatchObject({ content: { titles: [title] } });
  });

  it("says who it was where the sender does", async () => {
    expect(await readJson("sanity", { _id: "a", _type: "post", title: "x", by: "Ada" })).toMatchObject({
      content: { by: "Ada" },
    });
    expect(
      await readJson("webflow", { triggerType: "site_publish", payload: { publishedBy: { displayName: "Ada" } } }),
    ).toEqual({ content: { titles: ["Site"], by: "Ada" } });
  });

  it("has no title where nothing is known", async () => {
    expect(await readJson("ghost", { event: "site.changed" })).toEqual({ content: { titles: [], by: null } });
    expect(await readJson("sanity", { _id: "a" })).toEqual({ content: { titles: [], by: null } });
  });
});

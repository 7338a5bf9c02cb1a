/** Storyblok's webhooks, signed where the plan has a webhook secret. */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { changed, textOf } from "./title.ts";

/** https://www.storyblok.com/docs/concepts/webhooks: all have `text`, `action` and `space_id`. */
const payload = z.object({
  action: z.string().min(1),
  text: z.string().nullish(),
  full_slug: z.string().nullish(),
  story_id: z.union([z.number(), z.string()]).nullish(),
  asset_id: z.union([z.number(), z.string()]).nullish(),
  datasource_slug: z.string().nullish(),
});

export const storyblok: Preset = {
  kind: "storyblok",
  label: "Storyblok",
  purpose: "content",
  docs: "https://www.storyblok.com/docs/concepts/webhooks",
  provenBy: null,
  keys: [],
  secret: "needed",
  // Stories, sources of data and files; not people, workflows and discussions, whose actions have other names.
  events: ["published", "unpublished", "deleted", "moved", "entries_updated", "datasource_entry_saved", "replaced"],
  definition: () => ({
    verify: [{ hmac: { header: "webhook-signature", algorithm: "sha1" } }],
    // Two publications of one story have the same bytes, so no digest tells a retry from the next change.
    id: "none",
    event: ["json:/action"],
  }),
  read: reading(payload, ({ text, full_slug, story_id, asset_id, datasource_slug }) => {
    const [type, name] =
      story_id || full_slug
        ? ["Story", full_slug ?? story_id]
        : asset_id
          ? ["Asset", asset_id]
          : datasource_slug
            ? ["Datasource", datasource_slug]
            : [null, textOf(text)];
    return changed({ type, name: name === null || name === undefined ? null : String(name) });
  }),
};

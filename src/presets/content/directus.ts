/** Directus, by a flow with an event hook and the operation "Webhook / Request URL". It never tries again: see `poll`. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, nameIn, textOf } from "./title.ts";

/**
 * The body is written in the flow; docs/content.md has it. Its values are those of `$trigger`:
 * https://directus.io/docs/guides/automate/triggers#event-hook
 */
const payload = z.object({
  /** "items.update", or "articles.items.update" where the hook names collections. */
  event: z.string().nullish(),
  collection: z.string().min(1),
  key: z.union([z.string(), z.number()]).nullish(),
  keys: z.array(z.union([z.string(), z.number()])).nullish(),
  /** Of an update: the fields that were changed. */
  payload: z.union([z.looseObject({ status: z.unknown().optional() }), z.array(z.unknown())]).nullish(),
  by: z.unknown().optional(),
});

export const directus: Preset = {
  kind: "directus",
  label: "Directus",
  purpose: "content",
  docs: "https://directus.io/docs/guides/automate/operations",
  provenBy: null,
  keys: [],
  secret: "needed",
  // What is sent is chosen in the flow.
  events: [],
  definition: () => ({
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    id: "none",
    event: ["json:/event"],
  }),
  read: reading(payload, ({ event, collection, key, keys, payload: fields, by }): Reading => {
    const changes = Array.isArray(fields) ? null : fields;
    // Directus has no drafts of its own; its own template for content has a field `status`.
    if (event?.endsWith("items.create") && changes?.status === "draft") return { ignored: "a draft was created" };
    const ids = key === null || key === undefined ? (keys ?? []) : [key];
    const name = nameIn(changes)?.name ?? (ids.length > 0 ? ids.slice(0, 3).join(", ") : null);
    return changed({ type: collection, name }, textOf(by));
  }),
};

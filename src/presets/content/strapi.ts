/** Strapi 4 and 5. It signs nothing, names nothing and never tries again: see `poll`. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, nameIn } from "./title.ts";

const entry = z.looseObject({
  locale: z.string().nullish(),
  /** Null for drafts; absent where the type has no drafts (Strapi 4). */
  publishedAt: z.union([z.string(), z.number()]).nullish(),
});

/** https://docs.strapi.io/cms/backend-customization/webhooks#payloads */
const payload = z.object({
  event: z.string().min(1),
  model: z.string().nullish(),
  uid: z.string().nullish(),
  entry: entry.nullish(),
  media: z.looseObject({}).nullish(),
  release: z.looseObject({}).nullish(),
});

export const strapi: Preset = {
  kind: "strapi",
  label: "Strapi",
  purpose: "content",
  docs: "https://docs.strapi.io/cms/backend-customization/webhooks",
  provenBy: "the payloads of its documentation",
  keys: [],
  secret: "needed",
  // A new file is on no page until an entry that names it is saved; stages of a review are none of the site's.
  events: ["entry.*", "media.update", "media.delete", "releases.publish"],
  definition: () => ({
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    id: "none",
    event: ["json:/event"],
  }),
  read: reading(payload, ({ event, model, uid, entry, media, release }): Reading => {
    if (event === "trigger-test") return { ping: "Strapi tries whether the webhook works" };
    // With drafts on, every save of a draft is an update; what is published says so by an event of its own.
    const isSaved = event === "entry.create" || event === "entry.update" || event === "entry.draft-discard";
    if (isSaved && entry?.publishedAt === null) return { ignored: "a draft was saved" };
    const type = model ?? uid ?? event.split(".", 1)[0];
    return changed({ type, name: nameIn(entry ?? media ?? release)?.name, locale: entry?.locale });
  }),
};

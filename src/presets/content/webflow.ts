/** Webflow's webhooks, as made by its API; those that are made in the dashboard are not signed. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, nameIn, textOf } from "./title.ts";

/** https://developers.webflow.com/data/reference/webhooks/events/collection-item-changed and the pages beside it. */
const item = z.object({
  isDraft: z.boolean().nullish(),
  lastPublished: z.string().nullish(),
  fieldData: z.looseObject({}).nullish(),
  pageTitle: z.string().nullish(),
});
const payload = z.object({
  triggerType: z.string().min(1),
  payload: item
    .extend({
      items: z.array(item).nullish(),
      publishedBy: z.looseObject({ displayName: z.unknown().optional() }).nullish(),
    })
    .nullish(),
});

export const webflow: Preset = {
  kind: "webflow",
  label: "Webflow",
  purpose: "content",
  docs: "https://developers.webflow.com/data/docs/working-with-webhooks",
  provenBy: null,
  keys: [],
  secret: "needed",
  // A new item is a draft until it is published. Forms and orders are no content.
  events: ["site_publish", "collection_item_changed", "published", "unpublished", "deleted"].map((it) =>
    it.includes("_") ? it : `collection_item_${it}`,
  ),
  definition: () => ({
    verify: [
      {
        hmac: {
          header: "x-webflow-signature",
          message: "{ts}:{body}",
          timestamp: "header:x-webflow-timestamp",
          unit: "ms",
        },
      },
    ],
    // Sent again 3 times within half an hour; the times in it make the bytes of each change its own.
    id: { from: "digest", window: "60m" },
    event: ["json:/triggerType"],
  }),
  read: reading(payload, ({ triggerType, payload: it }): Reading => {
    if (!/^(site_|page_|collection_item_)/.test(triggerType)) return { ignored: "forms and orders are no content" };
    if (triggerType === "site_publish") return changed({ name: "Site" }, textOf(it?.publishedBy?.displayName));
    const items = it?.items ?? (it ? [it] : []);
    const isDraft = triggerType === "collection_item_changed" && items.length > 0 && items.every((one) => one.isDraft);
    // What was published once is on the site, whatever is being written on it.
    if (isDraft && items.every((one) => !one.lastPublished)) return { ignored: "a draft was saved" };
    const titles = items.map((one) => nameIn(one.fieldData)?.name ?? textOf(one.pageTitle));
    return { content: { titles: titles.filter((one) => one !== null), by: null } };
  }),
};

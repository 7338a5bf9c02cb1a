/** DatoCMS's webhooks, with the user and password that they send. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, nameIn } from "./title.ts";

const entity = z.object({
  type: z.string().nullish(),
  attributes: z.looseObject({}).nullish(),
  /** "draft"; "updated": a draft of something published; "published". */
  meta: z.looseObject({ status: z.string().nullish() }).nullish(),
});

/** https://www.datocms.com/docs/content-management-api/resources/webhook-call */
const payload = z.object({
  entity_type: z.string().min(1),
  event_type: z.string().min(1),
  entity: entity.nullish(),
  related_entities: z.array(entity).nullish(),
});

export const datocms: Preset = {
  kind: "datocms",
  label: "DatoCMS",
  purpose: "content",
  docs: "https://www.datocms.com/docs/general-concepts/webhooks",
  provenBy: null,
  keys: [],
  secret: "needed",
  events: [
    ...["create", "update", "publish", "unpublish", "delete"].map((event) => `item.${event}`),
    "upload.update",
    "upload.delete",
    "environment.promote",
  ],
  definition: () => ({
    verify: [{ token: { in: "header:authorization", scheme: "basic" } }],
    // `attempted_auto_retries_count` stands in the body and grows.
    id: { from: "json:/webhook_call_id", bodyMayChange: true },
    event: ["json:/entity_type", "json:/event_type"],
  }),
  read: reading(payload, ({ entity_type, event_type, entity, related_entities }): Reading => {
    const status = entity?.meta?.status;
    // Where a model has no drafts, what is saved is published at once.
    const isSaved = entity_type === "item" && (event_type === "create" || event_type === "update");
    if (isSaved && (status === "draft" || status === "updated")) return { ignored: "a draft was saved" };
    const model = related_entities?.find(({ type }) => type === "item_type");
    const named = nameIn(entity?.attributes);
    return changed({ type: nameIn(model?.attributes)?.name ?? entity_type, name: named?.name, locale: named?.locale });
  }),
};

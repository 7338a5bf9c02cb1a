/** Contentful's webhooks, signed by its request verification. */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { changed, nameIn } from "./title.ts";

/**
 * An entity; what was unpublished or deleted comes without its fields.
 * https://www.contentful.com/developers/docs/webhooks/overview/#webhook-payloads
 */
const payload = z.object({
  sys: z.object({
    type: z.string(),
    contentType: z.object({ sys: z.object({ id: z.string() }) }).nullish(),
  }),
  fields: z.looseObject({}).nullish(),
  /** Of content types. */
  name: z.string().nullish(),
});

const JSON_TYPES = ["application/vnd.contentful.management.v1+json", "application/json", "application/*+json"];

export const contentful: Preset = {
  kind: "contentful",
  label: "Contentful",
  purpose: "content",
  docs: "https://www.contentful.com/developers/docs/webhooks/overview/",
  provenBy: "the package @contentful/node-apps-toolkit",
  keys: [],
  secret: "needed",
  // Saving and autosaving change drafts; archiving is possible for what was unpublished before alone.
  events: ["Entry", "Asset"].flatMap((type) =>
    ["publish", "unpublish", "delete"].map((action) => `ContentManagement.${type}.${action}`),
  ),
  definition: () => ({
    verify: [{ contentful: {} }],
    // https://www.contentful.com/developers/changelog/idempotency-key-headers-for-webhook-requests/
    id: "header:x-contentful-idempotency-key",
    event: ["header:x-contentful-topic"],
    accept: { types: JSON_TYPES },
  }),
  read: reading(payload, ({ sys, fields, name }) => {
    const named = nameIn(fields);
    const type = sys.contentType?.sys.id ?? sys.type.replace(/^Deleted/, "");
    return changed({ type, name: named?.name ?? name, locale: named?.locale });
  }),
};

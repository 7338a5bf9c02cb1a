/** Sanity's GROQ-powered webhooks. */
import { z } from "zod";
import { headerOf } from "../../model/received.ts";
import { type Preset, reading } from "../preset.ts";
import { changed, nameIn, textOf } from "./title.ts";

/**
 * The body is what the webhook's projection makes of the document: all of it by default. `by` is for projections that
 * name the editor. https://www.sanity.io/docs/webhooks#projections
 */
const payload = z.looseObject({
  _id: z.string().nullish(),
  _type: z.string().nullish(),
  language: z.unknown().optional(),
  by: z.unknown().optional(),
});

/** Drafts, and versions in releases that are not published yet: https://www.sanity.io/docs/drafts */
const UNPUBLISHED = /^(drafts|versions)\./;

export const sanity: Preset = {
  kind: "sanity",
  label: "Sanity",
  purpose: "content",
  docs: "https://www.sanity.io/docs/webhooks",
  provenBy: "the package @sanity/webhook",
  headers: ["sanity-document-id"],
  keys: [],
  secret: "needed",
  // Which documents matter is said by the webhook's own filter; what is left are create, update and delete.
  events: [],
  definition: () => ({
    verify: [
      {
        hmac: {
          header: "sanity-webhook-signature",
          layout: "pairs",
          pick: "v1",
          encoding: "base64url",
          message: "{ts}.{body}",
          timestamp: "pair:t",
          unit: "ms",
          // Sanity tries for half an hour and does not say whether each try is signed anew.
          tolerance: "35m",
        },
      },
    ],
    id: "header:idempotency-key",
    event: ["header:sanity-operation"],
  }),
  read: reading(payload, (document, { received }) => {
    const id = document._id ?? headerOf(received, "sanity-document-id") ?? "";
    if (UNPUBLISHED.test(id)) return { ignored: "a draft was changed" };
    const named = nameIn(document);
    const locale = textOf(document.language) ?? named?.locale;
    return changed({ type: document._type, name: named?.name, locale }, textOf(document.by));
  }),
};

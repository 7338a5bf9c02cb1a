/** Prismic's webhooks. Their secret is a field of the body. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";

const masks = z.object({ label: z.string().nullish() });
const operations = z
  .object({ update: z.array(masks).nullish(), addition: z.array(masks).nullish(), deletion: z.array(masks).nullish() })
  .nullish();

/**
 * https://prismic.io/docs/webhooks, and WebhookBodyAPIUpdate of @prismicio/client. `masterRef` is there when what is
 * published has changed; releases and tags change without it.
 */
const payload = z.object({
  type: z.string().min(1),
  masterRef: z.string().nullish(),
  documents: z.array(z.unknown()).nullish(),
  masks: operations,
});

export const prismic: Preset = {
  kind: "prismic",
  label: "Prismic",
  purpose: "content",
  docs: "https://prismic.io/docs/webhooks",
  provenBy: null,
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ token: { in: "json:/secret" } }],
    // Sent again every 10 minutes up to 5 times, with nothing that names it; each publication has a ref of its own.
    id: { from: "digest", window: "60m" },
    event: ["json:/type"],
  }),
  read: reading(payload, ({ type, masterRef, documents, masks }): Reading => {
    if (type === "test-trigger") return { ping: "Prismic tries whether the webhook works" };
    if (type !== "api-update") return { ignored: `${type.slice(0, 50)} changes nothing that is published` };
    if (!masterRef) return { ignored: "a release or a tag was changed, and nothing that is published" };
    // Prismic names documents by their ids, which nobody knows.
    const count = documents?.length ?? 0;
    const types = [...(masks?.update ?? []), ...(masks?.addition ?? []), ...(masks?.deletion ?? [])];
    const labels = types.flatMap(({ label }) => (label ? [`Type: ${label}`] : []));
    return {
      content: { titles: [...(count > 0 ? [count === 1 ? "1 page" : `${count} pages`] : []), ...labels], by: null },
    };
  }),
};

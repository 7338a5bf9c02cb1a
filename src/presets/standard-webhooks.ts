/** Standard Webhooks (https://www.standardwebhooks.com): what a back end of one's own should send. Svix is the same with other headers. */
import { z } from "zod";
import { type Preset, reading } from "./preset.ts";

/**
 * `type` and `timestamp` are what the specification asks for; of `data` only what says what was changed, and who did.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
 */
const payload = z.object({
  type: z.string().min(1),
  data: z
    .object({
      title: z.string().nullish(),
      slug: z.string().nullish(),
      model: z.string().nullish(),
      by: z.string().nullish(),
    })
    .nullish(),
});

export const standardWebhooks: Preset = {
  kind: "standard-webhooks",
  label: "Standard Webhooks",
  purpose: "content",
  docs: "https://www.standardwebhooks.com",
  provenBy: "the vector of the specification, and the package standardwebhooks",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [
      {
        hmac: {
          header: "webhook-signature",
          layout: "list",
          pick: "v1",
          encoding: "base64",
          key: "whsec",
          message: "{id}.{ts}.{body}",
          id: "webhook-id",
          timestamp: "header:webhook-timestamp",
        },
      },
    ],
    id: "header:webhook-id",
    event: ["json:/type"],
  }),
  read: reading(payload, ({ type, data }) => {
    const title = data?.title ?? data?.slug ?? data?.model ?? type;
    return { content: { titles: [title], by: data?.by ?? null } };
  }),
};

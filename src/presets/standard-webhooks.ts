/** Standard Webhooks (https://www.standardwebhooks.com): what a back end of one's own should send. Svix is the same with other headers. */
import { z } from "zod";
import { changed, nameIn, titleOf } from "./content/title.ts";
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
      name: z.string().nullish(),
      slug: z.string().nullish(),
      model: z.string().nullish(),
      locale: z.string().nullish(),
      by: z.string().nullish(),
    })
    .nullish(),
});

const read = reading(payload, ({ type, data }) => {
  const thing = { type: data?.model, name: nameIn(data)?.name, locale: data?.locale };
  return changed(titleOf(thing) === null ? { name: type } : thing, data?.by ?? null);
});

/** The scheme, with headers of these names: `PREFIX-id`, `PREFIX-timestamp`, `PREFIX-signature`. */
const signedBy =
  (prefix: "webhook" | "svix"): Preset["definition"] =>
  () => ({
    verify: [
      {
        hmac: {
          header: `${prefix}-signature`,
          layout: "list",
          pick: "v1",
          encoding: "base64",
          key: "whsec",
          message: "{id}.{ts}.{body}",
          id: `${prefix}-id`,
          timestamp: `header:${prefix}-timestamp`,
        },
      },
    ],
    id: `header:${prefix}-id`,
    event: ["json:/type"],
  });

const usual = { purpose: "content", keys: [], secret: "needed", events: [], read } as const satisfies Partial<Preset>;

export const standardWebhooks: Preset = {
  ...usual,
  kind: "standard-webhooks",
  label: "Standard Webhooks",
  docs: "https://www.standardwebhooks.com",
  provenBy: "the vector of the specification, and the package standardwebhooks",
  definition: signedBy("webhook"),
};

export const svix: Preset = {
  ...usual,
  kind: "svix",
  label: "Svix",
  docs: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
  provenBy: "the package svix",
  definition: signedBy("svix"),
};

/** Hygraph's webhooks. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, nameIn } from "./title.ts";

/** https://hygraph.com/docs/api-reference/basics/webhooks#receiving-a-webhook */
const payload = z.object({
  operation: z.string().min(1),
  data: z
    .looseObject({
      __typename: z.string().nullish(),
      stage: z.string().nullish(),
      locale: z.string().nullish(),
    })
    .nullish(),
});

export const hygraph: Preset = {
  kind: "hygraph",
  label: "Hygraph",
  purpose: "content",
  docs: "https://hygraph.com/docs/api-reference/basics/webhooks",
  provenBy: null,
  keys: [],
  secret: "needed",
  // Creating and updating change drafts; what is published is told by these.
  events: ["publish", "unpublish", "delete"],
  definition: () => ({
    // Its signature (gcms-signature) is over a JSON that has the body as a string in it, so a header of one's own
    // that the webhook sends is what is checked.
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    // Sent again 4 times with nothing that names it; without its payload each publication has the same bytes.
    id: "none",
    event: ["json:/operation"],
  }),
  read: reading(payload, ({ operation, data }): Reading => {
    if (data?.stage === "DRAFT" && operation !== "unpublish" && operation !== "delete")
      return { ignored: "a draft was saved" };
    return changed({ type: data?.__typename, name: nameIn(data)?.name, locale: data?.locale });
  }),
};

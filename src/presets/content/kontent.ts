/** Kontent.ai's webhooks. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, titleOf } from "./title.ts";

/** https://kontent.ai/learn/docs/webhooks/webhooks/javascript: several changes come in one request. */
const payload = z.object({
  notifications: z.array(
    z.object({
      data: z.object({
        system: z.object({ name: z.string().nullish(), language: z.string().nullish(), type: z.string().nullish() }),
      }),
      message: z.object({ object_type: z.string(), delivery_slot: z.string().nullish() }),
    }),
  ),
});

export const kontent: Preset = {
  kind: "kontent",
  label: "Kontent.ai",
  purpose: "content",
  docs: "https://kontent.ai/learn/docs/webhooks/webhooks/javascript",
  provenBy: "the vectors in the tests of @kontent-ai/webhook-helper",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ hmac: { header: "x-kontent-ai-signature", encoding: "base64" } }],
    // It is sent again for hours with nothing that names it; `last_modified` makes the bytes of each change its own.
    id: { from: "digest", window: "3d" },
    event: ["json:/notifications/0/message/object_type", "json:/notifications/0/message/action"],
  }),
  read: reading(payload, ({ notifications }): Reading => {
    // Only the slot "published" is what visitors see; "preview" holds drafts.
    const published = notifications.filter(({ message }) => message.delivery_slot !== "preview");
    if (published.length === 0) return { ignored: "only drafts were changed" };
    const titles = published.map(({ data: { system }, message }) => {
      const locale = system.language === "default" ? null : system.language;
      return titleOf({ type: system.type ?? message.object_type, name: system.name, locale });
    });
    return titles.length === 1
      ? changed({ name: titles[0] })
      : { content: { titles: titles.filter((it) => it !== null), by: null } };
  }),
};

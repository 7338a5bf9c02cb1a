/** Craft CMS with its own plugin Webhooks. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, nameIn, textOf } from "./title.ts";

const element = z.looseObject({
  /** Of drafts and revisions alone. */
  draftId: z.unknown().optional(),
  revisionId: z.unknown().optional(),
  isProvisionalDraft: z.boolean().nullish(),
});

/** https://github.com/craftcms/webhooks#creating-webhooks; events of the service Elements have it in `event.element`. */
const payload = z.object({
  name: z.string().min(1),
  senderClass: z.string().nullish(),
  sender: element.nullish(),
  event: z.looseObject({ element: element.nullish() }).nullish(),
  user: z.looseObject({ fullName: z.unknown().optional(), username: z.unknown().optional() }).nullish(),
});

export const craft: Preset = {
  kind: "craft",
  label: "Craft CMS",
  purpose: "content",
  docs: "https://github.com/craftcms/webhooks#readme",
  provenBy: null,
  keys: [],
  secret: "needed",
  // What is sent is chosen in the plugin.
  events: [],
  definition: () => ({
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    // Sent again after a minute or so, as often as is set up there; the exact time in it makes its bytes its own.
    id: { from: "digest", window: "60m" },
    event: ["json:/name"],
  }),
  read: reading(payload, ({ senderClass, sender, event, user }): Reading => {
    const changedElement = event?.element ?? sender;
    const isDraft = [changedElement?.draftId, changedElement?.revisionId].some((id) => id !== undefined && id !== null);
    if (isDraft || changedElement?.isProvisionalDraft) return { ignored: "a draft or a revision was saved" };
    const type = senderClass?.startsWith("craft\\services\\") ? null : senderClass;
    return changed({ type, name: nameIn(changedElement)?.name }, textOf(user?.fullName) ?? textOf(user?.username));
  }),
};

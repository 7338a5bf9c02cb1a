/** Ghost's webhooks (of a version that signs its timestamp, too). It never tries again: see `poll`. */
import { z } from "zod";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, nameIn } from "./title.ts";

const state = z.looseObject({ status: z.string().nullish() });
const change = z.object({ current: state.nullish(), previous: state.nullish() }).nullish();

/**
 * One key, named for what was changed. A deleted one has no `current`, and `previous` has the fields that were others.
 * Later versions name the event, earlier ones do not. https://docs.ghost.org/webhooks
 */
const payload = z.object({ event: z.string().nullish(), post: change, page: change, tag: change, member: change });

export const ghost: Preset = {
  kind: "ghost",
  label: "Ghost",
  purpose: "content",
  docs: "https://docs.ghost.org/webhooks",
  provenBy: "openssl, and the payloads in Ghost's own tests",
  keys: [],
  secret: "needed",
  // Since an event is not always named, the status tells what was published.
  events: [],
  definition: () => ({
    verify: [
      {
        hmac: {
          header: "x-ghost-signature",
          layout: "pairs",
          pick: "sha256",
          message: "{body}{ts}",
          timestamp: "pair:t",
          unit: "ms",
        },
      },
    ],
    id: "none",
    event: ["json:/event"],
  }),
  read: reading(payload, ({ event, post, page, tag, member }): Reading => {
    if (member || event?.startsWith("member.")) return { ignored: "members are not on the site" };
    const article = post ?? page;
    if (article) {
      const { current, previous } = article;
      const isShown = [current?.status, previous?.status].some((it) => it === "published" || it === "sent");
      if (!isShown) return { ignored: "a draft was changed" };
      return changed({ type: post ? "Post" : "Page", name: (nameIn(current) ?? nameIn(previous))?.name });
    }
    if (tag) return changed({ type: "Tag", name: (nameIn(tag.current) ?? nameIn(tag.previous))?.name });
    // site.changed says that something was, and no more.
    return { content: { titles: [], by: null } };
  }),
};

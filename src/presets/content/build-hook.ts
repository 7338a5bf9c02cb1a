/** A build hook: an address with a secret in it, for whatever can send nothing but a request. As Netlify has them. */
import type { Preset } from "../preset.ts";
import { changed, textOf } from "./title.ts";

export const buildHook: Preset = {
  kind: "build-hook",
  label: "Build hook",
  purpose: "content",
  docs: "https://docs.netlify.com/build/configure-builds/build-hooks/",
  provenBy: "no signature: the address is the secret",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ token: { in: "path" } }],
    id: "none",
    // Whatever a sender sends along: it is not looked at.
    accept: { types: [] },
  }),
  read: ({ received }) => changed({ name: textOf(received.query.get("trigger_title")) }),
};

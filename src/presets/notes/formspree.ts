/** Formspree: https://help.formspree.io/articles/advanced-features/verify-webhook-signatures */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { answers } from "./note-fields.ts";

const payload = z.object({ form: z.string(), submission: z.record(z.string(), z.unknown()) });

export const formspree: Preset = {
  kind: "formspree",
  label: "Formspree",
  purpose: "notes",
  docs: "https://help.formspree.io/articles/advanced-features/verify-webhook-signatures",
  provenBy: "openssl dgst, as Formspree documents it; the shape of the body is as others who receive it report",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [
      {
        hmac: {
          header: "formspree-signature",
          layout: "pairs",
          pick: "v1",
          message: "{ts}.{body}",
          timestamp: "pair:t",
          tolerance: "300s",
        },
      },
    ],
    id: "join(json:/form, json:/submission/_date)",
    event: ["const:submission"],
  }),
  read: reading(payload, ({ form, submission }) => ({
    note: {
      title: "📝 A form was filled in",
      fields: answers(Object.entries(submission)),
      url: /^\w{1,40}$/.test(form) ? `https://formspree.io/forms/${form}/submissions` : null,
      tone: "neutral",
    },
  })),
};

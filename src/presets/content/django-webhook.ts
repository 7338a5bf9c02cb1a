/** The package django-webhook. What one writes oneself is better off with Standard Webhooks: docs/django.md. */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { changed, nameIn } from "./title.ts";

/** https://django-webhook.readthedocs.io/en/latest/ and its signals.py. */
const payload = z.object({
  topic: z.string().min(1),
  object_type: z.string().nullish(),
  object: z.looseObject({}).nullish(),
});

export const djangoWebhook: Preset = {
  kind: "django-webhook",
  label: "Django",
  purpose: "content",
  docs: "https://django-webhook.readthedocs.io/en/latest/",
  provenBy: "openssl, by what the source of the package signs",
  keys: [],
  secret: "needed",
  // Which models and which of create, update and delete are sent is chosen there.
  events: [],
  definition: () => ({
    verify: [
      {
        hmac: {
          header: "django-webhook-signature-v1",
          message: "{ts}:{body}",
          timestamp: "header:django-webhook-request-timestamp",
        },
      },
    ],
    // Django-Webhook-UUID names the receiver, and an object that is put back as it was has the bytes that it had.
    id: "none",
    event: ["json:/topic"],
  }),
  read: reading(payload, ({ topic, object_type, object }) =>
    changed({ type: object_type ?? topic.split("/", 1)[0], name: nameIn(object)?.name }),
  ),
};

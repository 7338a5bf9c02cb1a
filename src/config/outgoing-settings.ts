/** What stands under `webhooks` in slipway.yaml: whom Slipway tells what happens, by signed requests. */
import { z } from "zod";
import { namesSomeEvent, OUT_TYPES } from "../model/outgoing.ts";
import { openUrl, secretReference } from "./setting-types.ts";
import { activeSecret } from "./source-settings.ts";

const eventPattern = z.string().refine(namesSomeEvent, {
  error: ({ input }) =>
    `${String(input).slice(0, 60)} is no event; there are ${OUT_TYPES.join(", ")}, and "deployment.*"`,
});

export const outgoingSettings = z
  .strictObject({
    url: openUrl.max(2000).describe("Where the requests go. A redirect is not followed."),
    secret: secretReference
      .optional()
      .describe("What they are signed with: whsec_ and 24 to 64 bytes in base64, as Standard Webhooks has it."),
    secrets: z
      .array(activeSecret)
      .min(1)
      .max(3)
      .optional()
      .describe("While rotating, in place of `secret`: each signs until its end. { use: env:OLD, until: 2027-01-31 }."),
    events: z.array(eventPattern).default([]).describe('Which events: ["deployment.live", "alert.*"]. Default: all.'),
    sites: z
      .array(z.string())
      .default([])
      .describe("Only what is about these sites; of alerts, those that may be due to one of them. Default: all."),
  })
  .refine((one) => (one.secret === undefined) !== (one.secrets === undefined), {
    error: "needs either secret or secrets; `echo whsec_$(openssl rand -base64 32)` makes one",
  })
  .transform(({ secret, secrets, ...rest }) => ({
    ...rest,
    secrets: secrets ?? (secret ? [{ use: secret, until: null }] : []),
  }))
  .describe("An endpoint that is told what happens (docs/webhooks-out.md).");

export type OutgoingSettings = z.output<typeof outgoingSettings>;

/** `poll` of a source in slipway.yaml: a net below senders that never retry. */
import { z } from "zod";
import { duration, extractor, openUrl, secretReference } from "./setting-types.ts";

const MIN_EVERY_MS = 30_000;
const MAX_EVERY_MS = 86_400_000;

export const pollSettings = z
  .strictObject({
    url: openUrl.describe("An address that says when content was changed last, cheaply."),
    updated: extractor.describe(
      "Where it says so: json:/data/0/updatedAt, a header: header:last-modified, or digest: whatever it answers.",
    ),
    every: duration
      .refine((ms) => ms >= MIN_EVERY_MS && ms <= MAX_EVERY_MS, { error: "is not between 30s and 1d" })
      .default(15 * 60_000)
      .describe("How often it is asked, from 30s to 1d. Default 15m."),
    token: secretReference.optional().describe("Sent as a bearer token."),
  })
  .describe("Ask the sender itself, now and then, in case a delivery got lost.");

export type PollSettings = z.output<typeof pollSettings>;

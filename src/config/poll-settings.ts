/** `poll` of a source in slipway.yaml: a net below senders that never retry. */
import { z } from "zod";
import { duration, extractor, secretReference } from "./setting-types.ts";

export const pollSettings = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: "is no http or https URL" })
      .describe("An address that says when content was changed last, cheaply."),
    updated: extractor.describe("Where it says so: json:/data/0/updatedAt, or a header: header:last-modified."),
    every: duration.default(15 * 60_000).describe("How often it is asked. Default 15m."),
    token: secretReference.optional().describe("Sent as a bearer token."),
  })
  .describe("Ask the sender itself, now and then, in case a delivery got lost.");

/** `silence` of a source in slipway.yaml: the API of an Alertmanager, so that people can silence an alert in Slack. */
import { z } from "zod";
import { duration, secretReference } from "./setting-types.ts";

export const silenceSettings = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: "is no http or https URL" })
      .refine(isBare, "has a user, a query or a fragment; write the address alone, and token or basic beside it")
      .describe("Of the Alertmanager, without /api."),
    token: secretReference.optional().describe("Sent as a bearer token."),
    basic: secretReference.optional().describe("`user:password`, sent as Basic authentication."),
    for: duration.default(2 * 3_600_000).describe("How long a silence lasts. Default 2h."),
  })
  .refine(({ token, basic }) => !token || !basic, "has both token and basic; only one of them can be sent")
  .describe("Alertmanager: the button Silence. https://github.com/prometheus/alertmanager, API v2.");
export type SilenceSettings = z.output<typeof silenceSettings>;

/** Secrets never stand in slipway.yaml, and a path is added to the address. */
function isBare(url: string): boolean {
  const { username, password, search, hash } = URL.parse(url) ?? {};
  return !username && !password && !search && !hash;
}

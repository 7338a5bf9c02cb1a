/** `silence` of a source in slipway.yaml: the API of an Alertmanager, so that people can silence an alert in Slack. */
import { z } from "zod";
import { duration, openUrl, secretReference } from "./setting-types.ts";

export const silenceSettings = z
  .strictObject({
    url: openUrl
      // A path is added to it.
      .refine(
        (url) => !URL.parse(url)?.search && !URL.parse(url)?.hash,
        "has a query or a fragment; write the address alone",
      )
      .describe("Of the Alertmanager, without /api."),
    token: secretReference.optional().describe("Sent as a bearer token."),
    basic: secretReference.optional().describe("`user:password`, sent as Basic authentication."),
    for: duration.default(2 * 3_600_000).describe("How long a silence lasts. Default 2h."),
  })
  .refine(({ token, basic }) => !token || !basic, "has both token and basic; only one of them can be sent")
  .describe("Alertmanager: the button Silence. https://github.com/prometheus/alertmanager, API v2.");
export type SilenceSettings = z.output<typeof silenceSettings>;

/** `form` of a source in slipway.yaml: an HTML form of a site that sends to Slipway itself. */
import { z } from "zod";

export const formSettings = z
  .strictObject({
    origins: z
      .array(z.url({ protocol: /^https?$/, error: "is no http or https URL" }))
      .min(1)
      .describe("The pages that may send it: [https://shop.example.com]."),
    honeypot: z
      .string()
      .min(1)
      .default("website")
      .describe("A field that people do not see; whoever fills it is a robot."),
    thanks: z
      .url({ protocol: /^https?$/, error: "is no http or https URL" })
      .optional()
      .describe("Where people get to after they sent it. Default: a page of Slipway's that says thank you."),
  })
  .describe("Plain HTML forms: who may send, and what people see then.");

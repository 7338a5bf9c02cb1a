/** `form` of a source in slipway.yaml: an HTML form of a site that sends to Slipway itself. */
import { z } from "zod";
import { duration, webUrl } from "./setting-types.ts";

export const formSettings = z
  .strictObject({
    origins: z
      .array(webUrl)
      .min(1)
      .transform((all) => all.map((url) => new URL(url).origin))
      .describe("The pages that may send it: [https://shop.example.com]."),
    honeypot: z
      .string()
      .min(1)
      .default("website")
      .describe("A field that people do not see; whoever fills it is a robot."),
    fastest: duration
      .default(2000)
      .describe(
        "Sent sooner after the moment in the hidden field _t it is a robot's; only with that field. Default 2s.",
      ),
    thanks: webUrl
      .optional()
      .describe(
        "Where people get to after they sent it, on one of `origins`. Default: a page of Slipway's that says thank you.",
      ),
  })
  .superRefine(({ origins, thanks }, context) => {
    if (thanks === undefined || origins.includes(new URL(thanks).origin)) return;
    const message = `is on none of the origins of this form; it leads people to ${origins.join(" or ")} alone`;
    context.addIssue({ code: "custom", path: ["thanks"], message });
  })
  .describe("Plain HTML forms: who may send, and what people see then.");

export type FormSettings = z.output<typeof formSettings>;

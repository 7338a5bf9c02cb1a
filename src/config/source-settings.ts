/** What stands under `sources` in slipway.yaml: a sender, its secrets, and what its deliveries do. */
import { z } from "zod";
import { EXTRACTOR_FORMS, parseExtractor } from "../model/extractor.ts";
import { formSettings } from "./form-settings.ts";
import { noteFields, noteText } from "./note-settings.ts";
import { pollSettings } from "./poll-settings.ts";
import { duration, extractor, secretReference, slackChannel } from "./setting-types.ts";
import { silenceSettings } from "./silence-settings.ts";
import { allowedAddress, definitionShape } from "./source-definition.ts";

/** A secret that is valid now; the one that goes says until when. */
export const activeSecret = z.union([
  secretReference.transform((use) => ({ use, until: null as number | null })),
  z.strictObject({
    use: secretReference,
    until: z.iso
      .date({ error: "is no date; write 2027-01-31" })
      .transform((day): number | null => Date.parse(`${day}T23:59:59Z`))
      .default(null)
      .describe("The last day on which it is accepted (UTC). Default: no end."),
  }),
]);

/** A name of an event, or the beginning of some: "entry.*". */
const eventPattern = z.string().min(1);

/** A place in a request, as the name of a key. */
const place = z
  .string()
  .refine((text) => parseExtractor(text) !== undefined, `names no place in a request; write ${EXTRACTOR_FORMS}`);

const condition = z
  .strictObject({
    event: z.array(eventPattern).optional().describe('Names of events: ["entry.publish", "asset.*"]. Default: all.'),
    is: z
      .record(place, z.array(z.string()).min(1))
      .default({})
      .describe('Values that must be there: { "json:/status": [published] }.'),
    exists: z.array(extractor).default([]).describe("Values of which there must be some."),
  })
  .describe("For which deliveries; default: for all.");

const rebuild = z.strictObject({
  sites: z.array(z.string()).min(1).describe("The sites that show the content."),
  quiet: duration.optional().describe("So long without another change before it begins. Default 30s."),
  longest: duration.optional().describe("But no longer than that after the first one. Default 5m."),
  title: extractor.optional().describe("What was changed."),
  by: extractor.optional().describe("Who changed it."),
});

const deploy = z.strictObject({
  sites: z
    .array(z.string())
    .optional()
    .describe("Which sites. Default, for git hosts: those of the pushed repository."),
});

const alert = z.strictObject({
  channel: slackChannel.optional().describe("Default: the channel of its first site, or Slipway's own."),
  sites: z.array(z.string()).default([]).describe("The sites that may be to blame when they went live shortly before."),
  fingerprint: extractor.optional().describe("What names the alert. For custom sources."),
  state: z
    .strictObject({
      from: extractor,
      firing: z.array(z.string()).min(1),
      resolved: z.array(z.string()).min(1),
      acknowledged: z.array(z.string()).default([]),
    })
    .optional()
    .describe("Where it says how it stands, and by which words. For custom sources."),
  title: extractor.optional(),
  detail: extractor.optional(),
  severity: extractor.optional(),
  since: extractor.optional().describe("When it began, as an ISO date, or in seconds or milliseconds since 1970."),
  link: extractor.optional(),
  runbook: extractor.optional(),
});

const notice = z.strictObject({
  channel: slackChannel.optional().describe("Default: Slipway's own channel."),
  text: noteText
    .optional()
    .describe("A template: `{json:/customer/name} ordered for {json:/total}`. Default: the preset's own words."),
  fields: noteFields.optional().describe("What is shown below it: { Order: json:/number }."),
  show: z.array(z.string()).default([]).describe("Labels of fields that are no secret of a person and not masked."),
});

const route = z
  .strictObject({
    when: condition.optional(),
    rebuild: rebuild.optional(),
    deploy: deploy.optional(),
    alert: alert.optional(),
    notice: notice.optional(),
    store: z.literal(true).optional().describe("Keep the delivery, and do nothing."),
  })
  .refine(
    ({ when: _, ...actions }) => Object.values(actions).filter((it) => it !== undefined).length === 1,
    "has to name one of rebuild, deploy, alert, notice and store",
  );

export const sourceSettings = z
  .strictObject({
    kind: z.string().describe("Who sends: the name of a preset (docs/sources.md), or custom."),
    secret: secretReference.optional().describe("What the sender signs with, or sends."),
    secrets: z
      .array(activeSecret)
      .min(1)
      .max(3)
      .optional()
      .describe("While rotating: up to three, the new one first; { use: env:OLD, until: 2027-01-31 } ends one."),
    sites: z
      .array(z.string())
      .min(1, "is empty; name the sites, or leave it out")
      .optional()
      .describe("The sites that it rebuilds, deploys, or that its alerts are about."),
    channel: slackChannel.optional().describe("Where its alerts and notices are told."),
    events: z.array(eventPattern).optional().describe('Only these: ["entry.*"]. Default: what the preset acts on.'),
    quiet: duration.optional().describe("Content: so long without another change before a rebuild. Default 30s."),
    longest: duration.optional().describe("Content: but no longer than that after the first change. Default 5m."),
    text: noteText.optional().describe("Notices: a template instead of the preset's own words."),
    fields: noteFields.optional().describe("Notices: what is shown below."),
    show: z.array(z.string()).optional().describe("Notices: labels of fields that are not masked."),
    topics: z.array(z.string()).optional().describe("sns: the topics that are accepted, by their ARNs."),
    timestampHeader: z.string().optional().describe("grafana: the header that its timestamp is configured to be in."),
    routes: z
      .array(route)
      .min(1)
      .optional()
      .describe("What deliveries do; all that fit. Default: what the preset is for."),
    allow: z
      .array(allowedAddress)
      .min(1)
      .optional()
      .describe("Addresses that may send, beside what is verified: a range (192.0.2.0/24), or github."),
    silence: silenceSettings.optional(),
    poll: pollSettings.optional(),
    form: formSettings.optional(),
    verify: definitionShape.verify.optional(),
    id: definitionShape.id.optional(),
    event: definitionShape.event.optional(),
    accept: definitionShape.accept.optional(),
    reply: definitionShape.reply.optional(),
  })
  .describe("A sender of webhooks, at /hooks/NAME.");

export type SourceSettings = z.output<typeof sourceSettings>;
export type SourceSettingsInput = z.input<typeof sourceSettings>;
export type RouteSettings = NonNullable<SourceSettings["routes"]>[number];
export type RouteCondition = NonNullable<RouteSettings["when"]>;
export type ActiveSecretSettings = NonNullable<SourceSettings["secrets"]>[number];

/** Amazon SNS: what a topic sends over HTTPS, told as it is, and the alarms of CloudWatch in it. */
import { z } from "zod";
import type { DefinitionInput } from "../../config/source-definition.ts";
import type { SourceSettings } from "../../config/source-settings.ts";
import type { Preset, Reading, Verified } from "../preset.ts";
import { reading } from "../preset.ts";

/** https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html */
const envelope = z.object({
  Type: z.string(),
  TopicArn: z.string(),
  Subject: z.string().nullish(),
  Message: z.string(),
});
export type SnsNotification = z.output<typeof envelope>;

/**
 * Three retries, 20 s apart, with the same signed MessageId. It says text/plain and sends JSON. The topics are the
 * operator's: anybody with an AWS account can have a message signed.
 *
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
 */
export function snsDefinition({ topics }: SourceSettings): DefinitionInput {
  return {
    verify: [{ sns: { topics: topics ?? [] } }],
    id: "json:/MessageId",
    event: ["json:/Type"],
    accept: { types: ["text/plain", "application/json"] },
    reply: "sns",
  };
}

/** Reads notifications; what else a topic sends is about the subscription itself. */
export function readNotification(read: (notification: SnsNotification, delivery: Verified) => Reading): Preset["read"] {
  return reading(envelope, (notification, delivery) => {
    switch (notification.Type) {
      case "Notification":
        return read(notification, delivery);
      case "SubscriptionConfirmation":
        return { ping: "the topic asks whether it may send" };
      case "UnsubscribeConfirmation":
        return { ignored: "the topic sends no more: somebody ended the subscription" };
      default:
        return { ignored: "it is no notification" };
    }
  });
}

/** Nothing in it says whether something is over, so it is told once, as a note. */
export const sns: Preset = {
  kind: "sns",
  label: "Amazon SNS",
  purpose: "notes",
  docs: "https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html",
  provenBy: "messages whose signatures the package sns-payload-validator takes",
  keys: ["topics"],
  secret: "none",
  events: [],
  definition: snsDefinition,
  read: readNotification(({ Subject, Message, TopicArn }) => ({
    note: {
      title: Subject || `A message of the topic ${TopicArn.split(":").at(-1)}`,
      fields: [{ label: "Message", value: Message, isPersonal: false }],
      url: null,
      tone: "neutral",
    },
  })),
};

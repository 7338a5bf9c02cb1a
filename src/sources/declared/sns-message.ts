/**
 * A message of Amazon SNS: its fields and what of it is signed.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
import type { Received } from "../../model/received.ts";

export type SnsMessage = {
  readonly type: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly topic: string;
  readonly id: string;
  readonly version: "1" | "2";
  readonly signature: Buffer;
  readonly certificateUrl: string;
  /** Where a subscription is confirmed; "" in notifications. */
  readonly subscribeUrl: string;
  readonly token: string;
  /** The text that is signed. */
  readonly signed: string;
};

const SIGNED = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
  UnsubscribeConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const;

/** The message in a payload; null where it is none. Nothing of it is believed yet. */
export function readSnsMessage(json: unknown): SnsMessage | null {
  if (typeof json !== "object" || json === null) return null;
  const field = (name: string): string | null => {
    const value: unknown = Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined;
    return typeof value === "string" ? value : null;
  };
  const [type, version, signature] = [field("Type"), field("SignatureVersion"), field("Signature")];
  if (type === null || !isType(type) || (version !== "1" && version !== "2") || !signature) return null;
  // A notification without a subject has none, or null.
  const names = SIGNED[type].filter((name) => name !== "Subject" || field(name) !== null);
  const values = names.map(field);
  if (values.includes(null) || !/^[A-Za-z0-9+/]{1,1368}={0,2}$/.test(signature)) return null;
  return {
    type,
    version,
    topic: field("TopicArn") ?? "",
    id: field("MessageId") ?? "",
    signature: Buffer.from(signature, "base64"),
    certificateUrl: field("SigningCertURL") ?? "",
    subscribeUrl: type === "Notification" ? "" : (field("SubscribeURL") ?? ""),
    token: field("Token") ?? "",
    signed: names.map((name, at) => `${name}\n${values[at]}\n`).join(""),
  };
}

const isType = (text: string): text is SnsMessage["type"] => Object.hasOwn(SIGNED, text);

/** Headers that repeat fields of the message; they are not signed. https://docs.aws.amazon.com/sns/latest/dg/http-header.html */
const REPEATED = {
  "x-amz-sns-message-type": "type",
  "x-amz-sns-message-id": "id",
  "x-amz-sns-topic-arn": "topic",
} as const;
export const SNS_HEADERS = Object.keys(REPEATED) as ReadonlyArray<keyof typeof REPEATED>;

/** Those of SNS's headers that say other things than the signed message: whoever names deliveries by them was deceived. */
export function contradictingHeaders({ headers }: Pick<Received, "headers">, message: SnsMessage): string[] {
  return SNS_HEADERS.filter((name) => headers[name]?.some((value) => value !== message[REPEATED[name]]) ?? false);
}

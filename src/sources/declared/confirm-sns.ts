/**
 * Confirms a subscription of Amazon SNS by visiting the address that its message names.
 * https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
 */
import { PermanentError } from "../../errors.ts";
import type { Payload } from "../../model/received.ts";
import { type AmazonDeps, getFromAmazon, parseAmazonUrl } from "./amazon-request.ts";
import { readSnsMessage, type SnsMessage } from "./sns-message.ts";

/**
 * Visits `SubscribeURL` of a verified, recorded SubscriptionConfirmation of one of `topics`. Throws PermanentError where it
 * is none, names another address than Amazon's or is not taken (a token is good for three days), RetryLaterError where
 * Amazon does not answer. May be repeated: confirming twice is confirming once.
 */
export async function confirmSns(payload: Payload, topics: readonly string[], deps: AmazonDeps = {}): Promise<void> {
  const message = readSnsMessage(payload.json);
  if (message?.type !== "SubscriptionConfirmation") throw new PermanentError("it confirms no subscription");
  if (!topics.includes(message.topic)) throw new PermanentError("its topic is not among the topics of this source");
  const url = parseAmazonUrl(message.subscribeUrl, deps);
  if (!url || !confirms(url, message)) throw new PermanentError("its SubscribeURL is no address of Amazon SNS");
  const answer = await getFromAmazon(url, deps);
  if (!answer)
    throw new PermanentError("Amazon SNS did not take the confirmation; its token may be too old: subscribe anew");
}

/** Whether the address does just that: the token and topic are those of the signed message. */
function confirms({ pathname, searchParams }: URL, { topic, token }: SnsMessage): boolean {
  const is = (name: string, value: string) => searchParams.getAll(name).join("\n") === value;
  return pathname === "/" && is("Action", "ConfirmSubscription") && is("TopicArn", topic) && is("Token", token);
}

/** Confirms a subscription of Amazon SNS that a recorded delivery asks for; nothing is fetched before it is answered. */
import type { Verified } from "../presets/preset.ts";
import type { ResolvedSource } from "../presets/resolve-source.ts";
import type { AmazonDeps } from "../sources/declared/amazon-request.ts";
import { confirmSns } from "../sources/declared/confirm-sns.ts";

/** What it did, in a sentence; null where a delivery asks for nothing of the kind. Throws as `confirmSns` does; `deps` are for tests. */
export async function confirmSubscription(
  { definition }: Pick<ResolvedSource, "definition">,
  { event, payload }: Verified,
  deps: AmazonDeps = {},
): Promise<string | null> {
  if (definition.reply !== "sns" || event !== "SubscriptionConfirmation") return null;
  const topics = definition.verify.flatMap((it) => ("sns" in it ? it.sns.topics : []));
  await confirmSns(payload, topics, deps);
  return "confirmed the subscription";
}

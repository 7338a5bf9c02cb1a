/** The demo's Slack: messages, and how a history is filtered, which the emulator does not do. */

export type SlackMessage = {
  readonly ts: string;
  readonly text: string;
  readonly user?: string;
  readonly blocks?: readonly unknown[];
  readonly metadata?: { readonly event_type: string; readonly event_payload: Readonly<Record<string, unknown>> };
  readonly edited?: { readonly ts: string };
  readonly thread_ts?: string;
  /** A reply that the channel was shown too. */
  readonly reply_broadcast?: true;
};

/**
 * What the emulator ignores: `oldest`, `latest` (both excluded unless `inclusive`), and that metadata is shown to those
 * only who ask for it. docs.slack.dev/reference/methods/conversations.history
 */
export function filterHistory(
  json: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const isInclusive = isTrue(fields.inclusive);
  const oldest = Number(fields.oldest ?? 0);
  const latest = fields.latest === undefined ? Number.POSITIVE_INFINITY : Number(fields.latest);
  const all = json.messages as Array<SlackMessage & Record<string, unknown>>;
  const isWithin = ({ ts }: SlackMessage) =>
    isInclusive ? Number(ts) >= oldest && Number(ts) <= latest : Number(ts) > oldest && Number(ts) < latest;
  const messages = all.filter(isWithin).map((message) => {
    if (isTrue(fields.include_all_metadata)) return message;
    const { metadata: _, ...rest } = message;
    return rest;
  });
  const isPastOldest = all.some(({ ts }) => Number(ts) < oldest);
  const end = isPastOldest ? { has_more: false, response_metadata: { next_cursor: "" } } : {};
  return { ...json, messages, ...end };
}

/** As Slack takes truth from forms and JSON. */
export const isTrue = (value: unknown) => value === true || value === "true" || value === "1" || value === 1;

/** Which deployment a message in Slack is about. */
import { sql } from "kysely";
import { first, type Tx, type Work } from "./work.ts";

/** Threads are answered while they are fresh; older messages are not searched through. In milliseconds. */
const WITHIN_MS = 30 * 86_400_000;

/** The deployment whose message this is; undefined where it is none of ours. Time stamps are unique within a channel only. */
export function* findDeploymentByMessage(
  tx: Tx,
  { channel, ts }: { readonly channel: string; readonly ts: string },
  nowMs: number,
): Work<string | undefined> {
  if (!/^[A-Z0-9]{2,40}$/.test(channel) || !/^\d{1,12}\.\d{1,8}$/.test(ts)) return undefined;
  const row = yield* first(
    tx.db
      .selectFrom("outbox")
      .select("deployment_id")
      .where("kind", "=", sql.lit("slack.deployment"))
      .where("created_at", ">", nowMs - WITHIN_MS)
      .where("remote", "like", `%"ts":"${ts}"%`)
      .where("remote", "like", `%"channel":"${channel}"%`)
      .limit(1),
  );
  return row?.deployment_id ?? undefined;
}

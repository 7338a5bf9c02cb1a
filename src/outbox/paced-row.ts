/** What the pace has to know of a row of the outbox, read from what it wishes. Pure. */
import type { SlackAnswerWish, SlackDeploymentWish, SlackNoticeWish, SlackThreadWish } from "../notify/announce.ts";
import type { OutboxRow } from "../store/outbox.ts";
import type { PacedRow } from "./pace.ts";

export function pacedRow(row: OutboxRow): PacedRow {
  const { id, kind, isUrgent } = row;
  const isEdit = row.remote !== null;
  return { id, kind, channel: channelOf(row), isEdit, isUrgent, isGathering: isGathering(row) };
}

/** The channel that the row's wish names; "" where it names none. */
export function channelOf({ kind, desired }: Pick<OutboxRow, "kind" | "desired">): string {
  switch (kind) {
    case "slack.deployment":
    case "slack.notice":
    case "slack.thread":
      return (desired as SlackDeploymentWish | SlackNoticeWish | SlackThreadWish).channel;
    case "slack.answer":
      return (desired as SlackAnswerWish).to.channel;
    default:
      return "";
  }
}

function isGathering({ kind, desired }: OutboxRow): boolean {
  if (kind !== "slack.notice") return false;
  const { about } = (desired as SlackNoticeWish).notice;
  return about === "digest" || about === "summary";
}

/** How the audit log is shown: who asked for what, and what came of it, one line each. */
import type { AuditEntry } from "../../../model/answer.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { count, slackCode, slackDate, unformatted } from "../plain.ts";
import { context, section, sections } from "./slack-blocks.ts";

const RESULTS: Readonly<Record<AuditEntry["result"], string>> = {
  done: "✅ done",
  refused: "✋ refused",
  denied: "🚫 not allowed",
  asked: "🤝 asked",
};

/** The message, in the order in which the entries are given. */
export function wordAudit(entries: readonly AuditEntry[]): SlackMessage {
  if (entries.length === 0) {
    const text = "Nothing was asked for yet.";
    return { text, blocks: [section(text)] };
  }
  const { blocks, left } = sections(entries.map(line));
  const text = `What was asked for: ${count(entries.length, "entry", "entries")}`;
  return {
    text,
    blocks: [section("🧾 *What was asked for*"), ...blocks, ...(left > 0 ? [context([`and ${left} more`])] : [])],
  };
}

function line({ atMs, who, verb, site, what, result, outcome, rule, deployment }: AuditEntry): string {
  const deed = what || [verb, site].filter(Boolean).join(" ");
  const why = result === "denied" && rule ? ` (rule ${slackCode(rule, 40)})` : "";
  const told = [
    `${slackDate(atMs)}  ${RESULTS[result]}${why}`,
    `*${unformatted(deed, 150)}*${site !== null && !deed.includes(site) ? ` on ${unformatted(site, 60)}` : ""}`,
    unformatted(who, 100),
    outcome && unformatted(outcome, 200),
    deployment !== null && slackCode(deployment, 60),
  ];
  return told.filter(Boolean).join("  ·  ");
}

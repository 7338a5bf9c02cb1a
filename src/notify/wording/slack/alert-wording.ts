/** How an alert of monitoring is told: one message from the first report on, edited until it is over. */
import type { Alert } from "../../../model/alert.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { outside } from "../plain.ts";
import { header } from "./slack-blocks.ts";

/** The message about it, as it stands now. */
export function wordAlert({ state, report }: Alert, _hasButtons: boolean): SlackMessage {
  const text = `${state === "firing" ? "🔴" : "🟢"} ${outside(report.title, 100)}`;
  return { text, blocks: [header(text)] };
}

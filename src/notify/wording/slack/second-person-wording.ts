/** How a second person is asked to agree, and how that ended. */
import type { Notice } from "../../../model/notice.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { outside, slackCode, slackDate, unformatted } from "../plain.ts";
import { actions, type Block, context, header, plainSection, section } from "./slack-blocks.ts";

type Request = Extract<Notice, { about: "second_person" }>;

const ENDS = {
  approved: { icon: "👍", word: "approved" },
  declined: { icon: "👎", word: "declined" },
  expired: { icon: "⌛", word: "nobody answered in time" },
} as const;

/** The message, with two buttons while it is open. */
export function wordSecondPerson(notice: Request): SlackMessage {
  const { site, by, what, reason, answer } = notice;
  const name = outside(site, 60);
  const asks = `${outside(by, 120)} asks to ${outside(what, 200)}`;
  const blocks: Block[] = [
    header(
      answer === null ? `🤝 ${name}: somebody else has to agree` : `${ENDS[answer.kind].icon} ${name}: ${end(answer)}`,
    ),
    section(`*${unformatted(by, 120)}* asks to *${unformatted(what, 300)}*`),
    ...(reason ? [plainSection(`Why: ${outside(reason, 500)}`)] : []),
    ...(answer === null
      ? open(notice)
      : [context([answeredBy(answer), slackCode(notice.request, 60)].filter(Boolean))]),
  ];
  return { text: `${name}: ${asks}${answer === null ? "; somebody else has to agree" : `; ${end(answer)}`}`, blocks };
}

function end({ kind, by }: NonNullable<Request["answer"]>): string {
  return `${ENDS[kind].word}${by ? ` by ${outside(by, 60)}` : ""}`;
}

function answeredBy({ kind, by }: NonNullable<Request["answer"]>): string {
  if (kind === "expired") return "Nothing was done.";
  const who = by ? ` by ${unformatted(by, 120)}` : "";
  return kind === "approved" ? `Approved${who}; it is done now.` : `Declined${who}; nothing was done.`;
}

function open({ request, expiresAtMs }: Request): Block[] {
  return [
    actions([
      { action: "approve", label: "Approve", value: request, style: "primary" },
      { action: "decline", label: "Decline", value: request, style: "danger" },
    ]),
    context([`Whoever asked cannot answer. It ends ${slackDate(expiresAtMs)}.`]),
  ];
}

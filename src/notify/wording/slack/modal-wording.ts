/**
 * The dialog that asks what a site is rolled back to. Limits: title and buttons 24, option 75, options 100, option's value
 * 150, private_metadata 3000 characters: docs.slack.dev/reference/views/modal-views, docs.slack.dev/reference/block-kit.
 */
import type { types } from "@slack/bolt";
import type { Modal, ReleaseChoice, RollbackModal } from "../../../model/answer.ts";
import { MODAL_ACTION, MODAL_BLOCKS, type ModalMemory, ROLLBACK_MODAL } from "../../../slack/elements.ts";
import { count, oneLine, outside, slackCommit, slackDate, slackRelease, unformatted, utcText } from "../plain.ts";
import { type Block, context, plainSection, section } from "./slack-blocks.ts";

const MAX_CHOICES = 100;
const MAX_MEMORY = 3000;
/** As in words: what was said there stands in the dialog, whole. */
const MAX_REASON = 300;

/** The dialog, as Slack opens it. */
export function wordModal(modal: Modal): types.ModalView {
  const { choices, site, needsSecondPerson } = modal;
  const shown = choices.slice(0, MAX_CHOICES);
  const view = {
    type: "modal" as const,
    callback_id: ROLLBACK_MODAL,
    title: plain("Roll back"),
    close: plain("Cancel"),
    private_metadata: memory(modal),
  };
  if (shown.length === 0) {
    const nothing = `No earlier release of ${outside(site, 60)} is kept, so there is nothing to roll back to.`;
    return { ...view, blocks: [...fromLive(modal), plainSection(nothing)] };
  }
  return {
    ...view,
    submit: plain(needsSecondPerson ? "Ask for it" : "Roll back"),
    blocks: [...fromLive(modal), select(shown, modal.chosen), reasonInput(modal), ...consequences(modal)],
  };
}

function fromLive({ site, from }: RollbackModal): Block[] {
  const name = `*${unformatted(site, 60)}*`;
  if (from === null) return [section(`Nothing of ${name} is live at present.`)];
  const { id, commit, title, author, createdAtMs } = from;
  const what = [slackCommit(commit), unformatted(title, 250)].filter(Boolean).join("  ");
  return [
    section(`*From* what is live on ${name}:\n${what || slackRelease(id)}`),
    context(
      [author && `by ${unformatted(author, 80)}`, `built ${slackDate(createdAtMs)}`, releaseName(id)].filter(Boolean),
    ),
  ];
}

function select(choices: readonly ReleaseChoice[], chosen: string): types.InputBlock {
  const options = choices.map(option);
  const initial = options[choices.findIndex(({ id }) => id === chosen)] ?? options[0];
  return {
    type: "input",
    block_id: MODAL_BLOCKS.to,
    label: plain("To"),
    hint: plain("The newest is first. Nothing is built: the release is published as it was."),
    element: {
      type: "static_select",
      action_id: MODAL_ACTION,
      options,
      ...(initial && { initial_option: initial }),
    },
  };
}

function option({ id, commit, title, author, createdAtMs, isLive }: ReleaseChoice): types.PlainTextOption {
  const what = [commit.slice(0, 7), isLive && "(live now)", title].filter(Boolean).join(" ");
  const who = author ? `, by ${author}` : "";
  return {
    text: plain(outside(what, 75) || "a release without a name"),
    description: plain(outside(`${utcText(createdAtMs)}, release ${id.slice(0, 12)}${who}`, 75)),
    value: id.slice(0, 150),
  };
}

function reasonInput({ reason }: RollbackModal): types.InputBlock {
  return {
    type: "input",
    block_id: MODAL_BLOCKS.reason,
    optional: true,
    label: plain("Why"),
    hint: plain("It is shown to everybody who asks why the site is paused."),
    element: {
      type: "plain_text_input",
      action_id: MODAL_ACTION,
      max_length: MAX_REASON,
      ...(reason && { initial_value: oneLine(reason, MAX_REASON) }),
    },
  };
}

/** What comes of it, before it is sent. */
function consequences({ site, hold, waiting, needsSecondPerson }: RollbackModal): Block[] {
  const name = unformatted(site, 60);
  const lines = [
    `⚠️ *This changes what visitors of ${name} see*, within seconds.`,
    `⏸️ *Automatic deployment is paused* until somebody resumes it, so that the next push does not undo this.`,
    waiting > 0 && `⏭️ ${count(waiting, "deployment")} that ${waiting === 1 ? "waits makes" : "wait make"} way.`,
    needsSecondPerson && "🤝 Somebody else has to agree before anything happens.",
  ];
  const held = hold === null ? [] : [context([`🔒 At present: ${unformatted(hold, 500)}`])];
  return [section(lines.filter(Boolean).join("\n")), ...held];
}

function releaseName(id: string): string {
  return `release ${slackRelease(id)}`;
}

/** Comes back with the answer. Without the address for answers, Slipway tells whoever asked in another way. */
function memory({ site, from, reply }: RollbackModal): string {
  const whole: ModalMemory = { site, from: from?.id ?? null, reply };
  const text = JSON.stringify(whole);
  if (text.length <= MAX_MEMORY) return text;
  return JSON.stringify({ ...whole, reply: { ...reply, responseUrl: null } } satisfies ModalMemory);
}

function plain(text: string) {
  return { type: "plain_text" as const, text, emoji: false };
}

/**
 * Slack's published limits for what we send, checked by the tests on their own: docs.slack.dev/reference/block-kit,
 * docs.slack.dev/reference/views/modal-views. Besides, no text may hold half a character.
 */
import { expect } from "vitest";
import type { SlackMessage } from "../../../../src/slack/slack-client.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Of all blocks of one message together; a longer one is refused as "msg_blocks_too_long", at a length that is not published. */
const MAX_ALL = 13_000;

/** A message: within all limits, one line of `text`. */
export function expectMessageWithinLimits({ text, blocks }: SlackMessage): void {
  expect(text.length, "text").toBeGreaterThan(0);
  // Longer ones are refused by chat.update.
  expect(text.length, "text").toBeLessThanOrEqual(4000);
  expect(text).not.toMatch(/\n/);
  expect(text.isWellFormed()).toBe(true);
  expect(blocks.length, "blocks").toBeGreaterThan(0);
  expect(blocks.length, "blocks").toBeLessThanOrEqual(50);
  for (const block of blocks) checkBlock(block as unknown as Fields);
  expect(
    textsOf(blocks).reduce((sum, one) => sum + one.length, 0),
    "all texts",
  ).toBeLessThanOrEqual(MAX_ALL);
}

/** A dialog: title and buttons 24, blocks 100, private_metadata 3000, callback_id 255 characters. */
export function expectModalWithinLimits(view: object): void {
  const { type, title, submit, close, blocks, private_metadata, callback_id } = view as Fields;
  expect(type).toBe("modal");
  for (const label of [title, submit, close]) if (label !== undefined) checkText(label, 24, ["plain_text"]);
  expect(String(callback_id ?? "").length).toBeLessThanOrEqual(255);
  expect(String(private_metadata ?? "").length, "private_metadata").toBeLessThanOrEqual(3000);
  const all = list(blocks, 100);
  for (const block of all) checkBlock(block);
  // What has an input must have a button that sends it.
  if (all.some((block) => block.type === "input")) expect(submit).toBeDefined();
}

function checkBlock(block: Fields): void {
  if (block.block_id !== undefined) expect(String(block.block_id).length).toBeLessThanOrEqual(255);
  const check = CHECKS[String(block.type)];
  expect(check, `no check for ${String(block.type)}`).toBeDefined();
  check?.(block);
}

const CHECKS: Readonly<Record<string, (block: Fields) => void>> = {
  header: ({ text }) => checkText(text, 150, ["plain_text"]),
  section: ({ text }) => checkText(text, 3000),
  context: ({ elements }) => {
    for (const one of list(elements, 10)) checkText(one, 2000);
  },
  divider: () => {},
  actions: ({ elements }) => checkButtons(list(elements, 25)),
  plan: ({ title, tasks }) => {
    checkWords(title, 150);
    const all = list(tasks, 50);
    expect(new Set(all.map(({ task_id }) => task_id)).size).toBe(all.length);
    for (const { type, task_id, title: name, status } of all) {
      expect(type).toBe("task_card");
      checkWords(task_id, 255);
      checkWords(name, 150);
      expect(["pending", "in_progress", "complete", "error"]).toContain(status);
    }
  },
  input: ({ label, hint, element }) => {
    checkText(label, 2000, ["plain_text"]);
    if (hint !== undefined) checkText(hint, 2000, ["plain_text"]);
    const { type, options, initial_option, max_length, action_id } = element as Fields;
    checkWords(action_id, 255);
    if (type === "plain_text_input") return expect(max_length).toBeLessThanOrEqual(3000);
    expect(type).toBe("static_select");
    const all = list(options, 100);
    for (const { text, description, value } of all) {
      checkText(text, 75, ["plain_text"]);
      if (description !== undefined) checkText(description, 75, ["plain_text"]);
      checkWords(value, 150);
    }
    if (initial_option !== undefined) expect(all).toContainEqual(initial_option);
  },
};

function checkButtons(buttons: readonly Fields[]): void {
  const ids = buttons.map(({ action_id }) => action_id);
  expect(new Set(ids).size, `action ids: ${ids.join(" ")}`).toBe(ids.length);
  for (const { type, action_id, text, value, url, style, confirm } of buttons) {
    expect(type).toBe("button");
    checkWords(action_id, 255);
    checkText(text, 75, ["plain_text"]);
    expect(value !== undefined || url !== undefined).toBe(true);
    if (value !== undefined) checkWords(value, 2000);
    if (url !== undefined) checkWords(url, 3000);
    expect([undefined, "primary", "danger"]).toContain(style);
    if (confirm !== undefined) checkConfirm(confirm as Fields);
  }
}

function checkConfirm({ title, text, confirm, deny }: Fields): void {
  checkText(title, 100, ["plain_text"]);
  checkText(text, 300);
  checkText(confirm, 30, ["plain_text"]);
  checkText(deny, 30, ["plain_text"]);
}

function checkText(given: unknown, maxChars: number, types = ["plain_text", "mrkdwn"]): void {
  const { type, text } = given as Fields;
  expect(types).toContain(type);
  checkWords(text, maxChars);
}

function checkWords(words: unknown, maxChars: number): void {
  expect(typeof words).toBe("string");
  const text = String(words);
  expect(text.length, text.slice(0, 60)).toBeGreaterThan(0);
  expect(text.length, text.slice(0, 60)).toBeLessThanOrEqual(maxChars);
  expect(text.isWellFormed(), text.slice(0, 60)).toBe(true);
}

function list(value: unknown, maxLength: number): Fields[] {
  expect(Array.isArray(value)).toBe(true);
  const all = value as Fields[];
  expect(all.length).toBeGreaterThan(0);
  expect(all.length).toBeLessThanOrEqual(maxLength);
  return all;
}

/** Every text in blocks: of buttons, their dialogs, tasks and options too. */
export function textsOf(given: unknown, types = ["plain_text", "mrkdwn"]): string[] {
  if (Array.isArray(given)) return given.flatMap((one) => textsOf(one, types));
  if (given === null || typeof given !== "object") return [];
  const { type, text, title } = given as Fields;
  if (typeof text === "string") return types.includes(String(type)) ? [text] : [];
  // Plans and tasks have their titles as plain strings.
  const own = typeof title === "string" && types.includes("plain_text") ? [title] : [];
  return [...own, ...Object.values(given).flatMap((one) => (typeof one === "object" ? textsOf(one, types) : []))];
}

/** The texts in which formatting works. */
export function mrkdwnOf(blocks: unknown): string[] {
  return textsOf(blocks, ["mrkdwn"]);
}

/** What Slack would obey in a text: "!channel", "@U0ALICE", "https://…". */
export function controlsIn(text: string): string[] {
  return [...text.matchAll(/<([^<>]*)>/g)].map(([, control = ""]) => control);
}

/** What the dialog of a rollback shows and remembers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReleaseChoice, RollbackModal } from "../../../../src/model/answer.ts";
import { wordModal } from "../../../../src/notify/wording/slack/modal-wording.ts";
import { MODAL_ACTION, MODAL_BLOCKS, modalMemory, ROLLBACK_MODAL } from "../../../../src/slack/elements.ts";
import { hostileWord, LONGEST } from "../hostile-words.ts";
import { controlsIn, expectModalWithinLimits, mrkdwnOf, textsOf } from "./slack-limits.ts";

const release = (id: string, part: Partial<ReleaseChoice> = {}): ReleaseChoice => ({
  ...{ id, commit: `${id}99887766`, title: `Title of ${id}`, author: "Alice", isLive: false },
  createdAtMs: Date.UTC(2026, 0, 31, 14, 2),
  ...part,
});
const modal = (part: Partial<RollbackModal> = {}): RollbackModal => ({
  ...{ modal: "rollback", site: "shop", from: release("aaaaaaaaaaaaaaaa", { isLive: true }), chosen: "cccc" },
  ...{ choices: [release("bbbb"), release("cccc")], hold: null, waiting: 0, needsSecondPerson: false },
  reply: {
    channel: "C0SHOP",
    user: "U0ALICE",
    responseUrl: "https://hooks.slack.com/x",
    thread: null,
    isDirect: false,
  },
  ...part,
});

type Select = {
  block_id: string;
  element: { action_id: string; options: unknown[]; initial_option: { value: string } };
};
const selectOf = (view: { blocks: unknown }) =>
  (view.blocks as Array<Partial<Select>>).find(({ block_id }) => block_id === MODAL_BLOCKS.to) as Select | undefined;

describe("The dialog", () => {
  test("shows what is live and what can be chosen, with what comes of it", () => {
    const view = wordModal(modal());
    expectModalWithinLimits(view);
    expect(view.callback_id).toBe(ROLLBACK_MODAL);
    expect(view.submit?.text).toBe("Roll back");
    const texts = textsOf(view.blocks);
    expect(texts[0]).toBe("*From* what is live on *shop*:\n`aaaaaaa`  Title of aaaaaaaaaaaaaaaa");
    expect(texts[1]).toMatch(
      /^by Alice {2}· {2}built <!date\^.*\|2026-01-31 14:02 UTC> {2}· {2}release `aaaaaaaaaaaa`$/,
    );
    expect(texts).toEqual(
      expect.arrayContaining(["bbbb998 Title of bbbb", "2026-01-31 14:02 UTC, release bbbb, by Alice"]),
    );
    expect(texts.at(-1)).toContain("*Automatic deployment is paused* until somebody resumes it");
    expect(texts.at(-1)).not.toMatch(/make way|agree/);
  });

  test("has the chosen release chosen, and where the reader looks for it", () => {
    expect(selectOf(wordModal(modal()))).toMatchObject({
      element: { action_id: MODAL_ACTION, initial_option: { value: "cccc" } },
    });
    expect(selectOf(wordModal(modal({ chosen: "gone" })))?.element.initial_option.value).toBe("bbbb");
    const reason = wordModal(modal()).blocks.find(({ block_id }) => block_id === MODAL_BLOCKS.reason);
    expect(reason).toMatchObject({
      optional: true,
      element: { type: "plain_text_input", action_id: MODAL_ACTION, max_length: 300 },
    });
    expect(JSON.stringify(reason)).not.toContain("initial_value");
  });

  test("has the reason in it that was given in words, as it was written", () => {
    const reason = `prices <b> & "tax" ${"x".repeat(300)}`;
    const [input] = wordModal(modal({ reason })).blocks.filter(({ block_id }) => block_id === MODAL_BLOCKS.reason);
    const { element } = input as { element: { initial_value: string } };
    expect(element.initial_value).toMatch(/^prices <b> & "tax" x+/);
    expect(element.initial_value.length).toBeLessThanOrEqual(300);
  });

  test("says what holds the site, who makes way, and that somebody else has to agree", () => {
    const view = wordModal(modal({ hold: "locked by bob", waiting: 2, needsSecondPerson: true }));
    const texts = textsOf(view.blocks).join("\n");
    expect(texts).toContain("2 deployments that wait make way.");
    expect(texts).toContain("Somebody else has to agree before anything happens.");
    expect(texts).toContain("At present: locked by bob");
    expect(view.submit?.text).toBe("Ask for it");
    expect(textsOf(wordModal(modal({ waiting: 1 })).blocks).join("\n")).toContain("1 deployment that waits makes way.");
  });

  test("remembers the site, what was live and who asked, as the reader reads it", () => {
    expect(modalMemory.parse(JSON.parse(wordModal(modal()).private_metadata ?? ""))).toEqual({
      site: "shop",
      from: "aaaaaaaaaaaaaaaa",
      reply: modal().reply,
    });
    const long = modal({ reply: { ...modal().reply, responseUrl: `https://hooks.slack.com/${"x".repeat(3000)}` } });
    expect(modalMemory.parse(JSON.parse(wordModal(long).private_metadata ?? "")).reply.responseUrl).toBeNull();
  });

  test("without anything to choose has no button that sends it", () => {
    const view = wordModal(modal({ choices: [], from: null }));
    expectModalWithinLimits(view);
    expect(view.submit).toBeUndefined();
    expect(textsOf(view.blocks)).toContain("Nothing of *shop* is live at present.");
  });

  test("fits with a hundred releases and more, and the longest words", () => {
    const { title, author, reason, site } = LONGEST;
    const choices = Array.from({ length: 130 }, (_, n) => release(`${n}`.padStart(64, "f"), { title, author }));
    const view = wordModal(
      modal({
        ...{ site, choices, chosen: choices[99]?.id ?? "", hold: reason, waiting: 1e9 },
        from: release("a", { title, author }),
      }),
    );
    expectModalWithinLimits(view);
    expect(selectOf(view)?.element.options).toHaveLength(100);
    expect(selectOf(view)?.element.initial_option.value).toBe(choices[99]?.id);
  });

  test("obeys no word from outside", () => {
    fc.assert(
      fc.property(hostileWord, hostileWord, (a, b) => {
        const one = release("cafe", { commit: a, title: b, author: a });
        const view = wordModal(modal({ site: a, from: one, choices: [one, release("beef")], hold: b }));
        expectModalWithinLimits(view);
        for (const control of mrkdwnOf(view.blocks).flatMap(controlsIn)) expect(control).toMatch(/^!date\^\d+\^\{/);
      }),
    );
  });
});

/** A dialog that is sent: what it shows at once, and what is done. */
import { expect, it } from "vitest";
import { fieldError, handleSubmission, type SubmissionFacts } from "../../src/handlers/submission.ts";
import type { SubmissionEvent } from "../../src/model/event.ts";
import { ALICE, asking, audited, member, REPLY, rules, subject, told } from "./asking.ts";

const EVENT: SubmissionEvent = {
  type: "submission",
  modal: "rollback",
  site: "shop",
  from: "b".repeat(64),
  to: "a".repeat(64),
  reason: " the shop is broken ",
  actor: { slackUser: ALICE, name: "alice", team: "T0TEAM", channel: "C0SHOP" },
  reply: REPLY,
  triggerId: null,
  askedAtMs: 1000,
  cause: "slack 1.2.3",
};
const facts = (part: Partial<SubmissionFacts> = {}): SubmissionFacts => ({
  ...asking(),
  subject: subject(),
  liveRelease: EVENT.from,
  isKept: true,
  ...part,
});

it("what is right shows no error and rolls back, from what was seen to what was chosen", () => {
  expect(fieldError(EVENT, facts())).toBeNull();
  const deed = { kind: "rollback", target: { kind: "hex", start: EVENT.to }, from: EVENT.from };
  expect(handleSubmission(EVENT, facts())).toMatchObject([
    { do: "operate", site: "shop", deed: { ...deed, reason: "the shop is broken" } },
  ]);
});

const LOCKED = { githubPause: null, paused: null, locked: { by: "ada", reason: null, atMs: 1 } };

it.each<[string, Partial<SubmissionFacts>, RegExp, string]>([
  ["another release went live", { liveRelease: "c".repeat(64) }, /went live meanwhile/, "refused by state"],
  ["the release was collected", { isKept: false }, /no longer kept/, "refused by state"],
  ["the chosen release went live", { liveRelease: EVENT.to }, /went live meanwhile/, "refused by state"],
  ["the site is locked", { subject: subject({ holds: LOCKED }) }, /locked by ada/, "refused by state"],
  ["the site is gone", { subject: null }, /no longer in slipway.yaml/, "refused by state"],
  ["they may not any more", { person: member("U0DAN") }, /sites\.shop\.operators/, "denied by role"],
])("where %s, the dialog says so, and so does the inbox", (_, part, says, rule) => {
  expect(fieldError(EVENT, facts(part))?.says).toMatch(says);
  const effects = handleSubmission(EVENT, facts(part));
  expect(effects.map((it) => it.do)).toEqual(["answer", "audit"]);
  expect(told(effects)).toMatch(says);
  expect(audited(effects)).toEqual([rule]);
});

it("to choose what is live already is an error", () => {
  expect(fieldError({ ...EVENT, to: EVENT.from ?? "" }, facts())?.says).toBe("That release is the one that is live.");
});

it("where two people are needed, the second one is asked", () => {
  const two = facts({ subject: subject({ rules: rules({ secondPerson: true }) }) });
  expect(handleSubmission(EVENT, two)).toMatchObject([{ do: "ask_second_person", site: "shop" }]);
});

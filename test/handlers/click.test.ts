/** What a click comes to, on a message of today and on one of yesterday. */
import { describe, expect, it } from "vitest";
import { type ClickFacts, handleClick, type PlainClick } from "../../src/handlers/click.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { aDeployment } from "../notify/deployment.ts";
import { ALICE, asking, audited, member, REPLY, rules, subject, told } from "./asking.ts";

const ID = "d-mf2k9x1c-4f7a";

function click(
  what: PlainClick["click"],
  deployment: Partial<Deployment> | null,
  part: Partial<ClickFacts & { value: string }> = {},
) {
  const { value = ID, ...facts } = part;
  const event: PlainClick = {
    type: "click",
    click: what,
    value,
    actor: { slackUser: ALICE, name: "alice", team: "T0TEAM", channel: "C0SHOP" },
    reply: REPLY,
    triggerId: "1.2.3",
    askedAtMs: 1000,
    cause: "slack 1.2.3",
  };
  const about = deployment && aDeployment({ id: ID, ...deployment });
  return handleClick(event, {
    ...asking(),
    subject: subject({ deployment: about }),
    deployment: about,
    liveDeployment: ID,
    newest: about,
    ...facts,
  });
}

describe("a click on a message of today", () => {
  it("Cancel cancels that deployment", () => {
    expect(click("cancel", { state: "building" })).toMatchObject([
      { do: "operate", deed: { kind: "cancel", deployment: ID } },
    ]);
  });

  it("Redeploy publishes what is live again", () => {
    expect(click("redeploy", { state: "live" })).toMatchObject([{ do: "operate", deed: { kind: "redeploy" } }]);
  });

  it("Roll back opens the dialog", () => {
    expect(click("rollback", { state: "live" })).toMatchObject([
      { do: "look", look: { kind: "rollback", site: "shop", triggerId: "1.2.3" } },
    ]);
  });

  it("Rebuild builds the head with clean caches, Deploy anyway as it is", () => {
    expect(click("rebuild", { state: "failed" })).toMatchObject([{ deed: { kind: "deploy", cleanCaches: true } }]);
    expect(click("deploy", { state: "held" })).toMatchObject([{ deed: { kind: "deploy", cleanCaches: false } }]);
  });

  it("Resume is about the site", () => {
    expect(click("resume", null, { value: "shop" })).toMatchObject([{ site: "shop", deed: { kind: "resume" } }]);
  });

  it.each<[string, Partial<Deployment>, object]>([
    ["a push", { trigger: "push" }, { kind: "deploy", commit: null }],
    ["a commit by name", { trigger: "command", askedCommit: "abc" }, { kind: "deploy", commit: "abc" }],
    ["a rollback", { trigger: "rollback", askedRelease: "f00d" }, { kind: "rollback", target: { start: "f00d" } }],
    ["a redeploy", { trigger: "redeploy", askedRelease: null }, { kind: "redeploy", target: null }],
  ])("Retry does the same as %s once more", (_, deployment, deed) => {
    expect(click("retry", { state: "failed", ...deployment })).toMatchObject([{ do: "operate", deed }]);
  });

  it("Approve and Decline answer the request", () => {
    expect(click("approve", null, { value: "r-1" })).toMatchObject([
      { do: "second_person", request: "r-1", approves: true, by: "alice (Slack U0ALICE)" },
    ]);
    expect(audited(click("decline", null, { value: "r-1", person: member("U0DAN") }))).toEqual(["denied by role"]);
  });
});

describe("a second click on the same button", () => {
  const by = { id: "d-2", state: "building", askedBy: "bob (Slack U0BOB)" } as const;
  it.each<[PlainClick["click"], Partial<Deployment>, Partial<Deployment>]>([
    ["retry", { state: "failed", trigger: "push" }, { trigger: "command" }],
    [
      "retry",
      { state: "failed", trigger: "rollback", askedRelease: "f00d" },
      { trigger: "rollback", askedRelease: "f00d" },
    ],
    ["rebuild", { state: "failed" }, { trigger: "command", cleanCaches: true }],
    ["deploy", { state: "held" }, { trigger: "command" }],
    ["redeploy", { state: "live" }, { trigger: "redeploy", state: "publishing" }],
  ])("%s does nothing more while what the first one asked for is under way", (what, deployment, first) => {
    const effects = click(what, deployment, { newest: aDeployment({ ...by, ...first }) });
    expect(told(effects)).toMatch(/^d-2, which bob \(Slack U0BOB\) asked for, does that already; it is \w+ing\.$/);
    expect(audited(effects)).toEqual(["refused by state"]);
  });

  it.each<[string, Partial<Deployment>]>([
    ["ended", { trigger: "command", state: "failed" }],
    ["is of before", { trigger: "command", createdAtMs: -1 }],
    ["is nobody's", { trigger: "push", askedBy: null }],
    ["does something else", { trigger: "command", cleanCaches: true }],
  ])("does it where the other one %s", (_, other) => {
    const newest = aDeployment({ ...by, ...other });
    expect(click("retry", { state: "failed" }, { newest })).toMatchObject([{ do: "operate" }]);
  });
});

it("Retry replaces files of others for nobody who may not agree to that, and for two where two are needed", () => {
  const failed = { state: "failed", trigger: "redeploy", adopt: true, allowRemovals: true } as const;
  const dan = member("U0DAN");
  const without = { kind: "redeploy", adopt: false, allowRemovals: false };
  expect(click("retry", failed, { person: dan })).toMatchObject([{ do: "operate", deed: without }]);
  expect(click("retry", failed)).toMatchObject([{ do: "operate", deed: { adopt: true, allowRemovals: true } }]);
  const two = { subject: subject({ rules: rules({ secondPerson: true }) }) };
  expect(click("retry", failed, two)).toMatchObject([{ do: "ask_second_person" }]);
  expect(click("retry", failed, { ...two, person: dan })).toMatchObject([{ do: "operate", deed: without }]);
});

it("Retry of a redeploy of another release than the live one is a rollback to whoever may not, and to a second person", () => {
  const failed = { state: "failed", trigger: "redeploy", askedRelease: "f00d" } as const;
  expect(audited(click("retry", failed, { person: member("U0DAN") }))).toEqual(["denied by role"]);
  expect(click("retry", failed)).toMatchObject([{ do: "operate", deed: { kind: "redeploy" } }]);
  const two = { subject: subject({ rules: rules({ secondPerson: true }) }) };
  expect(click("retry", failed, two)).toMatchObject([{ do: "ask_second_person", deed: { kind: "redeploy" } }]);
});

describe("a click on a message of yesterday", () => {
  it.each<[PlainClick["click"], Partial<Deployment>, string | null, RegExp]>([
    ["redeploy", { state: "live" }, "d-newer-1", /no longer what is live/],
    ["cancel", { state: "live" }, ID, /is live already; there is nothing to cancel/],
    ["retry", { state: "live" }, ID, /nothing to try again/],
  ])("%s says that it came too late", (what, deployment, liveDeployment, says) => {
    const effects = click(what, deployment, { liveDeployment });
    expect(effects.map((it) => it.do)).toEqual(["answer", "audit"]);
    expect(told(effects)).toMatch(says);
    expect(audited(effects)).toEqual(["refused by state"]);
  });

  it("is answered also where the site is gone", () => {
    expect(told(click("cancel", null, { subject: null }))).toContain("knows nothing of");
  });
});

it("whoever may not is refused at the click", () => {
  const dan = member("U0DAN");
  expect(audited(click("rollback", { state: "live" }, { person: dan }))).toEqual(["denied by role"]);
  expect(audited(click("cancel", { state: "building" }, { person: dan }))).toEqual(["denied by role"]);
  expect(audited(click("cancel", { state: "live" }, { person: member("U0EVE") }))).toEqual(["denied by role"]);
  const own = { subject: subject({ deployment: aDeployment({ askedBy: "dan (Slack U0DAN)" }) }), person: dan };
  expect(click("cancel", { state: "building" }, own)).toMatchObject([{ do: "operate" }]);
  const two = { subject: subject({ rules: rules({ secondPerson: true }) }) };
  expect(click("retry", { state: "failed", trigger: "rollback", askedRelease: "f00d" }, two)).toMatchObject([
    { do: "ask_second_person" },
  ]);
});

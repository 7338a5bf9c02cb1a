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
      { do: "audit" },
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
  const own = { subject: subject({ deployment: aDeployment({ askedBy: "dan (Slack U0DAN)" }) }), person: dan };
  expect(click("cancel", { state: "building" }, own)).toMatchObject([{ do: "operate" }]);
  const two = { subject: subject({ rules: rules({ secondPerson: true }) }) };
  expect(click("retry", { state: "failed", trigger: "rollback", askedRelease: "f00d" }, two)).toMatchObject([
    { do: "ask_second_person" },
  ]);
});

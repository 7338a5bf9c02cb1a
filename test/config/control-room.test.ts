/** `slack`, `people` and roles in slipway.yaml: whoever writes a name, a wrong key or a half sentence learns what to write. */
import { describe, expect, it } from "vitest";
import { problemsOf } from "./problems-of.ts";

const problems = (text: string) => problemsOf(`${text}\nsites: { shop: { repo: a/b, publish: "dir:/srv" } }`);

const NOBODY = "is nobody; write the id of a Slack user (U0123ABCD) or user group (S0123ABCD), or github:login";

describe("who may what in slipway.yaml", () => {
  it("is in order by ids, groups and logins", () => {
    const roles = 'viewers: members, deployers: [S0DEVS, "github:ada"], operators: [U0ALICE, W0BOB]';
    expect(problems(`slack: { team: T0ACME, ${roles}, channels: [C0OPS], sharedChannels: [G0OLD] }`)).toEqual([]);
  });

  it.each([
    [
      "viewers: member",
      "slack.viewers: is neither members (everybody in the workspace) nor a list such as [U0123ABCD, S0123ABCD]",
    ],
    ["viewers: [members]", "slack.viewers.0: goes with viewers alone, and without a list: viewers: members"],
    ["operators: [members]", "slack.operators.0: goes with viewers alone, and without a list: viewers: members"],
    ["deployers: members", "slack.deployers: is no list of people; write [U0123ABCD, S0123ABCD]"],
    ["deployers: U0ALICE", "slack.deployers: is no list of people; write [U0123ABCD, S0123ABCD]"],
    ["operators: [alice]", `slack.operators.0: ${NOBODY}`],
    ['operators: ["@alice"]', `slack.operators.0: ${NOBODY}`],
    ["operators: [alice@example.com]", `slack.operators.0: ${NOBODY}`],
    ["operators: [C0OPS]", `slack.operators.0: ${NOBODY}`],
    ["operator: [U0ALICE]", "slack.operator: is not a key of Slipway's; did you mean operators?"],
    [
      'channels: ["#ops"]',
      "slack.channels.0: is no id of a Slack channel; write C0123ABCD, the last line of the channel's details",
    ],
    [
      "team: acme",
      "slack.team: is no id of a Slack workspace; write T0123ABCD, which stands in the address of Slack in a browser",
    ],
    ["directMessages: yes", "slack.directMessages: is neither true nor false"],
    ['summary: { at: "9:00" }', "slack.summary.at: is no time of day; write 09:00"],
    ['summary: { at: "09:00", timeZone: Berlin }', "slack.summary.timeZone: is no time zone; write Europe/Berlin"],
    [
      'summary: { at: "09:00", timezone: UTC }',
      "slack.summary.timezone: is not a key of Slipway's; did you mean timeZone?",
    ],
  ])("with %s says what to write", (keys, problem) => {
    expect(problems(`slack: { ${keys} }`)).toEqual([problem]);
  });

  it.each([
    [
      "alice: {}",
      'people.alice: is no id of a Slack user; write U0123ABCD, which "Copy member ID" in their profile gives',
    ],
    ['U0ALICE: { github: "@alice" }', "people.U0ALICE.github: is no GitHub login; write it without @"],
    ["U0ALICE: { author: [Alice] }", "people.U0ALICE.author: is not a key of Slipway's; did you mean authors?"],
    [
      "U0ALICE: { github: Ada }, U0EVE: { github: ada }",
      "people.U0EVE.github: is the login of people.U0ALICE already; leave it to one of them",
    ],
    [
      "U0ALICE: { authors: [Ada, Ada] }, U0EVE: { authors: [Eve, Ada] }",
      "people.U0EVE.authors: names Ada, as people.U0ALICE does already; leave it to one of them",
    ],
  ])("with people: { %s } says what to write", (people, problem) => {
    expect(problems(`people: { ${people} }`)).toEqual([problem]);
  });

  it("names the keys that a list's entries have", () => {
    expect(problems("ci: [{}, { branch: [main], workflow: [CI], zzz: 1 }]")).toEqual([
      "ci.1.branch: is not a key of Slipway's; did you mean branches?",
      "ci.1.workflow: is not a key of Slipway's; did you mean workflows?",
      "ci.1.zzz: is not a key of Slipway's; known here: channel, sites, branches, workflows, conclusions, actors, environments",
    ]);
    expect(problems("ci: { channel: C0CI }")).toEqual(["ci: is no list; write it in brackets: [one, another]"]);
  });
});

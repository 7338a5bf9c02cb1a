/** Who may do what, in which channel, with which account: the whole table, and what whoever is refused is told. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import {
  type AskedFor,
  authorize,
  roleOf,
  rulesOf,
  type SiteRules,
  type WorkspaceRules,
  workspaceRules,
} from "../../src/handlers/authorize.ts";
import { VERBS, type Verb } from "../../src/model/command.ts";
import { ALERT_CLICKS } from "../../src/model/event.ts";
import type { AccountKind, Person, SlackConversation } from "../../src/model/person.ts";

const site: SiteRules = {
  ...{ name: "shop", viewers: ["U0VIEWER"], deployers: ["U0DEPLOYER"], operators: ["U0OPERATOR"] },
  ...{ channels: ["C0SHOP", "#news"], githubWrite: false, secondPerson: false },
};
const workspace: WorkspaceRules = { team: "T0OURS", directMessages: false, sharedChannels: ["C0LISTED"] };

const HERE: SlackConversation = { id: "C0SHOP", name: "shop", kind: "channel", isShared: false };
type SlackPerson = NonNullable<Person["slack"]>;
const person = (slack: Partial<SlackPerson> = {}, github: Person["github"] = null): Person => ({
  name: "somebody",
  slack: {
    ...{
      user: "U0OPERATOR",
      team: "T0OURS",
      kind: "member",
      groups: [],
      kindAgeMs: 0,
      groupsAgeMs: 0,
      conversation: HERE,
    },
    ...slack,
  },
  github,
});
const onGithub = (login: string, canWrite: boolean | null): Person => ({
  ...{ name: login, slack: null, github: { login, canWrite } },
});
const asks = (verb: Verb, more: Partial<AskedFor> = {}): AskedFor => ({ verb, isOwn: false, isForced: false, ...more });
const MINUTE = 60_000;

/** Who may, of: nobody, viewer, deployer, operator. "own": what they began themselves, "force": with --force. */
type Row = readonly [what: string, nobody: boolean, viewer: boolean, deployer: boolean, operator: boolean];
const [no, yes] = [false, true];
const ROLES_TABLE: readonly Row[] = [
  ["status", no, yes, yes, yes],
  ["logs", no, yes, yes, yes],
  ["releases", no, yes, yes, yes],
  ["diff", no, yes, yes, yes],
  ["deploy", no, no, yes, yes],
  ["redeploy", no, no, yes, yes],
  ["rebuild", no, no, yes, yes],
  ["pause", no, no, yes, yes],
  ["lock", no, no, yes, yes],
  ["acknowledge", no, no, yes, yes],
  ["silence", no, no, no, yes],
  ["cancel own", no, no, yes, yes],
  ["unlock own", no, no, yes, yes],
  ["resume own", no, no, yes, yes],
  ["cancel", no, no, no, yes],
  ["unlock", no, no, no, yes],
  ["resume", no, no, no, yes],
  ["rollback", no, no, no, yes],
  ["rollback own", no, no, no, yes],
  ["audit", no, no, no, yes],
  ["deploy force", no, no, no, yes],
  ["redeploy force", no, no, no, yes],
  ["rebuild force", no, no, no, yes],
  ["rollback force", no, no, no, yes],
  ["help", yes, yes, yes, yes],
  ["whoami", yes, yes, yes, yes],
];
const PEOPLE = ["U0NOBODY", "U0VIEWER", "U0DEPLOYER", "U0OPERATOR"] as const;

/** Where what may be asked for, of: what viewers may, what deployers may, what operators may. */
type Place = readonly [where: string, SlackConversation, looks: boolean, deploys: boolean, operates: boolean];
const channel = (id: string, name: string | null, isShared: boolean | null): SlackConversation => ({
  ...{ id, name, kind: "channel", isShared },
});
const PLACES_TABLE: readonly Place[] = [
  ["the site's channel, by id", channel("C0SHOP", null, false), yes, yes, yes],
  ["the site's channel, by name", channel("C0NEWS", "news", false), yes, yes, yes],
  ["another channel", channel("C0OTHER", "other", false), no, no, no],
  ["a channel whose name is not known", channel("C0NEWS", null, false), no, no, no],
  ["a channel that is named like the id of the site's", channel("C0OTHER", "c0shop", false), no, no, no],
  ["the site's channel, shared", channel("C0SHOP", "shop", true), no, no, no],
  ["the site's channel, perhaps shared", channel("C0SHOP", "shop", null), yes, yes, no],
  ["another channel, perhaps shared", channel("C0OTHER", "other", null), no, no, no],
  ["another channel, shared and listed", channel("C0LISTED", "other", true), no, no, no],
  ["a direct message", { id: "D0", name: null, kind: "direct", isShared: false }, no, no, no],
];

const ACCOUNTS_TABLE: ReadonlyArray<readonly [AccountKind, commands: boolean, whoami: boolean]> = [
  ["member", yes, yes],
  ["guest", no, yes],
  ["bot", no, no],
  ["stranger", no, no],
  ["deactivated", no, no],
  ["unknown", no, yes],
];

const LOOKS = ["status", "logs", "releases", "diff"];
const askedIn = (what: string): AskedFor => {
  const [verb, how] = what.split(" ");
  return asks(verb as Verb, { isOwn: how === "own", isForced: how === "force" });
};

describe("Roles", () => {
  it("are said of every verb", () => {
    expect(new Set(ROLES_TABLE.map(([what]) => what.split(" ")[0]))).toEqual(new Set([...VERBS, ...ALERT_CLICKS]));
  });

  it.each(ROLES_TABLE)("%s: nobody %s, viewers %s, deployers %s, operators %s", (what, ...expected) => {
    const verdicts = PEOPLE.map((user) => authorize(person({ user }), askedIn(what), site, workspace));
    expect(verdicts.map(({ allowed }) => allowed)).toEqual(expected);
    for (const verdict of verdicts) if (!verdict.allowed) expect(verdict.rule).toBe("role");
  });

  it("are told, and by which entry they are held", () => {
    expect(authorize(person(), asks("status"), site, workspace)).toEqual({
      ...{ allowed: true, rule: "operators: U0OPERATOR", role: "operator", needsSecondPerson: false },
    });
    expect(authorize(person({ user: "U0VIEWER" }), asks("status"), site, workspace)).toMatchObject({
      ...{ rule: "viewers: U0VIEWER", role: "viewer" },
    });
    expect(PEOPLE.map((user) => roleOf(person({ user }), site))).toEqual([null, "viewer", "deployer", "operator"]);
  });

  it("of viewers belong to every member where the setting says so, and to nobody who comes from GitHub", () => {
    const open: SiteRules = { ...site, viewers: "members" };
    expect(authorize(person({ user: "U0NOBODY" }), asks("status"), open, workspace)).toMatchObject({
      ...{ allowed: true, rule: "viewers: members", role: "viewer" },
    });
    expect(authorize(person({ user: "U0NOBODY" }), asks("deploy"), open, workspace)).toMatchObject({ rule: "role" });
    expect(authorize(onGithub("carol", true), asks("status"), open, workspace)).toMatchObject({ rule: "role" });
  });

  it.each<[Verb, Partial<AskedFor>, boolean]>([
    ["rollback", {}, true],
    ["rollback", { isOwn: true }, true],
    ["unlock", {}, true],
    ["unlock", { isOwn: true }, false],
    ["deploy", { isForced: true }, true],
    ["deploy", {}, false],
    ["resume", {}, false],
    ["cancel", {}, false],
    ["audit", {}, false],
  ])("%s %o needs a second person: %s, where the site asks for that", (verb, more, needsSecondPerson) => {
    const strict = { ...site, secondPerson: true };
    expect(authorize(person(), asks(verb, more), strict, workspace)).toMatchObject({
      allowed: true,
      needsSecondPerson,
    });
    expect(authorize(person(), asks(verb, more), site, workspace)).toMatchObject({ needsSecondPerson: false });
  });
});

describe("Every verb, of every person, in every place, with every account", () => {
  it.each(ROLES_TABLE)("%s is refused by the first rule that does", (what, ...mayByRole) => {
    const verb = askedIn(what).verb;
    const isAnywhere = verb === "help" || verb === "whoami";
    for (const [at, user] of PEOPLE.entries())
      for (const [where, conversation, looks, deploys, operates] of PLACES_TABLE)
        for (const [kind, commands, whoami] of ACCOUNTS_TABLE)
          for (const team of ["T0OURS", "T0OTHER"]) {
            const isOperators = !LOOKS.includes(what) && mayByRole[2] === no;
            const mayHere = isAnywhere || (LOOKS.includes(what) ? looks : isOperators ? operates : deploys);
            const mayAccount = verb === "whoami" ? whoami : commands;
            const refusals = [
              team === "T0OTHER" && "team",
              !mayAccount && "account",
              !mayHere && "channel",
              !mayByRole[at] && "role",
            ];
            const verdict = authorize(person({ user, team, kind, conversation }), askedIn(what), site, workspace);
            const expected = refusals.find((rule) => rule !== false) ?? "allowed";
            expect(verdict.allowed ? "allowed" : verdict.rule, `${user} ${kind} of ${team}, ${where}`).toBe(expected);
          }
  });
});

describe("The workspace", () => {
  it.each<[string, string | null, string]>([
    ["is another", "T0THEIRS", "Slipway answers people of one workspace alone, T0THEIRS (slack.team)"],
    ["is not known", null, "Setting slack.team in slipway.yaml"],
  ])("that %s refuses everything, whoami too", (_, team, says) => {
    for (const verb of VERBS) {
      expect(authorize(person(), asks(verb), site, { ...workspace, team })).toEqual({
        ...{ allowed: false, rule: "team", says: expect.stringContaining(says) },
      });
    }
  });

  it.each<[AccountKind, string]>([
    ["guest", "Guests of the workspace may ask Slipway for nothing"],
    ["bot", "nothing for bots and apps"],
    ["stranger", "People of other workspaces"],
    ["deactivated", "This account is deactivated"],
    ["unknown", "Slack could not be asked whose account this is, so nothing was done."],
  ])("tells a %s why", (kind, says) => {
    const verdict = authorize(person({ kind }), asks("help"), null, workspace);
    expect(verdict).toEqual({ allowed: false, rule: "account", says: expect.stringContaining(says) });
  });

  it("needs no site for help and whoami, and one for all else", () => {
    for (const verb of VERBS) {
      const verdict = authorize(person({ user: "U0NOBODY" }), asks(verb), null, workspace);
      expect(verdict.allowed, verb).toBe(verb === "help" || verb === "whoami");
    }
  });
});

describe("Channels", () => {
  const direct: SlackConversation = { id: "D0", name: null, kind: "direct", isShared: false };
  const open = { ...workspace, directMessages: true };

  it("that are direct messages count once they are allowed, without being a site's", () => {
    expect(authorize(person({ conversation: direct }), asks("rollback"), site, open)).toMatchObject({ allowed: true });
    const shared = { ...direct, isShared: true };
    expect(authorize(person({ conversation: shared }), asks("status"), site, open)).toMatchObject({ rule: "channel" });
  });

  it("that are shared count once they are listed, and are a site's", () => {
    const listed = { ...site, channels: ["C0LISTED"] };
    for (const isShared of [true, null]) {
      const conversation = channel("C0LISTED", "partners", isShared);
      expect(authorize(person({ conversation }), asks("rollback"), listed, workspace)).toMatchObject({ allowed: true });
    }
    // A channel's name says nothing of a list of ids.
    const conversation = channel("C0OTHER", "C0LISTED", true);
    const named = { ...site, channels: ["C0OTHER"] };
    expect(authorize(person({ conversation }), asks("status"), named, workspace)).toMatchObject({ rule: "channel" });
  });

  it.each<[string, SlackConversation, Partial<SiteRules>, string]>([
    [
      "elsewhere",
      channel("C0X", "x", false),
      {},
      "shop cannot be commanded here. Use it in C0SHOP, #news (sites.shop.channel).",
    ],
    ["where none is set", HERE, { channels: [] }, "No channel is set for shop (sites.shop.channel)."],
    ["in a direct message", direct, {}, "direct messages (slack.directMessages). Use it in C0SHOP, #news"],
    ["in a shared one", { ...HERE, isShared: true }, {}, "slack.sharedChannels does not name it: C0SHOP."],
    ["where Slack is away", { ...HERE, isShared: null }, {}, "Slack could not be asked whether other workspaces share"],
  ])("%s: whoever asks there is told where", (_, conversation, changes, says) => {
    const verdict = authorize(person({ conversation }), asks("rollback"), { ...site, ...changes }, workspace);
    expect(verdict).toEqual({ allowed: false, rule: "channel", says: expect.stringContaining(says) });
  });
});

describe("Groups", () => {
  const byGroup: SiteRules = { ...site, viewers: ["S0ALL"], deployers: ["S0DEV"], operators: ["S0OPS", "U0ALICE"] };
  const member = (groups: readonly string[], groupsAgeMs: number | null) =>
    person({ user: "U0BOB", groups, groupsAgeMs });

  it.each<[Verb, string, number | null, boolean]>([
    ["status", "S0ALL", 0, true],
    ["status", "S0ALL", 60 * MINUTE, true],
    ["status", "S0ALL", 60 * MINUTE + 1, false],
    ["status", "S0ALL", null, false],
    ["deploy", "S0DEV", 60 * MINUTE, true],
    ["deploy", "S0DEV", 60 * MINUTE + 1, false],
    ["deploy", "S0OPS", 60 * MINUTE, true],
    ["deploy", "S0ALL", 0, false],
    ["rollback", "S0OPS", 10 * MINUTE, true],
    ["rollback", "S0OPS", 10 * MINUTE + 1, false],
    ["rollback", "S0OPS", null, false],
    ["rollback", "S0OPS", Number.NaN, false],
    ["rollback", "S0DEV", 0, false],
  ])("%s by %s, known for %s ms: %s", (verb, group, ageMs, expected) => {
    expect(authorize(member([group], ageMs), asks(verb), byGroup, workspace).allowed).toBe(expected);
  });

  it("are not needed by whoever is named", () => {
    const alice = person({ user: "U0ALICE", groupsAgeMs: null });
    expect(authorize(alice, asks("rollback"), byGroup, workspace)).toMatchObject({ rule: "operators: U0ALICE" });
  });

  it.each<[Verb, number, boolean]>([
    ["status", 60 * MINUTE, true],
    ["deploy", 60 * MINUTE + 1, false],
    ["rollback", 10 * MINUTE, true],
    ["rollback", 10 * MINUTE + 1, false],
  ])(
    "count as little as the account when Slack was last asked long ago: %s after %s ms, %s",
    (verb, kindAgeMs, may) => {
      const verdict = authorize(person({ user: "U0ALICE", kindAgeMs }), asks(verb), byGroup, workspace);
      expect(verdict.allowed || verdict.rule).toBe(may || "account");
    },
  );

  it("of which Slack told nothing lately are named to whoever is refused", () => {
    const says = (ageMs: number | null) => {
      const verdict = authorize(member(["S0OPS"], ageMs), asks("rollback"), byGroup, workspace);
      return verdict.allowed ? "" : verdict.says;
    };
    expect(says(11 * MINUTE)).toBe(
      "rollback on shop is for its operators (sites.shop.operators): S0OPS, U0ALICE. Slack could not be asked for 11 min who is in S0OPS. Try again in a minute.",
    );
    expect(says(null)).toContain("Slack could not be asked who is in S0OPS.");
  });
});

describe("Whoever lacks the role", () => {
  it.each<[AskedFor, Partial<SiteRules>, string]>([
    [
      asks("deploy"),
      {},
      "deploy on shop is for its deployers (sites.shop.deployers): U0DEPLOYER, U0OPERATOR. Somebody who runs Slipway can add U0NOBODY to sites.shop.deployers in slipway.yaml and restart it.",
    ],
    [
      asks("deploy", { isForced: true }),
      {},
      "deploy --force on shop is for its operators (sites.shop.operators): U0OPERATOR.",
    ],
    [asks("unlock"), {}, "U0OPERATOR. Deployers may end what they began themselves. Somebody"],
    [asks("status"), { viewers: [], deployers: [], operators: [] }, "(sites.shop.viewers): nobody so far."],
    [asks("rollback"), { operators: ["U01", "U02", "U03", "U04", "U05", "U06", "U07"] }, "U04, U05 and 2 more."],
  ])("is told who has it: %o", (asked, changes, says) => {
    const verdict = authorize(person({ user: "U0NOBODY" }), asked, { ...site, ...changes }, workspace);
    expect(verdict).toEqual({ allowed: false, rule: "role", says: expect.stringContaining(says) });
  });
});

describe("GitHub", () => {
  const strict: SiteRules = { ...site, githubWrite: true, operators: ["U0OPERATOR", "github:Carol"] };

  it.each<[string, Person["github"], string | null]>([
    ["a login that may write", { login: "carol", canWrite: true }, null],
    [
      "a login that may not",
      { login: "carol", canWrite: false },
      "carol may not write to the repository of shop (sites.",
    ],
    [
      "one that GitHub could not be asked of",
      { login: "carol", canWrite: null },
      "GitHub could not be asked whether carol",
    ],
    ["none", null, "(sites.shop.githubWrite), and people.U0OPERATOR.github names no login."],
  ])("asks people in Slack for write access where the site does: %s", (_, github, says) => {
    const verdict = authorize(person({}, github), asks("rollback"), strict, workspace);
    if (says === null) expect(verdict).toMatchObject({ allowed: true });
    else expect(verdict).toEqual({ allowed: false, rule: "github", says: expect.stringContaining(says) });
    expect(authorize(person({}, github), asks("rollback"), site, workspace).allowed).toBe(true);
  });

  it.each<[string, Person, boolean, string]>([
    ["named, with write access", onGithub("carol", true), true, "operators: github:Carol"],
    ["named, without", onGithub("CAROL", false), false, "github"],
    ["named, while GitHub is away", onGithub("carol", null), false, "github"],
    ["not named", onGithub("dave", true), false, "role"],
    ["known to nobody", { name: "", slack: null, github: null }, false, "account"],
  ])("has clicks of somebody %s", (_, somebody, allowed, rule) => {
    for (const rules of [strict, { ...strict, githubWrite: false }]) {
      // Neither workspace nor channel matters there.
      const nowhere = { ...workspace, team: null };
      expect(authorize(somebody, asks("rollback"), rules, nowhere)).toMatchObject({ allowed, rule });
    }
  });

  it("is another way to name somebody in Slack", () => {
    const carol = person({ user: "U0CAROL" }, { login: "carol", canWrite: null });
    const rules = { ...strict, githubWrite: false };
    expect(authorize(carol, asks("rollback"), rules, workspace)).toMatchObject({ rule: "operators: github:Carol" });
  });

  it("knows no help and no whoami", () => {
    expect(authorize(onGithub("carol", true), asks("whoami"), null, workspace)).toMatchObject({ rule: "account" });
  });

  it("has long logins cut in what is said", () => {
    const verdict = authorize(onGithub("x".repeat(500), true), asks("rollback"), strict, workspace);
    expect(verdict.allowed ? "" : verdict.says).toMatch(/^.{1,300}$/);
  });
});

describe("The rules of slipway.yaml", () => {
  const config = (text: string) => parseConfig(text, "test");
  const shop = (keys: string) => `sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop", ${keys} } }`;

  it("of all sites hold beside those of the site", () => {
    const rules = rulesOf(
      config(`
channel: "#ops"
slack:
  viewers: [U01]
  deployers: [U02, S01]
  operators: [U03]
  channels: [C0ALL, C0SHOP]
${shop("channel: C0SHOP, viewers: [S02], deployers: [U02, github:carol], operators: [U04], githubWrite: true, secondPerson: true")}`),
      "shop",
    );
    expect(rules).toEqual({
      ...{
        name: "shop",
        viewers: ["U01", "S02"],
        deployers: ["U02", "S01", "github:carol"],
        operators: ["U03", "U04"],
      },
      ...{ channels: ["C0SHOP", "#ops", "C0ALL"], githubWrite: true, secondPerson: true },
    });
  });

  it.each([
    `slack: { viewers: members }\n${shop("viewers: [U01]")}`,
    `slack: { viewers: [U01] }\n${shop("viewers: members")}`,
  ])("let every member look where either says so: %s", (text) => {
    expect(rulesOf(config(text), "shop").viewers).toBe("members");
  });

  it("let people act where alerts are told that may be due to the site", () => {
    const text = `
sources:
  own: { kind: alertmanager, secret: env:TOKEN, sites: [shop], channel: C0OWN }
  routed:
    kind: alertmanager
    secret: env:TOKEN
    routes:
      - { when: { event: [firing] }, alert: { sites: [shop], channel: C0ROUTE } }
      - { when: { event: [resolved] }, alert: { channel: C0OTHER } }
  foreign: { kind: alertmanager, secret: env:TOKEN, channel: C0FOREIGN }
${shop("channel: C0SHOP")}`;
    expect(rulesOf(config(text), "shop").channels).toEqual(["C0SHOP", "C0OWN", "C0ROUTE"]);
  });

  it("let nobody do anything where nothing is set", () => {
    const rules = rulesOf(config(shop("")), "shop");
    expect(rules).toMatchObject({ viewers: [], deployers: [], operators: [], channels: [] });
    expect(() => rulesOf(config(shop("")), "constructor")).toThrow("there is no site constructor in slipway.yaml");
  });

  it("say which workspace is ours, before Slack does", () => {
    expect(workspaceRules(config(""), "T0OWN")).toEqual({ team: "T0OWN", directMessages: false, sharedChannels: [] });
    expect(workspaceRules(config(""), null).team).toBeNull();
    const set = config("slack: { team: T0SET, directMessages: true, sharedChannels: [C0LISTED] }");
    expect(workspaceRules(set, "T0OWN")).toEqual({
      ...{ team: "T0SET", directMessages: true, sharedChannels: ["C0LISTED"] },
    });
  });
});

/** What words in Slack come to: shown, done, asked of a second person, or refused and why. */
import { describe, expect, it } from "vitest";
import { parseWords } from "../../src/commands/words/parse-words.ts";
import { handleWords, type WordsFacts } from "../../src/handlers/words.ts";
import type { Effect } from "../../src/model/effect.ts";
import { aDeployment } from "../notify/deployment.ts";
import { ALICE, asking, audited, member, REPLY, rules, subject, told } from "./asking.ts";

const DAN = member("U0DAN");
const MALLORY = member("U0MALLORY");

function say(text: string, part: Partial<WordsFacts> = {}) {
  const all = part.rules ?? [rules()];
  const facts: WordsFacts = {
    ...asking(),
    parsed: parseWords(text, { sites: all.map(({ name }) => name) }),
    rules: all,
    subject: subject(),
    ...part,
  };
  return handleWords(facts);
}

describe("words of somebody who may", () => {
  it.each([
    ["status", { kind: "status", sites: ["shop"] }],
    ["releases", { kind: "releases", site: "shop" }],
    ["logs", { kind: "logs", site: "shop", deployment: null }],
    ["logs d-mf2k9x1c-4f7a", { kind: "logs", site: "shop", deployment: "d-mf2k9x1c-4f7a" }],
    ["diff previous", { kind: "diff", site: "shop", target: { kind: "back", steps: 1 } }],
    ["audit", { kind: "audit", site: "shop" }],
    ["rollback --dry-run", { kind: "diff", site: "shop", target: null }],
    ["redeploy shop previous --dry-run", { kind: "diff", site: "shop", target: { kind: "back", steps: 1 } }],
  ])("%s is shown to them, and written down", (text, look) => {
    const effects = say(text);
    expect(effects).toMatchObject([{ do: "look", look, to: REPLY }]);
    expect(audited(effects)).toEqual(["done by operators: U0ALICE"]);
  });

  it.each([
    ["deploy shop", { kind: "deploy", commit: null, cleanCaches: false }],
    ["rebuild", { kind: "deploy", commit: null, cleanCaches: true }],
    ["redeploy", { kind: "redeploy", target: null }],
    ["redeploy shop --force", { kind: "redeploy", adopt: true, allowRemovals: true }],
    ["rollback previous --yes", { kind: "rollback", target: { kind: "back", steps: 1 }, from: null }],
    ["cancel", { kind: "cancel", deployment: null }],
    ["pause shop the fair begins", { kind: "pause", reason: "the fair begins", untilMs: null }],
    ["lock shop --for 2h --reason fair", { kind: "lock", reason: "fair", untilMs: 1000 + 7_200_000 }],
    ["resume", { kind: "resume" }],
    ["unlock", { kind: "unlock" }],
  ])("%s is done, in their name", (text, deed) => {
    const by = { by: "alice (Slack U0ALICE)", where: "C0SHOP", cause: "slack 1.2.3", to: REPLY };
    expect(say(text)).toMatchObject([{ do: "operate", site: "shop", deed, ...by }]);
  });

  it("a rollback opens the dialog where Slack lets one be opened", () => {
    const look = { kind: "rollback", site: "shop", triggerId: "1.2.3", askedAtMs: 1000 };
    expect(say("rollback")).toMatchObject([{ do: "look", look: { ...look, reason: null } }]);
    expect(say("rollback --reason ugly")).toMatchObject([{ do: "look", look: { ...look, reason: "ugly" } }]);
    expect(say("rollback", { triggerId: null })).toMatchObject([{ do: "look", look: { triggerId: null } }]);
  });

  it.each([
    ["rebuild --dry-run", "This would build the head of main for shop, with clean caches and publish"],
    ["rebuild A1B2C3D --dry-run", "This would build a1b2c3d for shop, with clean caches and publish"],
    ["redeploy --dry-run", "This would publish what is live on shop again"],
  ])("%s says what it would do, and does nothing", (text, says) => {
    const effects = say(text);
    expect(effects.map((it) => it.do)).toEqual(["answer", "audit"]);
    expect(told(effects)).toContain(says);
  });

  it("what needs two people asks for the second one", () => {
    const two = { subject: subject({ rules: rules({ secondPerson: true }) }) };
    expect(say("rollback previous --yes", two)).toMatchObject([{ do: "ask_second_person", site: "shop" }]);
    expect(say("redeploy", two)).toMatchObject([{ do: "operate" }]);
  });
});

describe("words of somebody who may not", () => {
  it("say which rule, and who can, and change nothing", () => {
    const effects = say("rollback shop --yes", { person: DAN });
    expect(effects.map((it) => it.do)).toEqual(["answer", "audit"]);
    expect(told(effects)).toContain("sites.shop.operators");
    expect(told(effects)).toContain(ALICE);
    expect(audited(effects)).toEqual(["denied by role"]);
  });

  it("may publish what is live again, and nothing else under that name", () => {
    expect(say("redeploy", { person: DAN })).toMatchObject([{ do: "operate" }]);
    expect(audited(say("redeploy previous", { person: DAN }))).toEqual(["denied by role"]);
    expect(say("redeploy previous")).toMatchObject([{ do: "operate", deed: { kind: "redeploy" } }]);
  });

  it("may still cancel, unlock and resume what is their own", () => {
    const hold = { by: "dan (Slack U0DAN)", reason: null, atMs: 1 };
    const own = subject({
      holds: { githubPause: null, paused: hold, locked: hold },
      deployment: aDeployment({ askedBy: "dan (Slack U0DAN)" }),
    });
    for (const text of ["cancel", "unlock", "resume"]) {
      expect(say(text, { person: DAN, subject: own }), text).toMatchObject([{ do: "operate" }]);
      expect(audited(say(text, { person: DAN })), text).toEqual(["denied by role"]);
    }
  });

  it.each([
    ["a guest", member(ALICE, { kind: "guest" }), "account"],
    ["a bot", member(ALICE, { kind: "bot" }), "account"],
    ["somebody of another team", member(ALICE, { team: "T0OTHER" }), "team"],
    [
      "somebody in another channel",
      member(ALICE, { conversation: { id: "C0ELSE", name: "else", kind: "channel", isShared: false } }),
      "channel",
    ],
    [
      "somebody in a shared channel",
      member(ALICE, { conversation: { id: "C0SHOP", name: "shop", kind: "channel", isShared: true } }),
      "channel",
    ],
  ])("%s is refused by the rule of the %s", (_, person, rule) => {
    const effects = say("redeploy", { person });
    expect(effects.map((it) => it.do)).toEqual(["answer", "audit"]);
    expect(audited(effects)).toEqual([`denied by ${rule}`]);
  });
});

describe("words that are not clear", () => {
  it("get a suggestion", () => {
    expect(told(say("rolback shop"))).toMatch(/did you mean rollback\? Try `rollback shop.*`\./);
  });

  it("say nothing of sites to whoever may not ask", () => {
    const effects = say("rolback shop", { person: member(ALICE, { kind: "guest" }) });
    expect(told(effects)).not.toContain("rollback");
    expect(audited(effects)).toEqual(["denied by account"]);
  });

  it("name a site that there is not, and get those that they may see", () => {
    const parsed = parseWords("status shop", { sites: ["shop", "docs"] });
    const effects = say("status", { parsed, rules: [rules({ name: "docs" })], subject: null });
    expect(told(effects)).toBe("There is no site shop. There are: docs.");
  });
});

describe("words without a site", () => {
  const both = [rules(), rules({ name: "docs", operators: [], deployers: [], channels: ["C0DOCS"] })];

  it("status shows every site that they may see", () => {
    expect(say("status", { rules: both, subject: null })).toMatchObject([
      { do: "look", look: { kind: "status", sites: ["shop"] } },
    ]);
    expect(audited(say("status", { rules: both, subject: null, person: MALLORY }))).toEqual(["denied by role"]);
  });

  it("everything else lets them choose among those", () => {
    const answer = { kind: "choose_site", verb: "redeploy", sites: ["shop"] };
    expect(say("redeploy", { rules: both, subject: null })).toMatchObject([{ do: "answer", answer }, { do: "audit" }]);
  });

  it("what else they said is not lost with the choice: a dry run stays one, a lock ends when it was to end", () => {
    const chosen = (text: string) => {
      const [effect] = say(text, { rules: both, subject: null });
      return effect?.do === "answer" && effect.answer.kind === "choose_site"
        ? effect.answer.rest
        : told([effect as Effect]);
    };
    expect(chosen("redeploy previous --dry-run")).toBe("previous --dry-run");
    expect(chosen("lock --for 2h --reason fair")).toBe('--reason "fair" --for 2h');
    expect(chosen(`pause --reason "${"x".repeat(200)}"`)).toBe("Name the site too: shop.");
    expect(chosen('pause --reason "a &lt; b"')).toBe("Name the site too: shop.");
  });

  it("ask nothing of whoever may ask for nothing, and name no site to whoever may see none", () => {
    const guest = { rules: both, subject: null, person: member(ALICE, { kind: "guest" }) };
    expect(audited(say("redeploy", guest))).toEqual(["denied by account"]);
    const conversation = { id: "C0ELSE", name: "else", kind: "channel", isShared: false } as const;
    const elsewhere = { rules: both, subject: null, person: member("U0MALLORY", { conversation }) };
    for (const text of ["redeploy", "status"]) expect(told(say(text, elsewhere)), text).not.toMatch(/shop|docs/);
  });
});

describe("whoami and help", () => {
  it("whoami says what one is on the sites of the channel and those where one has a role, and names no other", () => {
    const secret = rules({ name: "secret", operators: [], channels: ["C0ELSE"] });
    const all = [rules(), rules({ name: "docs", operators: [] }), secret];
    const [effect] = say("whoami", { rules: all });
    expect(effect).toMatchObject({ answer: { kind: "whoami", who: "alice (Slack U0ALICE)" } });
    const lines = effect?.do === "answer" && effect.answer.kind === "whoami" ? effect.answer.lines : [];
    expect(lines).toContain("shop: operator");
    expect(lines.find((line) => line.startsWith("docs: nothing. "))).toBeDefined();
    expect(lines.at(-1)).toBe("On one other site: nothing.");
    const guest = say("whoami", { rules: all, person: member(ALICE, { kind: "guest" }) });
    expect(JSON.stringify(guest)).not.toMatch(/docs|secret/);
  });

  it("help names the verb that was asked about", () => {
    expect(say("help rollback")).toMatchObject([{ answer: { kind: "help", about: "rollback", sites: ["shop"] } }, {}]);
  });
});

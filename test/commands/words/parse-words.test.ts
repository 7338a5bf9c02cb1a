/** The grammar of the control room: what words mean, what is said about those that mean nothing, and what never happens. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMANDS, type Parsed, parseWords, printCommand } from "../../../src/commands/words/parse-words.ts";
import { type Command, VERBS, type Verb } from "../../../src/model/command.ts";
import { escapeSlack } from "../../../src/notify/wording/plain.ts";

const SITES = ["shop", "shop-staging", "blog", "docs", "cafe"];
const read = (text: string, sites: readonly string[] = SITES): Parsed => parseWords(text, { sites });
const command = (fields: Partial<Command> & { verb: Verb }): Command => ({
  ...{ about: null, site: null, target: null, reason: null, forMs: null },
  ...{ isForced: false, isDryRun: false, isSure: false },
  ...fields,
});
const HOUR = 3_600_000;
const hex = (start: string) => ({ kind: "hex", start }) as const;
const back = (steps: number) => ({ kind: "back", steps }) as const;

describe("Words that are a command", () => {
  it.each<[string, Partial<Command> & { verb: Verb }]>([
    ["", { verb: "status" }],
    ["   ", { verb: "status" }],
    ["status", { verb: "status" }],
    ["shop", { verb: "status", site: "shop" }],
    ["Status SHOP", { verb: "status", site: "shop" }],
    ["deploy shop", { verb: "deploy", site: "shop" }],
    ["deploy shop A1B2C3D --force", { verb: "deploy", site: "shop", target: hex("a1b2c3d"), isForced: true }],
    ["redeploy", { verb: "redeploy" }],
    ["redeploy shop -2 --dry-run", { verb: "redeploy", site: "shop", target: back(2), isDryRun: true }],
    ["rebuild --dry-run blog", { verb: "rebuild", site: "blog", isDryRun: true }],
    ["rollback previous", { verb: "rollback", target: back(1) }],
    ["rollback prev shop --yes", { verb: "rollback", site: "shop", target: back(1), isSure: true }],
    ["rollback shop -100", { verb: "rollback", site: "shop", target: back(100) }],
    ["rollback cafe", { verb: "rollback", site: "cafe" }],
    ["rollback shop cafe", { verb: "rollback", site: "shop", target: hex("cafe") }],
    [`rollback ${"0".repeat(64)}`, { verb: "rollback", target: hex("0".repeat(64)) }],
    ["rollback shop to previous", { verb: "rollback", site: "shop", target: back(1) }],
    ["cancel d-mf2k9x1c-4f7a", { verb: "cancel", target: { kind: "deployment", id: "d-mf2k9x1c-4f7a" } }],
    [
      "logs blog d-mf2k9x1c-4f7a",
      { verb: "logs", site: "blog", target: { kind: "deployment", id: "d-mf2k9x1c-4f7a" } },
    ],
    ["diff shop -3", { verb: "diff", site: "shop", target: back(3) }],
    ["help", { verb: "help" }],
    ["help Rollback", { verb: "help", about: "rollback" }],
    ["whoami", { verb: "whoami" }],
    ["audit shop", { verb: "audit", site: "shop" }],
    ["unlock shop --reason done", { verb: "unlock", site: "shop", reason: "done" }],
  ])("%s", (text, expected) => {
    expect(read(text)).toEqual({ kind: "command", command: command(expected) });
  });

  it.each<[string, string | null, number | null]>([
    ["lock shop", null, null],
    ["lock shop the fair begins", "the fair begins", null],
    ["lock shop the fair begins --for 2h", "the fair begins", 2 * HOUR],
    ["lock shop --for=90m --reason 'the fair'", "the fair", 1.5 * HOUR],
    ["lock shop for 1d the fair", "the fair", 24 * HOUR],
    ["lock shop the fair for 1h30m", "the fair", 1.5 * HOUR],
    ["lock shop for 30d", null, 30 * 24 * HOUR],
    ["lock shop for ever", "for ever", null],
    ["lock shop for 2h --for 1h", "for 2h", HOUR],
    ["lock shop to prepare the fair", "to prepare the fair", null],
    ["lock shop it's Ada's turn, don't", "it's Ada's turn, don't", null],
    ['lock shop "the fair"', "the fair", null],
    ['lock shop "the fair" begins', '"the fair" begins', null],
    ["lock shop fair – then blog", "fair – then blog", null],
    ["lock shop fair & <more>".replace("&", "&amp;").replace("<more>", "&lt;more&gt;"), "fair & <more>", null],
    ['lock shop --reason "a \\"b\\" and c:\\d"', 'a "b" and c:\\d', null],
    ['lock shop --reason "he said “no”"', 'he said "no"', null],
    ["lock shop see <https://fair.example/x|the fair>, <@U0ADA|ada>", "see the fair, @ada", null],
    ["lock shop see <https://fair.example/x?a=1&amp;b=2>", "see https://fair.example/x?a=1&b=2", null],
    ["lock shop in <#C0NEWS|news>, <#C0OPS>", "in #news, #C0OPS", null],
    ["lock shop <!channel> <!subteam^S0OPS|@ops>", "@channel @ops", null],
    [`lock shop ${"x".repeat(300)}`, "x".repeat(300), null],
  ])("%s: why, and for how long", (text, reason, forMs) => {
    expect(read(text)).toEqual({ kind: "command", command: command({ verb: "lock", site: "shop", reason, forMs }) });
    const pause = text.replace("lock", "pause");
    expect(read(pause)).toEqual({ kind: "command", command: command({ verb: "pause", site: "shop", reason, forMs }) });
  });

  it.each<[string, string]>([
    ["deploy shop to staging", "shop-staging"],
    ["deploy shop --env staging", "shop-staging"],
    ["deploy shop --env=Shop-Staging", "shop-staging"],
    ["deploy to blog", "blog"],
    ["deploy --env blog", "blog"],
    ["deploy shop to shop", "shop"],
    ["lock shop to staging", "shop-staging"],
  ])("%s: an environment is a site", (text, site) => {
    expect(read(text)).toMatchObject({ kind: "command", command: { site, reason: null } });
  });

  it.each([
    "rollback shop previous --reason “too slow”",
    "rollback shop previous --reason „too slow“",
    "Rollback  SHOP\u00a0Previous\n —reason=“too slow”",
    "rollback shop previous –reason “too slow”",
    "<@U0BOT> rollback <http://shop|shop> previous --reason «too slow»",
    '<@U0BOT|slipway>: `rollback shop previous --reason "too slow"`',
    "*rollback* `shop` _previous_ --reason ‘too slow’",
    '```rollback shop previous --reason "too slow"```',
    'ｒｏｌｌｂａｃｋ shop \u200bprevious --reason "too slow"',
    'rollback <#C0SHOP|shop> –1 --reason "too slow"',
    'rollback shop −1 --REASON "too slow"',
  ])("%s: what Slack, telephones and people decorate is the same command", (text) => {
    const expected = command({ verb: "rollback", site: "shop", target: back(1), reason: "too slow" });
    expect(read(text)).toEqual({ kind: "command", command: expected });
  });
});

describe("Words that are none", () => {
  it("are the reason of a lock or a pause where there is but one site", () => {
    expect(parseWords("lock the fair --for 2h", { sites: ["shop"] })).toEqual({
      kind: "unclear",
      says: 'There is no site "the". The only site is shop.',
      suggestion: 'lock shop --reason "the fair" --for 2h',
    });
  });

  it.each<[string, string, string | null]>([
    ["redploy shop", 'There is no command "redploy"; did you mean redeploy?', "redeploy shop"],
    ["redploy shpo", 'There is no command "redploy"; did you mean redeploy?', "redeploy shop"],
    ["shpo", 'There is no command "shpo"; did you mean shop?', "status shop"],
    ["frobnicate", 'There is no command "frobnicate".', "help"],
    ["shop rollback previous", "Say first what to do, then with which site.", "rollback shop previous"],
    ["shop please", "Say first what to do with shop.", "status shop"],
    ["help rolback", 'There is no command "rolback"; did you mean rollback?', "help rollback"],
    ["help shop", 'There is no command "shop"', "help"],
    ["help rollback shop", '"shop" is one word too many: help [command].', "help rollback"],
    ["whoami shop", '"shop" is one word too many: whoami.', "whoami"],
    ["deploy shpo", 'There is no site "shpo"; did you mean shop?', "deploy shop"],
    ["deploy elsewhere", 'There is no site "elsewhere". The sites are shop, shop-staging, blog, docs, cafe.', null],
    ["lock the fair begins", 'There is no site "the". The sites are', null],
    ["deploy shop blog", "shop and blog are two sites; name one of them.", null],
    ["deploy shop shop", '"shop" is no commit', "help deploy"],
    ["deploy shop main", "Slipway deploys only the branch of shop in slipway.yaml, no other one.", "deploy shop"],
    ["deploy shop feature/x", "Slipway deploys only the branch of shop", "deploy shop"],
    ["deploy main", "Slipway deploys only the branch that slipway.yaml names for a site, no other one.", "deploy"],
    ["deploy shop PR #12", "no pull requests", "deploy shop"],
    ["deploy shop #12", "no pull requests", "deploy shop"],
    ["deploy shop banana", '"banana" is no commit; write at least 4 digits of one.', "help deploy"],
    ["deploy shop previous", "deploy takes no earlier release: deploy [site] [commit]", "help deploy"],
    ["rollback shop previus", '"previus" is no release; did you mean previous?', "rollback shop previous"],
    ["rollback shop abc", '"abc" is no release; write at least 4 digits', "help rollback"],
    ["rollback shop -0", '"-0" is out of reach; write -1 to -100.', null],
    ["rollback shop -101", '"-101" is out of reach', null],
    ["rollback shop previous a1b2c3d", '"a1b2c3d" is one too many', "rollback shop previous"],
    ["redeploy d-mf2k9x1c-4f7a", "redeploy takes no deployment", "help redeploy"],
    ["cancel shop a1b2c3d", "cancel takes no release or commit", "help cancel"],
    ["cancel shop all", '"all" is no deployment; those are called like d-mf2k9x1c-4f7a', null],
    ["unlock shop previous", "unlock takes no earlier release: unlock [site]", "unlock shop"],
    ["status shop a1b2c3d", "status takes no release or commit", "status shop"],
    ["unlock shop please", '"please" is one word too many: unlock [site]', "unlock shop"],
    [
      "deploy shop to moon",
      'Slipway knows no environments, each is a site of its own; there is no "moon" of shop. The',
      null,
    ],
    ["deploy to staging", 'there is no "staging". The sites are shop, shop-staging, blog, docs, cafe.', null],
    ["deploy shop to blog", "shop and blog are two sites; name one of them.", null],
    ["redeploy shop --dry-run --env prod", "Slipway knows no environments", "redeploy shop --dry-run"],
    ["deploy shop to production", 'there is no "production" of shop', "deploy shop"],
    ["lock shop --env moon", "Slipway knows no environments", null],
    ["rollback shop --forse", "There is no --forse; did you mean --force?", "rollback shop --force"],
    ["rollback shop -yes", "There is no -yes; did you mean --yes?", "rollback shop --yes"],
    ["rollback shop --frobnicate", "There is no --frobnicate.", "help rollback"],
    ["rollback shop --force --force", "--force is given twice.", null],
    ["rollback shop --force=no", "--force takes no value.", null],
    ["rollback shop --reason", '--reason needs something after it: --reason "…".', null],
    ["rollback shop --reason --yes", "--reason needs something after it", null],
    ['rollback shop --reason ""', "--reason needs something after it", null],
    ["lock shop --for", "--for needs something after it: --for 2h.", null],
    ["rollback shop --reason too slow now", "in quotation marks", 'rollback shop --reason "too slow now"'],
    ["rollback --reason too slow shop", "in quotation marks", 'rollback shop --reason "too slow"'],
    ['rollback shop --reason "too slow', "A quotation mark is opened and never closed.", "help"],
    ["status --force", "status takes no --force: status [site].", "status"],
    ["deploy shop --dry-run", "deploy takes no --dry-run: deploy [site]", "help deploy"],
    ["deploy shop --for 2h", "deploy takes no --for", "deploy shop"],
    ["deploy shop --yes", "deploy takes no --yes", "deploy shop"],
    ["lock shop --for soon", '"soon" is no length of time that Slipway keeps; write 90m, 2h or 1d', null],
    ["lock shop --for 0m", '"0m" is no length', null],
    ["lock shop --for 59s", '"59s" is no length', null],
    ["lock shop --for 31d", "from 1 minute to 30 days", null],
    ["lock shop fair --reason x", '"fair" is one word too many', "lock shop --reason x".replace("x", '"x"')],
    [`lock shop ${"x".repeat(301)}`, "That reason is too long: it has at most 300 characters.", null],
    ["x".repeat(1001), "That is too long: a command has at most 1000 characters.", "help"],
    ["\ufdfa".repeat(100), "That is too long", "help"],
    [`lock shop ${"a ".repeat(39)}`, "a command has at most 40 words", "help"],
  ])("%s", (text, says, suggestion) => {
    const parsed = read(text);
    expect(parsed).toMatchObject({ kind: "unclear", suggestion });
    expect(parsed.kind === "unclear" && parsed.says).toContain(says);
  });

  it("are answered with no more than 60 characters of what was written", () => {
    const long = "because ".repeat(9).trim();
    expect(read(`redploy shop --dry-run --reason "${long}"`)).toMatchObject({ suggestion: "redeploy shop --dry-run" });
    expect(read(`redploy shop ${"a".repeat(64)}`)).toMatchObject({ suggestion: null });
    expect(read(`deploy shop ${"y".repeat(99)}`)).toMatchObject({
      says: expect.stringContaining(`"${"y".repeat(59)}…"`),
    });
  });

  it("name the sites that there are, as far as that helps", () => {
    const many = Array.from({ length: 30 }, (_, at) => `site-number-${at}`);
    expect(read("deploy x", [])).toMatchObject({ says: 'There is no site "x". There is none yet that you may see.' });
    expect(read("deploy x", ["documents"])).toMatchObject({
      says: 'There is no site "x". The only site is documents.',
    });
    expect(read("deploy x", many)).toMatchObject({ says: expect.stringMatching(/site-number-4 and 25 more\.$/) });
  });
});

describe("The table of commands", () => {
  it.each(VERBS)("says of %s how it is written, and each flag that it shows is understood", (verb) => {
    const { usage, does, takesSite } = COMMANDS[verb];
    expect(usage).toMatch(new RegExp(`^${verb}\\b`));
    expect(does).toMatch(/^[A-Z].{10,99}\.$/);
    expect(usage.includes("[site]")).toBe(takesSite);
    for (const flag of ["--force", "--dry-run", "--yes", "--for 2h", '--reason "x"']) {
      const isShown = usage.includes(`[${flag.replace("x", "…")}]`);
      expect(read(`${verb} ${flag}`).kind, flag).toBe(isShown ? "command" : "unclear");
    }
  });
});

const WITH_REASON: readonly Verb[] = "deploy redeploy rebuild rollback cancel lock unlock pause resume".split(
  " ",
) as Verb[];
const TARGETS: Partial<Record<Verb, readonly string[]>> = {
  ...{ deploy: ["hex"], rebuild: ["hex"], redeploy: ["hex", "back"], rollback: ["hex", "back"], diff: ["hex", "back"] },
  ...{ cancel: ["deployment"], logs: ["deployment"] },
};
const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: min, maxLength: max });
const targets = fc.oneof(
  digits(4, 64)
    .filter((start) => !SITES.includes(start))
    .map(hex),
  fc.integer({ min: 1, max: 100 }).map(back),
  digits(4, 4).map((tail) => ({ kind: "deployment", id: `d-mf2k9x1c-${tail}` }) as const),
);
/** As they remain when they are read: in compatible characters, on one line, with straight quotes. */
const reasons = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(..."ab \\\"'`*-–—&<>|#@=!;:/"), maxLength: 40 }),
    fc.constantFrom("--force", "for 2h", "to staging", "&amp;", "<@U0ADA>", "<!channel>", "previous", '" x', "a\\"),
  )
  .map((text) =>
    text
      .normalize("NFKC")
      .replace(/[“-‟«»]/g, '"')
      .replace(/[‘-‛]/g, "'"),
  )
  .map((text) => text.replace(/[\p{Cc}\p{Cf}\p{Z}\s]+/gu, " ").trim())
  .filter((text) => text !== "" && text.length <= 300 && text.normalize("NFKC") === text && text.isWellFormed());

const commands: fc.Arbitrary<Command> = fc
  .record({
    verb: fc.constantFrom(...VERBS),
    about: fc.option(fc.constantFrom(...VERBS)),
    site: fc.option(fc.constantFrom(...SITES)),
    target: fc.option(targets),
    reason: fc.option(reasons),
    forMs: fc.option(fc.integer({ min: 1, max: 30 * 24 * 60 }).map((minutes) => minutes * 60_000)),
    ...{ isForced: fc.boolean(), isDryRun: fc.boolean(), isSure: fc.boolean() },
  })
  .map((it) => ({
    verb: it.verb,
    about: it.verb === "help" ? it.about : null,
    site: it.verb === "help" || it.verb === "whoami" ? null : it.site,
    target: it.target && TARGETS[it.verb]?.includes(it.target.kind) ? it.target : null,
    reason: WITH_REASON.includes(it.verb) ? it.reason : null,
    forMs: it.verb === "lock" || it.verb === "pause" ? it.forMs : null,
    isForced: /^(deploy|redeploy|rebuild|rollback)$/.test(it.verb) && it.isForced,
    isDryRun: /^(redeploy|rebuild|rollback)$/.test(it.verb) && it.isDryRun,
    isSure: it.verb === "rollback" && it.isSure,
  }));

/** What a telephone and a hasty person make of it. */
function decorate(text: string, { upper, seed }: { upper: boolean; seed: number }): string {
  const [before = "", reason, after = ""] =
    /^(.*?)(?:(?<= --reason )("(?:\\.|[^"\\])*"))?((?: --(?!reason).*)?)$/.exec(text)?.slice(1) ?? [];
  const outside = (part: string) => {
    const cased = upper ? part.toUpperCase() : part;
    const dashed = seed % 2 ? cased.replace(/(?<=^| )--/g, "—") : cased.replace(/(?<=^| )--/g, "–");
    return dashed.replace(/ /g, seed % 3 ? "  " : "\u00a0\n").replace(/\bshop\b(?!-)/, "<http://shop|shop>");
  };
  const quoted = (reason ?? "").replace(/^"/, "“").replace(/"$/, seed % 2 ? "”" : "“");
  const mention = seed % 4 < 2 ? "<@U0BOT> " : " ";
  return `${mention}${outside(before)}${escapeSlack(quoted)}${outside(after)} `;
}

describe("Whatever is written", () => {
  it("a command in its own words is read as the same command", () => {
    fc.assert(
      fc.property(commands, (it) => {
        const text = printCommand(it);
        expect(read(escapeSlack(text))).toEqual({ kind: "command", command: it });
        // Without what Slack escapes, what is printed is read as it stands.
        if (!/[&<>]/.test(text)) expect(read(text)).toEqual({ kind: "command", command: it });
      }),
      { numRuns: 500 },
    );
  });

  it("decorations change nothing", () => {
    fc.assert(
      fc.property(commands, fc.boolean(), fc.nat(11), (it, upper, seed) => {
        expect(read(decorate(printCommand(it), { upper, seed }))).toEqual({ kind: "command", command: it });
      }),
      { numRuns: 500 },
    );
  });

  const pieces = fc.constantFrom(
    ...[...VERBS, ...SITES, "previous", "-3", "a1b2c3d", "d-mf2k9x1c-4f7a", "to", "for", "2h", "#12", "main", "shpo"],
    ...["--reason", "--reason=", "--for", "--env", "--force", "--dry-run", "--yes", "--forse", '"', "“", "`", "<", ">"],
    ...[
      "<@U0ADA|x>",
      "<http://x|y>",
      "&amp;",
      "\u202e",
      "\ud83d",
      "\u0000",
      "constructor",
      "__proto__",
      "—",
      "x".repeat(99),
    ],
  );
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 1200 }),
    fc.array(pieces, { maxLength: 50 }).map((words) => words.join(" ")),
    fc.array(pieces, { maxLength: 30 }).map((words) => words.join("")),
  );

  it("there is an answer within bounds", () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(SITES, [], ["constructor"]), (text, sites) => {
        const parsed = read(text, sites);
        if (parsed.kind === "unclear") {
          expect(parsed.says).toMatch(/^[^\p{Cc}\u202e]{5,400}$/u);
          expect(parsed.says.isWellFormed()).toBe(true);
          expect(parsed.suggestion?.length ?? 0).toBeLessThanOrEqual(60);
          if (parsed.suggestion === null) return;
          // What is suggested is understood.
          expect(read(escapeSlack(parsed.suggestion), sites).kind).toBe("command");
          return;
        }
        const { site, target, reason, forMs } = parsed.command;
        expect(site === null || sites.includes(site)).toBe(true);
        expect(reason?.length ?? 1).toBeGreaterThan(0);
        expect(reason?.length ?? 1).toBeLessThanOrEqual(300);
        expect(forMs === null || (forMs >= 60_000 && forMs <= 30 * 24 * HOUR)).toBe(true);
        expect(target?.kind !== "back" || (target.steps >= 1 && target.steps <= 100)).toBe(true);
        expect(read(escapeSlack(printCommand(parsed.command)), sites)).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["quotation marks", '"'.repeat(1000)],
    ["apostrophes", "' ".repeat(500)],
    ["opened links", "<".repeat(1000)],
    ["mentions", "<@U0ADA>".repeat(120)],
    ["dashes", "-".repeat(1000)],
    ["decorations", `${"`*_~".repeat(249)}x`],
    ["backslashes", `"${"\\".repeat(998)}`],
    ["mistaken words", "deploi ".repeat(39)],
  ])("a thousand %s are read within a moment", (_, text) => {
    const startedMs = performance.now();
    read(
      text,
      Array.from({ length: 200 }, (__, at) => `a-site-with-a-name-of-forty-letters-${at}`),
    );
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });
});

/** What the documents say of commands and keys is what the program knows. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { COMMANDS, FLAGS } from "../src/commands/words/command-table.ts";
import { parseConfig } from "../src/config/load-config.ts";
import { authorize, type SiteRules } from "../src/handlers/authorize.ts";
import { VERBS, type Verb } from "../src/model/command.ts";
import { COMMANDS as SLASH } from "../src/slack/words.ts";
import { ALICE, asking, member, rules } from "./handlers/asking.ts";

const SLACK = readFileSync("docs/slack.md", "utf8");

/** The rows of the table of commands: how each is written there, and whose it is. */
function commandRows(): Map<string, { usage: string; role: string }> {
  const [, table = ""] = SLACK.split("| | role | |\n|---|---|---|\n");
  const [rows = ""] = table.split("\n\n", 1);
  const read = rows.split("\n").flatMap((row) => {
    const [names = "", role = ""] = row.slice(2).split(" | ");
    return [...names.matchAll(/`([^`]+)`/g)].map(
      ([, usage = ""]) => [usage.split(" ", 1)[0] ?? "", { usage, role }] as const,
    );
  });
  return new Map(read);
}

describe("docs/slack.md", () => {
  const rows = commandRows();

  it("has every command in its table, and no other", () => {
    expect([...rows.keys()].toSorted()).toEqual([...VERBS].toSorted());
  });

  it.each(VERBS)("says of %s what it takes", (verb) => {
    const { usage } = rows.get(verb) ?? { usage: "" };
    const { takesSite, targets, flags } = COMMANDS[verb];
    const words = [...usage.matchAll(/\[(\w+)\]/g)].map(([, word]) => word);
    expect(words.includes("site")).toBe(takesSite);
    const target = targets.includes("back")
      ? "target"
      : targets.includes("hex")
        ? "commit"
        : targets.includes("deployment")
          ? "deployment"
          : null;
    expect(words.filter((word) => word === "target" || word === "commit" || word === "deployment")).toEqual(
      target === null ? [] : [target],
    );
    expect(words.includes("reason")).toBe(flags.includes("for"));
  });

  it("speaks of the slash commands of the manifest, which are commands and name commands", () => {
    const { features } = parse(readFileSync("slack-manifest.yaml", "utf8"));
    const slash: Array<{ command: string; usage_hint: string }> = features.slash_commands;
    for (const { command, usage_hint } of slash) {
      expect(SLACK).toContain(`\`${command}\``);
      expect(VERBS).toContain(command.slice(1));
      const words = usage_hint.split(", ").map((word) => word.split(" ", 1)[0]);
      if (command === "/deploy") expect(words.filter((word) => !VERBS.includes(word as Verb))).toEqual([]);
    }
    expect(slash.filter(({ command }) => !SLASH.test(command))).toEqual([]);
  });

  it("names every flag", () => {
    for (const flag of Object.keys(FLAGS)) expect(SLACK).toContain(`\`--${flag}`);
  });

  it.each(VERBS)("says of %s which role may", (verb: Verb) => {
    const { role } = rows.get(verb) ?? { role: "" };
    const may = (site: Partial<SiteRules>, isOwn: boolean) =>
      authorize(member(ALICE), { verb, isOwn, isForced: false }, rules(site), asking().workspace).allowed;
    const none = { viewers: [], deployers: [], operators: [] };
    const by = (given: Partial<SiteRules>) => ({
      own: may({ ...none, ...given }, true),
      any: may({ ...none, ...given }, false),
    });
    const viewer = by({ viewers: "members" });
    const deployer = by({ deployers: [ALICE] });
    const operator = by({ operators: [ALICE] });
    expect([verb, operator.any]).toEqual([verb, true]);
    const expected = viewer.any
      ? by({}).any
        ? "everybody"
        : "viewer"
      : deployer.any
        ? "deployer"
        : deployer.own
          ? "deployer their own, operator any"
          : "operator";
    expect(role.startsWith(expected)).toBe(true);
  });

  it("shows configurations that are in order", () => {
    const site = 'sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop", channel: C0123SHOP } }';
    const blocks = [...SLACK.matchAll(/^( *)```yaml\n([\s\S]*?)```/gm)].map(([, indent, text = ""]) =>
      text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    );
    // Three ways to say the same key stand in one block.
    const shown = blocks.flatMap((block) => block.split(/\n\n(?=ci:)/));
    for (const text of shown) parseConfig(`${text}\n${site}`, "docs/slack.md");
    expect(shown).toHaveLength(4);
  });
});

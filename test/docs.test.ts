/** What the documents say of commands, keys, buttons and files is what the program knows. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { PRESET_HEAD, presetRows } from "../scripts/preset-table.ts";
import { COMMANDS, FLAGS } from "../src/commands/words/command-table.ts";
import { parseConfig } from "../src/config/load-config.ts";
import { loadEnvironment } from "../src/config/load-environment.ts";
import { MESSAGE_PARTS } from "../src/config/source-definition.ts";
import { authorize, type SiteRules } from "../src/handlers/authorize.ts";
import { VERBS, type Verb } from "../src/model/command.ts";
import type { Deployment } from "../src/model/deployment.ts";
import { parseExtractor } from "../src/model/extractor.ts";
import { deploymentButtons } from "../src/notify/wording/slack/deployment-buttons.ts";
import { type ShownState, STATE_ICONS, shownState } from "../src/notify/wording/slack/deployment-state.ts";
import { datadogTemplate } from "../src/presets/alerts/datadog.ts";
import { healthchecksTemplate } from "../src/presets/alerts/healthchecks.ts";
import { uptimeRobotTemplate } from "../src/presets/alerts/uptimerobot.ts";
import { COMMANDS as SLASH } from "../src/slack/words.ts";
import { ALICE, asking, member, rules } from "./handlers/asking.ts";
import { news } from "./notify/deployment.ts";

const SLACK = readFileSync("docs/slack.md", "utf8");
const README = readFileSync("README.md", "utf8");

/** The rows below the table's head, cell by cell. */
function tableRows(text: string, head: string): string[][] {
  const [, table = ""] = text.split(`${head}\n`);
  const [, ...rows] = (table.split("\n\n", 1)[0] ?? "").split("\n");
  return rows.map((row) => row.slice(2, -2).split(" | "));
}

const namedIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

/** The rows of the table of commands: how each is written there, and whose it is. */
function commandRows(): Map<string, { usage: string; role: string }> {
  const read = tableRows(SLACK, "| | role | |").flatMap(([names = "", role = ""]) =>
    namedIn(names).map((usage) => [usage.split(" ", 1)[0] ?? "", { usage, role }] as const),
  );
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

  it("says which buttons each state has", () => {
    const shown: Array<[row: string, part: Partial<Deployment>]> = [
      ["queued, building, publishing", { state: "queued" }],
      ["queued, building, publishing", { state: "queued", isInterrupted: true }],
      ["queued, building, publishing", { state: "building" }],
      ["queued, building, publishing", { state: "publishing" }],
      ["held by a pause or a lock", { state: "held" }],
      ["live", { state: "live" }],
      ["rolled back: the site is paused", { state: "live", trigger: "rollback" }],
      ["failed, cut off", { state: "failed" }],
      ["failed, cut off", { state: "failed", isInterrupted: true }],
      [
        "needs a decision (failed, with a question)",
        { state: "failed", consent: { needs: "adopt", files: 1, paths: ["a"], answer: null } },
      ],
      ["skipped", { state: "skipped" }],
      ["cancelled", { state: "cancelled" }],
      ["superseded", { state: "superseded" }],
    ];
    const states = shown.map(([, part]) => shownState(news(part).deployment));
    expect(states.toSorted()).toEqual((Object.keys(STATE_ICONS) as ShownState[]).toSorted());
    const table = new Map(
      tableRows(SLACK, "| state | buttons |").map(([state = "", buttons = ""]) => [state, buttons]),
    );
    expect(new Set(shown.map(([row]) => row))).toEqual(new Set(table.keys()));
    for (const [row, part] of shown) {
      const agrees = { action: "adopt", label: "the button that agrees to it", value: "d-1" } as const;
      const labels = deploymentButtons(news(part), part.consent ? agrees : null).map(({ label }) => label);
      const others = labels.filter((label) => label !== "Log");
      expect(others.join(", ") || "none", row).toBe(table.get(row));
      expect(labels.includes("Log"), row).toBe(!(part.state === "queued" || part.state === "held"));
    }
  });
});

describe("docs/sources.md", () => {
  const SOURCES = readFileSync("docs/sources.md", "utf8");
  const blocksOf = (language: string) =>
    [...SOURCES.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text = ""]) => text);

  it("has every preset in its table, as it is: `node scripts/preset-table.ts` prints it", () => {
    const rows = presetRows().map((row) => row.slice(2, -2).split(" | "));
    expect(tableRows(SOURCES, PRESET_HEAD)).toEqual(rows);
  });

  it("shows configurations that are in order", () => {
    const site = 'sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop", channel: C0123SHOP } }';
    const shown = blocksOf("yaml").filter((text) => !text.startsWith("receivers:"));
    for (const text of shown) parseConfig(text.includes("sites:\n") ? text : `${site}\n${text}`, "docs/sources.md");
    expect(shown.length).toBeGreaterThan(9);
    // And what the capture of a request proposes.
    const [, proposed = ""] = /For slipway.yaml\n([\s\S]*?)```/.exec(SOURCES) ?? [];
    parseConfig(proposed, "docs/sources.md");
    expect(Object.keys(parse(proposed).sources)).toEqual(["crm"]);
  });

  it("signs a request in the shell as Standard Webhooks has it", () => {
    const secret = `whsec_${randomBytes(32).toString("base64")}`;
    const [script = ""] = blocksOf("sh");
    const words = execFileSync("sh", ["-c", `curl() { printf '%s\\n' "$@"; }\n${script}`], {
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "", BACKEND_SECRET: secret },
    }).split("\n");
    const headers = Object.fromEntries(words.filter((it) => it.startsWith("webhook-")).map((it) => it.split(": ")));
    const body = words[words.indexOf("-d") + 1] ?? "";
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: "page.published" });
  });

  it("has the templates that senders are given, and the parts of what is signed", () => {
    for (const template of [healthchecksTemplate, datadogTemplate, uptimeRobotTemplate])
      expect(SOURCES).toContain(`\n${template}\n\`\`\``);
    for (const part of MESSAGE_PARTS) expect(SOURCES).toContain(`\`${part}\``);
  });

  it("names extractors that can be read", () => {
    const places = tableRows(SOURCES, "| extractor | is |").flatMap(([names = ""]) => namedIn(names));
    const example = (place: string) => place.replace("one, another", "json:/a, path");
    expect(places.filter((it) => parseExtractor(example(it)) === undefined)).toEqual([]);
    expect(new Set(places.map((it) => parseExtractor(example(it))?.from)).size).toBe(8);
  });
});

describe("README.md", () => {
  it("names every command of the command line, and no other", () => {
    const help = execFileSync(process.execPath, ["src/main.ts", "--help"], { encoding: "utf8" });
    const [, commands = ""] = help.split("Commands:\n");
    const there = [...commands.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = ""]) => name);
    const [, paragraph = ""] = /shows the rest: ([\s\S]+?)\.\s/.exec(README) ?? [];
    const named = namedIn(paragraph).map((name) => name.split(" ", 1)[0] ?? "");
    // Those are told of before; the last lists all of them.
    expect([...named, "publish", "demo", "start", "check", "help"].toSorted()).toEqual(there.toSorted());
  });

  it("names every variable that is read, and no other", () => {
    const read = new Set<string>();
    const env = new Proxy<NodeJS.ProcessEnv>(
      { WEBHOOK_SECRET: "a secret of the tests" },
      {
        get(variables, name: string) {
          read.add(name);
          return variables[name];
        },
      },
    );
    loadEnvironment(env);
    // It has one value so far.
    read.delete("QUEUE_URL");
    // Programs that hold secrets are given it; docs/secrets.md.
    read.add("SLIPWAY_EXEC_ENV");
    const named = tableRows(README, "| variable | meaning | default |").flatMap(([names = ""]) => namedIn(names));
    expect(named.toSorted()).toEqual([...read].toSorted());
  });

  it("shows configurations that are in order", () => {
    const blocks = [...README.matchAll(/^( *)```yaml\n([\s\S]*?)```/gm)]
      .map(([, indent, text = ""]) => text.replaceAll(new RegExp(`^${indent}`, "gm"), ""))
      .filter((text) => /^(sites|slack|sources):/.test(text));
    expect(blocks).toHaveLength(3);
    const site = 'sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop" } }';
    for (const text of blocks) parseConfig(/^sites:/m.test(text) ? text : `${text}\n${site}`, "README.md");
  });
});

describe("the documents", () => {
  it("name files and sections that are there", () => {
    const files = ["README.md", ...globSync("docs/*.md"), ...globSync("docs/decisions/*.md")];
    const missing: string[] = [];
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      for (const [, link = ""] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        const [path = "", section] = link.split("#");
        const target = path === "" ? file : join(dirname(file), path);
        const isThere = existsSync(target) && (section === undefined || sectionsOf(target).includes(section));
        if (!isThere) missing.push(`${file}: ${link}`);
      }
    }
    // So do the changelog, and what the configuration says of itself.
    for (const file of ["CHANGELOG.md", "slipway.example.yaml", ...globSync("src/{config,cli}/**/*.ts")])
      for (const [page] of readFileSync(file, "utf8").matchAll(/\bdocs\/[\w/-]+\.md\b/g))
        if (!existsSync(page)) missing.push(`${file}: ${page}`);
    const architecture = readFileSync("docs/architecture.md", "utf8");
    for (const name of namedIn(architecture).filter((it) => /^[\w-]+\/[\w/.*-]+\.ts$/.test(it))) {
      if (globSync([`src/${name}`, name]).length === 0) missing.push(`docs/architecture.md: ${name}`);
    }
    expect(missing).toEqual([]);
  });
});

/** As GitHub names the headings of a document. */
function sectionsOf(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

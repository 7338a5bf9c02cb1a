/** The notice about a new installation: what to paste into slipway.yaml so that its repositories become sites. */
import type { Notice } from "../../../model/notice.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { count, outside } from "../plain.ts";
import { type Block, header, plainContext, section } from "./slack-blocks.ts";

const MAX_SITES = 10;
/** Slack's limit for a section is 3000 characters. */
const MAX_CHARS = 2800;

/** The message, with the YAML in a code block: one site per repository, the first ten. */
export function wordInstalled({ account, repoNames }: Extract<Notice, { about: "installed" }>): SlackMessage {
  const who = outside(account, 60);
  const { yaml, shown } = sitesYaml(repoNames);
  const left = repoNames.length - shown;
  const headline = `👋 Slipway was installed for ${who}: ${count(repoNames.length, "repository", "repositories")}`;
  const advice = "To deploy one of them, put this into `slipway.yaml`, say where it is published, and restart Slipway:";

  const blocks: Block[] = [header(headline)];
  if (shown > 0) blocks.push(section(advice), section(`\`\`\`\n${yaml}\`\`\``));
  if (left > 0) blocks.push(plainContext([`${left} more ${left === 1 ? "is" : "are"} not shown.`]));
  return { text: headline, blocks };
}

function sitesYaml(repoNames: readonly string[]): { yaml: string; shown: number } {
  const taken = new Set<string>();
  let yaml = "sites:\n";
  let shown = 0;
  for (const repo of repoNames) {
    // GitHub allows nothing else in names, and nothing else may stand in the code block.
    if (shown === MAX_SITES || !/^[\w.-]+\/[\w.-]+$/.test(repo)) continue;
    const site = siteName(repo, taken);
    const entry = siteYaml(site, repo);
    if (yaml.length + entry.length > MAX_CHARS) break;
    yaml += entry;
    shown++;
  }
  return { yaml, shown };
}

function siteYaml(site: string, repo: string): string {
  return [
    // What YAML would take for a number or for null gets quotes.
    `  ${/^[a-z]/.test(site) && !["null", "true", "false"].includes(site) ? site : `"${site}"`}:`,
    `    repo: ${repo}`,
    "    branch: main",
    "    publish: ftps://USER@ftp.example.com/httpdocs",
    `    password: env:${environmentName(site)}_FTP_PASSWORD`,
    "",
  ].join("\n");
}

/** What slipway.yaml takes as the name of a site, made from the repository's; unique among those made so far. */
function siteName(repo: string, taken: Set<string>): string {
  const wished = repo
    .slice(repo.indexOf("/") + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 36)
    .replace(/^-+|-+$/g, "");
  const base = wished || "site";
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
  taken.add(name);
  return name;
}

function environmentName(site: string): string {
  return site.toUpperCase().replaceAll("-", "_").replace(/^(\d)/, "_$1");
}

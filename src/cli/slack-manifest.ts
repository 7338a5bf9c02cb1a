/**
 * `slipway slack-manifest`: the app that is made in Slack, as the YAML that people paste there. The file slack-manifest.yaml is
 * what this prints where no address is known.
 */
import { parse, stringify } from "yaml";
import { loadConfig } from "../config/load-config.ts";
import { ConfigurationError } from "../config/problem.ts";

/** Stands for the operator's own address. */
const PLACEHOLDER = "https://slipway.example.com";

/** Where Slack sends clicks, commands and events, below Slipway's address: the path of `sources/slack.ts`. */
export const SLACK_PATH = "/slack/events";

/** What the bot may do, sorted, and what for. https://docs.slack.dev/reference/scopes */
const BOT_SCOPES = [
  ["app_mentions:read", "hear what is asked by mentioning the bot"],
  ["channels:history", "look before a message is posted again, in public channels"],
  ["channels:read", "tell whether a public channel is shared, archived, and has the bot in it"],
  ["chat:write", "post and edit messages, and answer"],
  ["commands", "/deploy and the others below"],
  ["groups:history", "as channels:history, in private channels"],
  ["groups:read", "as channels:read, of private channels"],
  ["im:history", "hear what is asked in direct messages"],
  ["usergroups:read", "who is in the user groups that slipway.yaml names"],
  ["users:read", "tell members of the workspace from guests, bots and people who left"],
] as const;

/** The names of the scopes alone. */
export const SCOPES: readonly string[] = BOT_SCOPES.map(([scope]) => scope);

/** https://docs.slack.dev/reference/events */
const BOT_EVENTS = ["app_mention", "message.im"];

/** Each is the first word of what is asked for: `/rollback shop` means what `/deploy rollback shop` does. */
const SLASH_COMMANDS = [
  {
    command: "/deploy",
    description: "Deploy a site, ask how it stands, or anything else of Slipway",
    usage_hint: "deploy [site], status, rollback, cancel, lock, unlock, pause, resume, logs, releases, diff, help",
  },
  {
    command: "/redeploy",
    description: "Send the live release of a site to its host again",
    usage_hint: "[site] [release]",
  },
  {
    command: "/rebuild",
    description: "Build a site without any cache, and deploy it",
    usage_hint: "[site] [commit]",
  },
  {
    command: "/rollback",
    description: "Put an earlier release of a site back, and pause the site",
    usage_hint: '[site] [release, previous or -N] [--reason "…"]',
  },
];

export type ManifestOptions = {
  /** Where Slack reaches Slipway; null: a placeholder stands there. */
  readonly url: string | null;
  /** Socket Mode: Slack is connected to, and needs no address. */
  readonly isSocket: boolean;
};

/** The manifest as YAML, with comments. https://docs.slack.dev/reference/app-manifest */
export function slackManifest({ url, isSocket }: ManifestOptions): string {
  const address = JSON.stringify(`${(url ?? PLACEHOLDER).replace(/\/+$/, "")}${SLACK_PATH}`);
  const at = (key: string, indent: number) => (isSocket ? [] : [`${" ".repeat(indent)}${key}: ${address}`]);
  const lines = [
    ...heading(url, isSocket),
    "display_information:",
    "  name: Slipway",
    "  description: Deploys sites, says how they stand, and puts an earlier release back.",
    '  background_color: "#1d3b53"',
    "",
    "features:",
    "  bot_user:",
    "    display_name: slipway",
    "    always_online: true",
    "  # Direct messages to the bot can be written there.",
    "  app_home:",
    "    home_tab_enabled: false",
    "    messages_tab_enabled: true",
    "    messages_tab_read_only_enabled: false",
    "  # Slack hands a command to the app that was installed last: delete here what another app of yours needs.",
    "  # should_escape: people and channels arrive as ids.",
    "  slash_commands:",
    ...SLASH_COMMANDS.flatMap(({ command, description, usage_hint }) => [
      `    - command: ${command}`,
      `      description: ${description}`,
      `      usage_hint: ${JSON.stringify(usage_hint)}`,
      "      should_escape: true",
      ...at("url", 6),
    ]),
    "",
    "oauth_config:",
    "  scopes:",
    "    bot:",
    ...BOT_SCOPES.map(([scope, purpose]) => `      - ${scope.padEnd(SCOPE_WIDTH)} # ${purpose}`),
    "",
    "settings:",
    "  event_subscriptions:",
    ...at("request_url", 4),
    "    bot_events:",
    ...BOT_EVENTS.map((event) => `      - ${event}`),
    "  interactivity:",
    "    is_enabled: true",
    ...at("request_url", 4),
    `  socket_mode_enabled: ${isSocket}`,
    "  org_deploy_enabled: false",
    "  token_rotation_enabled: false",
  ];
  return `${lines.join("\n")}\n`;
}

const SCOPE_WIDTH = Math.max(...BOT_SCOPES.map(([scope]) => scope.length));

function heading(url: string | null, isSocket: boolean): string[] {
  const lines = [
    "# Slipway's app in Slack: what it asks for, and nothing more. https://docs.slack.dev/reference/app-manifest",
    "# Paste it at https://api.slack.com/apps: Create New App, From a manifest.",
  ];
  if (isSocket) {
    return [...lines, "# Then make an app-level token with the scope connections:write: it is SLACK_APP_TOKEN."];
  }
  if (url !== null) return lines;
  return [
    ...lines,
    "# Replace slipway.example.com by the address where Slack reaches Slipway; `slipway slack-manifest` fills in yours,",
    "# and with --socket it needs none.",
  ];
}

/** Opens Slack's page for a new app with the manifest filled in, without its comments, since addresses must be short. */
export function newAppLink(manifest: string): string {
  const yaml = stringify(parse(manifest), { lineWidth: 0 });
  return `https://api.slack.com/apps?new_app=1&manifest_yaml=${encodeURIComponent(yaml)}`;
}

/** Prints it, for a person with the link, and says what is still to be done by hand. */
export function printSlackManifest(env: NodeJS.ProcessEnv, { isSocket }: Pick<ManifestOptions, "isSocket">): void {
  const url = isSocket ? null : urlOf(env.SLIPWAY_CONFIG || "./slipway.yaml");
  const manifest = slackManifest({ url, isSocket });
  process.stdout.write(manifest);
  if (process.stdout.isTTY) console.log(`\nOr open ${newAppLink(manifest)}`);
  if (isSocket) return;
  if (url === null)
    console.error(`url: is not set in slipway.yaml; replace ${PLACEHOLDER} by where Slack reaches Slipway`);
  else if (!url.startsWith("https:")) {
    console.error("url: is no https address, and Slack sends to no other; --socket needs none");
  }
}

/** The `url` of slipway.yaml; null where there is none yet, or no file, or one that cannot be read. */
function urlOf(path: string): string | null {
  try {
    return loadConfig(path).url ?? null;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(`${error.message}\n`);
    return null;
  }
}

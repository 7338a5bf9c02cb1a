/** Whether the channels that slipway.yaml names are there, and whether the bot is in them. */
import { z } from "zod";
import type { Config } from "../../config/schema.ts";
import { inFlight } from "../../publishers/in-flight.ts";
import { aboutSettings, bad, type Finding, good, warning } from "./finding.ts";
import { ASKED_AT_ONCE, type SlackAnswer, type SlackApi } from "./slack-api.ts";

type NamedChannel = {
  /** As slipway.yaml names it: an id, or a name. */
  readonly channel: string;
  /** The keys that name it. */
  readonly settings: readonly string[];
  /** Whether something is posted there; else commands are taken from there, which needs no member. */
  readonly isTold: boolean;
};

/** The channels of slipway.yaml, each once. */
export function channelsOf({ channel, sites, ci, slack }: Config): NamedChannel[] {
  const found = new Map<string, { settings: string[]; isTold: boolean }>();
  const add = (setting: string, id: string | undefined, isTold: boolean) => {
    if (id === undefined) return;
    const before = found.get(id);
    if (before) before.settings.push(setting);
    else found.set(id, { settings: [setting], isTold });
  };
  add("channel", channel, true);
  for (const [name, site] of Object.entries(sites)) add(`sites.${name}.channel`, site.channel, true);
  for (const [index, follow] of ci.entries()) add(`ci.${index}.channel`, follow.channel, true);
  for (const id of slack.channels) add("slack.channels", id, false);
  for (const id of slack.sharedChannels) add("slack.sharedChannels", id, false);
  return [...found].map(([id, rest]) => ({ channel: id, ...rest }));
}

/** Whether it is an id; Slack's names have no capital letters. */
export function isChannelId(channel: string): boolean {
  return /^[CGD][A-Z0-9]{2,40}$/.test(channel);
}

const answerSchema = z.looseObject({
  channel: z.looseObject({
    name: z.string().nullish(),
    is_member: z.boolean().nullish(),
    is_archived: z.boolean().nullish(),
    is_ext_shared: z.boolean().nullish(),
  }),
});

/** https://docs.slack.dev/reference/methods/conversations.info; names in place of ids are told of by the settings' part. */
export async function checkChannels(ask: SlackApi, config: Config): Promise<Finding[]> {
  const named = channelsOf(config).filter(({ channel }) => isChannelId(channel));
  const answers = await inFlight(ASKED_AT_ONCE, named, ({ channel }) => ask("conversations.info", { channel }));
  const scope = answers.find((answer) => answer.kind === "refused" && answer.error === "missing_scope");
  if (scope?.kind === "refused") {
    return [warning("channels", `cannot be looked at without the scope ${scope.needed ?? "channels:read"}`)];
  }
  const allowed = new Set(config.slack.sharedChannels);
  return named.flatMap((it, index) => judge(it, answers[index] as SlackAnswer, allowed.has(it.channel)));
}

function judge({ channel, settings, isTold }: NamedChannel, answer: SlackAnswer, isAllowed: boolean): Finding[] {
  const about = aboutSettings(settings);
  if (answer.kind === "unknown") return [warning(about, `${channel}: Slack ${answer.says}`)];
  if (answer.kind === "refused") {
    if (answer.error !== "channel_not_found") return [warning(about, `${channel}: Slack answers ${answer.error}`)];
    const advice = "copy the id from the channel's details, and invite the bot there: /invite @slipway";
    return [bad(about, `Slack knows no channel ${channel}, or it is private and the bot is not in it`, advice)];
  }
  const read = answerSchema.safeParse(answer.json);
  if (!read.success) return [warning(about, `${channel}: Slack does not say what it is`)];
  const { name, is_member, is_archived, is_ext_shared } = read.data.channel;
  const shown = name ? `#${name.slice(0, 80)}` : channel;
  if (is_archived) return [bad(about, `${shown} is archived`, "unarchive it, or name another channel")];
  const findings: Finding[] = [];
  if (is_member) findings.push(good(about, `${shown}, and the bot is in it`));
  else {
    const says = isTold
      ? `the bot is not in ${shown} and cannot post there`
      : `the bot is not in ${shown}: commands work there, mentions do not`;
    findings.push((isTold ? bad : warning)(about, says, `/invite @slipway in ${shown}`));
  }
  if (is_ext_shared && !isAllowed) {
    const says = `${shown} is shared with other workspaces (Slack Connect): they read what is posted, and nobody commands there`;
    findings.push(warning(about, says, `add ${channel} to slack.sharedChannels to let members of yours command there`));
  }
  return findings;
}

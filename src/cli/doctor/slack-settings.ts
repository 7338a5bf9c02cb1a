/** What the settings say of Slack as a control room, without asking anybody: who may command, and whether it arrives. */
import type { Environment } from "../../config/load-environment.ts";
import type { Config } from "../../config/schema.ts";
import { aboutSettings, type Finding, note, warning } from "./finding.ts";
import { channelsOf, isChannelId } from "./slack-channels.ts";
import { isSlackId } from "./slack-people.ts";

export function checkSlackSettings({ slack }: Environment, config: Config): Finding[] {
  if (slack === null) return [];
  const isSocket = slack.appToken !== null;
  if (!isSocket && slack.signingSecrets.length === 0) {
    const says = "is not set, and neither is SLACK_APP_TOKEN: messages carry no buttons, and there are no commands";
    const advice = "copy it from the app's Basic Information, or use Socket Mode (docs/slack.md)";
    return [warning("SLACK_SIGNING_SECRET", says, advice), ...checkNames(config)];
  }
  return [...(isSocket ? [] : checkAddress(config.url)), ...checkNames(config), ...checkRoles(config)];
}

function checkAddress(url: string | undefined): Finding[] {
  if (url === undefined) {
    return [note("request URL", "cannot be looked at without url; docs/slack.md says where Slack sends to")];
  }
  if (url.startsWith("https:")) return [];
  const advice = "put a proxy with a certificate in front of Slipway, or use Socket Mode";
  return [warning("request URL", "is an http address, and Slack sends to https alone", advice)];
}

function checkNames(config: Config): Finding[] {
  return channelsOf(config)
    .filter(({ channel }) => !isChannelId(channel))
    .map(({ channel, settings }) => {
      const says = `${channel} is a name: after a rename nothing arrives there, and after a crash nothing is looked up`;
      return warning(aboutSettings(settings), says, "write its id (C0123ABCD), the last line of its details");
    });
}

/** Deny by default also means that a forgotten role is nobody's. */
function checkRoles({ slack, sites, people }: Config): Finding[] {
  const all = Object.entries(sites).map(([name, site]) => {
    const operators = [...slack.operators, ...site.operators].filter(isSlackId);
    const deployers = [...slack.deployers, ...site.deployers].filter(isSlackId);
    return { name, site, operators: new Set(operators), commanders: new Set([...deployers, ...operators]) };
  });
  const namesOf = (some: typeof all) => listed(some.map(({ name }) => name));
  const findings: Finding[] = [];

  const mute = all.filter(({ commanders }) => commanders.size === 0);
  if (mute.length > 0) {
    const advice = "add ids of Slack users or groups to slack.deployers and slack.operators, or to those of the site";
    findings.push(warning("roles", `nobody may command ${namesOf(mute)} from Slack`, advice));
  }
  const headless = all.filter(({ operators, commanders }) => operators.size === 0 && commanders.size > 0);
  if (headless.length > 0) {
    const says = `nobody may roll back ${namesOf(headless)} from Slack, or resume and unlock what others hold: no operators`;
    findings.push(note("roles", says));
  }
  const lonely = all.filter(({ site, operators }) => site.secondPerson && isAtMostOne(operators));
  if (lonely.length > 0) {
    const says = `${namesOf(lonely)} wants a second person, and there are fewer than two operators`;
    findings.push(warning("secondPerson", says, "add another operator, or a user group"));
  }
  const strangers = new Set(
    all.flatMap(({ site, commanders }) =>
      site.githubWrite ? [...commanders].filter((id) => !id.startsWith("S") && !people[id]?.github) : [],
    ),
  );
  if (strangers.size > 0) {
    const says = `nobody knows who ${listed([...strangers])} is on GitHub, so githubWrite keeps them out`;
    findings.push(warning("people", says, "write their logins under people: { U0123ABCD: { github: login } }"));
  }
  return findings;
}

/** A group may be many. */
function isAtMostOne(operators: ReadonlySet<string>): boolean {
  return operators.size < 2 && ![...operators].some((id) => id.startsWith("S"));
}

function listed(words: readonly string[]): string {
  return words.length > 5 ? `${words.slice(0, 5).join(", ")} and ${words.length - 5} more` : words.join(", ");
}

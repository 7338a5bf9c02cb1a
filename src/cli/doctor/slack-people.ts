/** Whether the people and groups that slipway.yaml gives roles to are there, and may ask for anything. */
import { z } from "zod";
import type { Config } from "../../config/schema.ts";
import { count } from "../../notify/wording/plain.ts";
import { inFlight } from "../../publishers/in-flight.ts";
import { aboutSettings, type Finding, good, warning } from "./finding.ts";
import { ASKED_AT_ONCE, type SlackAnswer, type SlackApi } from "./slack-api.ts";

type Roles = Pick<Config["slack"], "viewers" | "deployers" | "operators">;

/** Every id of a Slack user or user group in slipway.yaml, each once, with the keys that name it. */
function peopleOf({ slack, sites, people }: Config): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (setting: string, id: string) => void found.set(id, [...(found.get(id) ?? []), setting]);
  const addRoles = (prefix: string, roles: Roles) => {
    for (const role of ["viewers", "deployers", "operators"] as const) {
      const members = roles[role];
      if (typeof members === "string") continue;
      for (const member of members.filter(isSlackId)) add(`${prefix}.${role}`, member);
    }
  };
  addRoles("slack", slack);
  for (const [name, site] of Object.entries(sites)) addRoles(`sites.${name}`, site);
  for (const id of Object.keys(people)) add("people", id);
  return found;
}

/** Anybody else stands there by a GitHub login. */
export function isSlackId(member: string): boolean {
  return !member.startsWith("github:");
}

/** Asks Slack for all of them. */
export async function checkPeople(ask: SlackApi, config: Config): Promise<Finding[]> {
  const named = [...peopleOf(config)];
  const groups = named.filter(([id]) => id.startsWith("S"));
  const users = named.filter(([id]) => !id.startsWith("S"));
  const [ofUsers, ofGroups] = await Promise.all([checkUsers(ask, users), checkGroups(ask, groups)]);
  const findings = [...ofUsers, ...ofGroups];
  if (findings.length > 0 || named.length === 0) return findings;
  return [
    good(
      "people",
      `Slack knows the ${count(users.length, "user")} and ${count(groups.length, "group")} of slipway.yaml`,
    ),
  ];
}

type Named = readonly [id: string, settings: readonly string[]];

const userAnswer = z.looseObject({
  user: z.looseObject({
    name: z.string().nullish(),
    deleted: z.boolean().nullish(),
    is_bot: z.boolean().nullish(),
    is_restricted: z.boolean().nullish(),
    is_ultra_restricted: z.boolean().nullish(),
    is_stranger: z.boolean().nullish(),
  }),
});

/** https://docs.slack.dev/reference/methods/users.info */
async function checkUsers(ask: SlackApi, users: readonly Named[]): Promise<Finding[]> {
  const answers = await inFlight(ASKED_AT_ONCE, users, ([user]) => ask("users.info", { user }));
  const missing = scopeFinding(answers, "users:read");
  if (missing) return [missing];
  return users.flatMap(([id, settings], index) => {
    const says = problemOf(answers[index] as SlackAnswer);
    if (says === null) return [];
    return [warning(aboutSettings(settings), `${id}${says}`, "take the id out, or write another one")];
  });
}

/** What is wrong with a user, to follow the id; null where nothing is. */
function problemOf(answer: SlackAnswer): string | null {
  if (answer.kind === "unknown") return `: Slack ${answer.says}`;
  if (answer.kind === "refused") {
    return answer.error === "user_not_found" ? " is nobody whom Slack knows" : `: Slack answers ${answer.error}`;
  }
  const read = userAnswer.safeParse(answer.json);
  if (!read.success) return ": Slack does not say who that is";
  const { name, deleted, is_bot, is_restricted, is_ultra_restricted, is_stranger } = read.data.user;
  const kind = [
    deleted && "is deactivated",
    is_bot && "is a bot",
    (is_restricted || is_ultra_restricted) && "is a guest",
    is_stranger && "belongs to another workspace",
  ].find((word) => typeof word === "string");
  return kind === undefined ? null : `${name ? ` (${name.slice(0, 80)})` : ""} ${kind}, and may ask for nothing`;
}

const groupsAnswer = z.looseObject({
  usergroups: z.array(
    z.looseObject({
      id: z.string(),
      handle: z.string().nullish(),
      date_delete: z.number().nullish(),
      // Slack writes it as a string in some answers.
      user_count: z.union([z.number(), z.string()]).nullish(),
    }),
  ),
});

/** https://docs.slack.dev/reference/methods/usergroups.list */
async function checkGroups(ask: SlackApi, groups: readonly Named[]): Promise<Finding[]> {
  if (groups.length === 0) return [];
  const answer = await ask("usergroups.list", { include_disabled: "true", include_count: "true" });
  const missing = scopeFinding([answer], "usergroups:read");
  if (missing) return [missing];
  if (answer.kind === "unknown") return [warning("user groups", `Slack ${answer.says}`)];
  if (answer.kind === "refused") return [warning("user groups", `Slack answers ${answer.error}`)];
  const read = groupsAnswer.safeParse(answer.json);
  if (!read.success) return [warning("user groups", "Slack does not say which there are")];
  const known = new Map(read.data.usergroups.map((group) => [group.id, group]));
  return groups.flatMap(([id, settings]) => {
    const about = aboutSettings(settings);
    const group = known.get(id);
    if (!group) return [warning(about, `${id} is no user group of the workspace`, "copy its id again, or take it out")];
    const shown = `${id}${group.handle ? ` (@${group.handle.slice(0, 80)})` : ""}`;
    if (group.date_delete) return [warning(about, `${shown} is disabled`, "enable it in Slack, or take it out")];
    if (String(group.user_count) === "0") return [warning(about, `${shown} has no members`, "add some in Slack")];
    return [];
  });
}

/** One finding for all that could not be asked for want of a scope. */
function scopeFinding(answers: readonly SlackAnswer[], usual: string): Finding | null {
  for (const answer of answers) {
    if (answer.kind !== "refused" || answer.error !== "missing_scope") continue;
    return warning("people", `cannot be looked up without the scope ${answer.needed ?? usual}`);
  }
  return null;
}

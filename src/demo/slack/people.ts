/** The people of the demo's Slack and the groups they are in: what the emulator lacks of them. */
import type { AccountKind } from "../../model/person.ts";

export type SlackPerson = {
  /** "U0ALICE" */
  readonly id: string;
  readonly name: string;
  /** Default "member". */
  readonly kind?: Exclude<AccountKind, "unknown">;
  /** Their workspace. Default: ours, and another one for strangers. */
  readonly team?: string;
};

export type SlackUserGroup = {
  /** "S0DEVTEAM" */
  readonly id: string;
  readonly handle: string;
  readonly users: readonly string[];
};

/** As users.info tells: docs.slack.dev/reference/objects/user-object. */
export function describePerson({ id, name, kind = "member", team }: SlackPerson, ownTeam: string) {
  return {
    id,
    team_id: team ?? (kind === "stranger" ? "T0ELSEWHERE" : ownTeam),
    name,
    real_name: name,
    deleted: kind === "deactivated",
    is_bot: kind === "bot",
    is_restricted: kind === "guest",
    is_ultra_restricted: false,
    is_stranger: kind === "stranger",
    profile: { display_name: name, real_name: name },
  };
}

export function describeGroup({ id, handle, users }: SlackUserGroup, ownTeam: string) {
  return { id, team_id: ownTeam, is_usergroup: true, name: handle, handle, date_delete: 0, user_count: users.length };
}

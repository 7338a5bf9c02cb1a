/** People who ask, and the sites that they ask about, for the tests of commands. */
import type { SiteRules } from "../../src/handlers/authorize.ts";
import type { Asking, SiteSubject } from "../../src/handlers/commanding.ts";
import type { ReplyTo } from "../../src/model/answer.ts";
import type { Effect } from "../../src/model/effect.ts";
import type { Person } from "../../src/model/person.ts";

export const ALICE = "U0ALICE";
export const REPLY: ReplyTo = {
  channel: "C0SHOP",
  user: ALICE,
  responseUrl: "https://hooks.slack.com/commands/T1/1/abc",
  thread: null,
  isDirect: false,
};

export function rules(part: Partial<SiteRules> = {}): SiteRules {
  return {
    name: "shop",
    viewers: [],
    deployers: ["U0DAN"],
    operators: [ALICE],
    channels: ["C0SHOP"],
    githubWrite: false,
    secondPerson: false,
    ...part,
  };
}

export function member(user: string, part: Partial<NonNullable<Person["slack"]>> = {}): Person {
  return {
    name: user.slice(2).toLowerCase(),
    slack: {
      user,
      team: "T0TEAM",
      kind: "member",
      groups: [],
      kindAgeMs: 0,
      groupsAgeMs: 0,
      conversation: { id: "C0SHOP", name: "shop", kind: "channel", isShared: false },
      ...part,
    },
    github: null,
  };
}

export function asking(part: Partial<Asking> = {}): Asking {
  return {
    person: member(ALICE),
    workspace: { team: "T0TEAM", directMessages: false, sharedChannels: [] },
    to: REPLY,
    triggerId: "1.2.3",
    askedAtMs: 1000,
    cause: "slack 1.2.3",
    ...part,
  };
}

export function subject(part: Partial<SiteSubject> = {}): SiteSubject {
  return {
    rules: rules(),
    holds: { githubPause: null, paused: null, locked: null },
    branch: "main",
    deployment: null,
    ...part,
  };
}

/** What the person is told in words. */
export function told(effects: readonly Effect[]): string {
  return effects
    .flatMap((effect) => (effect.do === "answer" && effect.answer.kind === "text" ? [effect.answer.text] : []))
    .join("\n");
}

/** The lines of the audit log: result and rule. */
export function audited(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.do === "audit" || effect.do === "look" ? [`${effect.entry.result} by ${effect.entry.rule}`] : [],
  );
}

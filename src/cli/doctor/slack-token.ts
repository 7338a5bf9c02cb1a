/** Whether Slack accepts the tokens, whether the bot may do what the manifest asks for, and whether the clocks agree. */
import { z } from "zod";
import type { Config } from "../../config/schema.ts";
import { durationText } from "../../model/quantities.ts";
import { SCOPES } from "../slack-manifest.ts";
import { bad, type Finding, good, note, warning } from "./finding.ts";
import type { SlackAnswer, SlackApi } from "./slack-api.ts";

const TOKEN = "SLACK_BOT_TOKEN";
const APP_TOKEN = "SLACK_APP_TOKEN";

const identity = z.looseObject({
  team: z.string().nullish(),
  team_id: z.string().nullish(),
  user: z.string().nullish(),
});

export type CheckedToken = {
  readonly findings: readonly Finding[];
  /** Whether more can be asked with it. */
  readonly isAccepted: boolean;
};

/** https://docs.slack.dev/reference/methods/auth.test */
export async function checkBotToken(ask: SlackApi, config: Config | null): Promise<CheckedToken> {
  const answer = await ask("auth.test");
  if (answer.kind === "unknown") return { findings: [warning(TOKEN, `Slack ${answer.says}`)], isAccepted: false };
  const clock = checkClock(answer.headers, Date.now());
  if (answer.kind === "refused") {
    const advice = "copy the Bot User OAuth Token, which begins with xoxb-, again";
    return {
      findings: [bad(TOKEN, `Slack does not accept it (${answer.error})`, advice), ...clock],
      isAccepted: false,
    };
  }
  const { team, team_id, user } = identity.parse(answer.json);
  const findings = [
    good(
      TOKEN,
      `Slack knows it as ${name(user) ?? "a bot"} in ${name(team) ?? "a workspace"}${team_id ? ` (${name(team_id)})` : ""}`,
    ),
    ...checkScopes(answer.headers.get("x-oauth-scopes")),
    ...checkTeam(config?.slack.team, team_id ?? null),
    ...clock,
  ];
  return { findings, isAccepted: true };
}

/** Slack names the scopes of a token in each answer: https://docs.slack.dev/authentication/installing-with-oauth */
function checkScopes(header: string | null): Finding[] {
  if (header === null) return [note(TOKEN, "Slack did not say which scopes it has")];
  const scopes = header.split(",").map((scope) => scope.trim());
  const missing = SCOPES.filter((scope) => !scopes.includes(scope));
  // "identify" stands for the token itself and cannot be asked for.
  const more = scopes.filter((scope) => scope !== "" && scope !== "identify" && !SCOPES.includes(scope));
  const advice = "add under OAuth & Permissions, or paste slack-manifest.yaml, and reinstall the app";
  return [
    missing.length === 0
      ? good("scopes", "are all there")
      : bad("scopes", `are missing: ${missing.join(", ")}`, advice),
    ...(more.length > 0 ? [note("scopes", `Slipway does not use ${more.join(", ").slice(0, 500)}`)] : []),
  ];
}

function checkTeam(configured: string | undefined, found: string | null): Finding[] {
  if (configured === undefined || found === null || configured === found) return [];
  const advice = "name the workspace that the bot is installed in, or leave the key out";
  return [bad("slack.team", `is ${configured}, and the bot is in ${name(found)}: nobody may ask for anything`, advice)];
}

/** Slipway refuses what Slack signed more than five minutes before or after its own time (`sources/slack.ts`). In milliseconds. */
const REFUSED_SKEW_MS = 5 * 60_000;
/** Slack says whole seconds, and an answer takes its time. */
const NOTICED_SKEW_MS = 30_000;

/** Compares our clock with Slack's, in the header of an answer that came just now. */
function checkClock(headers: Headers, nowMs: number): Finding[] {
  const theirsMs = Date.parse(headers.get("date") ?? "");
  const skewMs = Math.abs(nowMs - theirsMs);
  if (Number.isNaN(skewMs) || skewMs < NOTICED_SKEW_MS) return [];
  const isAhead = nowMs > theirsMs;
  const says = `is ${durationText(skewMs)} ${isAhead ? "ahead of" : "behind"} Slack's`;
  const advice = "let this machine set its clock by NTP";
  return skewMs < REFUSED_SKEW_MS
    ? [warning("clock", says, advice)]
    : [bad("clock", `${says}: what Slack sends is refused, as ${isAhead ? "too old" : "from the future"}`, advice)];
}

/** Socket Mode: asks for an address to connect to, and does not connect. docs.slack.dev/reference/methods/apps.connections.open */
export async function checkAppToken(ask: SlackApi): Promise<Finding> {
  const answer = await ask("apps.connections.open");
  if (answer.kind === "ok") return good(APP_TOKEN, "Slack opens a socket for it");
  if (answer.kind === "unknown") return warning(APP_TOKEN, `Slack ${answer.says}`);
  return bad(APP_TOKEN, `Slack opens no socket for it (${answer.error})`, appTokenAdvice(answer));
}

function appTokenAdvice({ error }: SlackAnswer & { kind: "refused" }): string {
  if (error === "missing_scope") {
    return "make an app-level token with the scope connections:write, under Basic Information, App-Level Tokens";
  }
  return "copy the app-level token, which begins with xapp-, from Basic Information again, and see that Socket Mode is on";
}

/** Slack's own words, cut. */
function name(text: string | null | undefined): string | undefined {
  return text ? text.slice(0, 80) : undefined;
}

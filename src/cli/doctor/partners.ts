/** Whether GitHub and Slack accept what Slipway is to show them. Asks who they think it is, and changes nothing. */
import { createSign } from "node:crypto";
import { z } from "zod";
import type { Environment } from "../../config/load-environment.ts";
import { describeError } from "../../errors.ts";
import { rootCause } from "../../model/unreached.ts";
import { bad, type Finding, good, warning } from "./finding.ts";

const ANSWER_WITHIN_MS = 15_000;

export async function checkPartners(environment: Environment): Promise<Finding[]> {
  const found = await Promise.all([checkGithub(environment), checkSlack(environment)]);
  return found.filter((finding) => finding !== null);
}

async function checkGithub({ githubApp, githubApiUrl }: Environment): Promise<Finding | null> {
  if (githubApp === null) return null;
  const headers = {
    authorization: `Bearer ${appToken(githubApp.appId, githubApp.privateKey.reveal())}`,
    accept: "application/vnd.github+json",
    "user-agent": "Slipway",
  };
  return ask("GitHub App", `${githubApiUrl}/app`, { headers }, async (response) => {
    const advice = "check APP_ID and PRIVATE_KEY, and the clock of this machine";
    if (response.status === 401) return bad("GitHub App", "GitHub does not accept its key", advice);
    if (!response.ok) return warning("GitHub App", `GitHub answers ${response.status}`);
    const app = z.object({ name: z.string() }).safeParse(await response.json());
    return good("GitHub App", `GitHub knows it as ${app.data?.name ?? "an App"}`);
  });
}

/** docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App": a minute back for clocks that differ. */
function appToken(appId: number, privateKey: string): string {
  const nowS = Math.floor(Date.now() / 1000);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: nowS - 60, exp: nowS + 300, iss: String(appId) })}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
}

const slackAnswer = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  team: z.string().optional(),
  user: z.string().optional(),
});

async function checkSlack({ slack, slackApiUrl }: Environment): Promise<Finding | null> {
  if (slack === null) return null;
  const about = "SLACK_BOT_TOKEN";
  const request = { method: "POST", headers: { authorization: `Bearer ${slack.botToken.reveal()}` } };
  return ask(about, `${slackApiUrl}auth.test`, request, async (response) => {
    if (!response.ok) return warning(about, `Slack answers ${response.status}`);
    const { ok, error, team, user } = slackAnswer.parse(await response.json());
    if (ok) return good(about, `Slack knows it as ${user ?? "a bot"} in ${team ?? "a workspace"}`);
    return bad(
      about,
      `Slack does not accept it (${error ?? "no reason given"})`,
      "copy the Bot User OAuth Token again",
    );
  });
}

async function ask(
  about: string,
  url: string,
  request: RequestInit,
  read: (response: Response) => Promise<Finding>,
): Promise<Finding> {
  try {
    return await read(await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }));
  } catch (error) {
    return warning(about, `cannot be asked: ${new URL(url).host}: ${describeError(rootCause(error))}`);
  }
}

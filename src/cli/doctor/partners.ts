/** Whether GitHub and Slack accept what Slipway is to show them. Asks who they think it is, and changes nothing. */
import { createSign } from "node:crypto";
import { z } from "zod";
import type { Environment } from "../../config/load-environment.ts";
import type { Config } from "../../config/schema.ts";
import { bad, type Finding, good, warning } from "./finding.ts";
import { reach } from "./reach.ts";
import { checkSlack } from "./slack.ts";

export async function checkPartners(environment: Environment, config: Config | null): Promise<Finding[]> {
  const [github, slack] = await Promise.all([checkGithub(environment), checkSlack(environment, config)]);
  return github === null ? slack : [github, ...slack];
}

const appSchema = z.looseObject({ name: z.string() });

async function checkGithub({ githubApp, githubApiUrl }: Environment): Promise<Finding | null> {
  if (githubApp === null) return null;
  const about = "GitHub App";
  const headers = {
    authorization: `Bearer ${appToken(githubApp.appId, githubApp.privateKey.reveal())}`,
    accept: "application/vnd.github+json",
    "user-agent": "Slipway",
  };
  const answer = await reach(`${githubApiUrl}/app`, { headers });
  if (typeof answer === "string") return warning(about, `cannot be asked: ${answer}`);
  const advice = "check APP_ID and PRIVATE_KEY, and the clock of this machine";
  if (answer.status === 401) return bad(about, "GitHub does not accept its key", advice);
  if (answer.status !== 200) return warning(about, `GitHub answers ${answer.status}`);
  return good(about, `GitHub knows it as ${nameIn(answer.text)}`);
}

function nameIn(text: string): string {
  try {
    return appSchema.safeParse(JSON.parse(text)).data?.name.slice(0, 80) ?? "an App";
  } catch {
    return "an App";
  }
}

/** docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App": a minute back for clocks that differ. */
function appToken(appId: number, privateKey: string): string {
  const nowS = Math.floor(Date.now() / 1000);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: nowS - 60, exp: nowS + 300, iss: String(appId) })}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
}

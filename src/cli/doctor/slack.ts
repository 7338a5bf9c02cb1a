/** Asks Slack whether it accepts us, and knows what slipway.yaml names; and ourselves, whether we hear Slack. Changes nothing. */
import type { Environment } from "../../config/load-environment.ts";
import type { Config } from "../../config/schema.ts";
import type { Finding } from "./finding.ts";
import { checkRequestUrl } from "./request-url.ts";
import { createSlackApi } from "./slack-api.ts";
import { checkChannels } from "./slack-channels.ts";
import { checkPeople } from "./slack-people.ts";
import { checkAppToken, checkBotToken } from "./slack-token.ts";

/** `config` is null where it has problems: then only the tokens are looked at. */
export async function checkSlack({ slack, slackApiUrl }: Environment, config: Config | null): Promise<Finding[]> {
  if (slack === null) return [];
  const { botToken, appToken, signingSecrets } = slack;
  const [signingSecret] = signingSecrets;
  // Socket Mode needs none.
  const url = appToken === null ? config?.url : undefined;

  async function askAsBot(): Promise<readonly Finding[]> {
    const ask = createSlackApi(slackApiUrl, botToken);
    const { findings, isAccepted } = await checkBotToken(ask, config);
    if (!isAccepted || config === null) return findings;
    const [channels, people] = await Promise.all([checkChannels(ask, config), checkPeople(ask, config)]);
    return [...findings, ...channels, ...people];
  }

  const [ofBot, ofSocket, ofAddress] = await Promise.all([
    askAsBot(),
    appToken === null ? null : checkAppToken(createSlackApi(slackApiUrl, appToken)),
    url && signingSecret ? checkRequestUrl(url, signingSecret) : null,
  ]);
  return [...ofBot, ...[ofSocket, ofAddress].filter((finding) => finding !== null)];
}

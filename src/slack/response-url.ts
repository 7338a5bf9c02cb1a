/** The address at which Slack takes an answer for one person: a secret of theirs, and an address to which we send. */

/** Where Slack's own are: docs.slack.dev/interactivity/handling-user-interaction, "response_url". */
const HOST = "hooks.slack.com";
const MAX_CHARS = 1000;

/**
 * Whether `url` is an address to which answers may be sent: Slack's own, or at the place that `apiUrl` (SLACK_API_URL)
 * names, so that nobody makes Slipway send anything elsewhere.
 */
export function isResponseUrl(url: unknown, apiUrl: string): url is string {
  if (typeof url !== "string" || url.length > MAX_CHARS) return false;
  const parsed = URL.parse(url);
  if (parsed?.username !== "" || parsed.password !== "") return false;
  if (parsed.protocol === "https:" && parsed.host === HOST) return true;
  return /^https?:$/.test(parsed.protocol) && parsed.origin === URL.parse(apiUrl)?.origin;
}

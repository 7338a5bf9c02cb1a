/** What Slack sends when somebody clicks on a button: docs.slack.dev/reference/interaction-payloads/block_actions-payload */

export type Click = {
  readonly deployment: string;
  readonly user?: string;
  readonly channel?: string;
  readonly team?: string;
  readonly triggerId?: string;
  readonly actionId?: string;
};

/** The payload, with whatever else is given. */
export function clickPayload(click: Click, given: Record<string, unknown> = {}): Record<string, unknown> {
  const {
    deployment,
    user = "U0ALICE",
    channel = "C0SHOP",
    team = "T0TEAM",
    triggerId = "13345224609.738474920.8088930838d88f008e0",
  } = click;
  const button = { type: "button", block_id: "P0z+f", action_ts: "1767326130.289415" };
  return {
    type: "block_actions",
    user: { id: user, username: "alice", name: "alice", team_id: team },
    api_app_id: "A0APP",
    token: "deprecated",
    container: { type: "message", message_ts: "1767326126.896109", channel_id: channel, is_ephemeral: false },
    trigger_id: triggerId,
    team: { id: team, domain: "acme" },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: channel, name: "shop" },
    message: { type: "message", user: "U0BOT", ts: "1767326126.896109", text: "shop failed", blocks: [] },
    state: { values: {} },
    response_url: "https://hooks.slack.com/actions/T0TEAM/1/abc",
    actions: [{ ...button, action_id: click.actionId ?? "slipway.consent.adopt", value: deployment }],
    ...given,
  };
}

/** As it travels. */
export function formOf(payload: unknown): string {
  return new URLSearchParams({ payload: typeof payload === "string" ? payload : JSON.stringify(payload) }).toString();
}

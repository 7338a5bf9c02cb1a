/** What each refusal of Slack means to us: whether it may pass, who can mend it, and how. */
import { AmbiguousError, OperatorError, PermanentError, RefusedMessageError, RetryLaterError } from "../errors.ts";

/** The request that was refused. */
export type SlackRequest = {
  /** "chat.postMessage" */
  readonly method: string;
  readonly channel: string;
  /** The key of slipway.yaml that names the channel: "sites.shop.channel". */
  readonly setting: string;
};

type Explain = (
  request: SlackRequest,
  code: string,
  more: { needed: string | null; retryAfterMs: number | null },
) => Error;

const badToken: Explain = (_, code) =>
  new OperatorError(
    "SLACK_BOT_TOKEN",
    `Slack does not accept the token (${code}); reinstall the Slack app and set its bot token, which begins with xoxb-`,
  );

const missingScope: Explain = (request, _, { needed }) =>
  new OperatorError(
    "SLACK_BOT_TOKEN",
    `the Slack app lacks the scope ${needed ?? scopeOf(request.method)} for ${request.method}; add it under "OAuth & Permissions" and reinstall the app`,
  );

/** Which scope a method needs, where Slack does not say: docs.slack.dev/reference/methods. */
function scopeOf(method: string): string {
  if (method === "conversations.list") return "channels:read";
  return method.startsWith("conversations.") ? "channels:history" : "chat:write";
}

/** What the operator is told where there is no such channel. */
export const unknownChannel = ({ setting, channel }: Pick<SlackRequest, "setting" | "channel">): OperatorError =>
  new OperatorError(
    setting,
    `Slack knows no channel ${channel}, or it is private and the bot is not in it; write the channel's id (C0123ABCD) and invite the bot there: /invite @slipway`,
  );

const notInChannel: Explain = ({ setting, channel }) =>
  new OperatorError(setting, `the bot is not in the channel ${channel}; invite it there: /invite @slipway`);

const archived: Explain = ({ setting, channel }) =>
  new OperatorError(setting, `the channel ${channel} is archived; unarchive it or name another one`);

const restricted: Explain = ({ setting, channel }, code) =>
  new OperatorError(
    setting,
    `the workspace does not let the bot post in ${channel} (${code}); let an owner of the workspace allow it, or name another channel`,
  );

const notInReach: Explain = ({ method, channel }, code) =>
  new PermanentError(`Slack answers ${code} to ${method}: whoever asked is not in ${channel} any more`);

const refusedMessage: Explain = ({ method }, code) =>
  new RefusedMessageError(code, `Slack answers ${code} to ${method}: it does not take this message`);

const noSuchThread: Explain = ({ method, channel }, code) =>
  new PermanentError(`Slack answers ${code} to ${method}: the message in ${channel} that the thread is about is gone`);

const tooLate: Explain = ({ method }, code) =>
  new PermanentError(
    `Slack answers ${code} to ${method}: a dialog opens within three seconds and once, and it is too late`,
  );

const noSuchMethod: Explain = ({ method }, code) =>
  new PermanentError(`Slack answers ${code} to ${method}: check SLACK_API_URL`);

const later: Explain = ({ method }, code, { retryAfterMs }) =>
  new RetryLaterError(retryAfterMs, `Slack answers ${code} to ${method}`);

/**
 * Error codes by what follows from them. Everything else, such as fatal_error and internal_error (of which Slack says
 * that some aspect may have succeeded all the same), may have had its effect.
 * Source: the error tables of docs.slack.dev/reference/methods/chat.postMessage, chat.postEphemeral, chat.update,
 * conversations.history, conversations.replies, views.open.
 */
const TABLE: ReadonlyArray<readonly [explain: Explain, codes: readonly string[]]> = [
  [
    badToken,
    [
      "invalid_auth",
      "not_authed",
      "account_inactive",
      "token_revoked",
      "token_expired",
      "not_allowed_token_type",
      "access_denied",
      "org_login_required",
      "team_access_not_granted",
      "enterprise_is_restricted",
      "ekm_access_denied",
      "no_permission",
    ],
  ],
  [missingScope, ["missing_scope"]],
  [unknownChannel, ["channel_not_found"]],
  [notInChannel, ["not_in_channel"]],
  [archived, ["is_archived", "is_inactive"]],
  [
    restricted,
    [
      "restricted_action",
      "restricted_action_read_only_channel",
      "restricted_action_non_threadable_channel",
      "messages_tab_disabled",
      "method_not_supported_for_channel_type",
      "team_not_found",
    ],
  ],
  [notInReach, ["user_not_in_channel", "user_not_found"]],
  [noSuchThread, ["thread_not_found", "cannot_reply_to_message"]],
  [
    tooLate,
    ["expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged"],
  ],
  [
    refusedMessage,
    [
      "msg_too_long",
      "msg_blocks_too_long",
      "no_text",
      "block_mismatch",
      "invalid_blocks",
      "invalid_blocks_format",
      "invalid_arguments",
      "invalid_arg_name",
      "invalid_array_arg",
      "invalid_charset",
      "invalid_form_data",
      "invalid_metadata_format",
      "invalid_metadata_schema",
      "metadata_too_large",
      "too_many_attachments",
      "view_too_large",
      "duplicate_external_id",
      "invalid_ts",
      "invalid_ts_oldest",
    ],
  ],
  [noSuchMethod, ["unknown_method", "method_deprecated", "deprecated_endpoint"]],
  [later, ["ratelimited", "rate_limited", "message_limit_exceeded"]],
];

const BY_CODE = new Map(TABLE.flatMap(([explain, codes]) => codes.map((code) => [code, explain] as const)));

/**
 * The message is not there any more, or cannot be edited: chat.update's errors. "is_inactive" says that the message can be
 * edited no more; where that is since its channel is archived, posting another one says so.
 */
const GONE = new Set(["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"]);

/** Whether chat.update was refused because there is no such message (any more) that the bot may edit. */
export function isGone(code: string): boolean {
  return GONE.has(code);
}

/** The error that follows from Slack's answer `ok: false` with this code. */
export function explainRefusal(
  request: SlackRequest,
  code: string,
  more: { needed: string | null; retryAfterMs: number | null },
): Error {
  const explain = BY_CODE.get(code);
  if (explain) return explain(request, code, more);
  // Not even a code: some proxy's page, which Bolt hands on as if Slack had said it.
  const shown = /^[a-z0-9_]{1,60}$/.test(code) ? code : "something that is no Slack answer";
  return new AmbiguousError(`Slack answers ${shown} to ${request.method}`);
}

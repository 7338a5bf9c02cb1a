/** What each way in which a request to Slack's Web API fails means to us, by class. */
import { AmbiguousError, describeError, OperatorError, RetryLaterError } from "../errors.ts";
import { neverReached, rootCause } from "../model/unreached.ts";
import { explainRefusal, type SlackRequest } from "./slack-refusal.ts";

/** The error that follows from what Slack's client threw. */
export async function explainFailure(error: unknown, request: SlackRequest): Promise<Error> {
  const { WebAPIPlatformError, WebAPIRateLimitedError, WebAPIHTTPError } = await import("@slack/web-api");
  if (error instanceof WebAPIRateLimitedError) {
    return new RetryLaterError(error.retryAfter * 1000, `Slack asks to wait ${error.retryAfter} s (${request.method})`);
  }
  if (error instanceof WebAPIPlatformError) {
    const { needed, response_metadata } = error.data as {
      needed?: unknown;
      response_metadata?: { retryAfter?: number };
    };
    const retryAfter = response_metadata?.retryAfter;
    return explainRefusal(request, error.data.error, {
      needed: typeof needed === "string" && /^[\w:.,-]{1,200}$/.test(needed) ? needed : null,
      retryAfterMs: retryAfter === undefined ? null : retryAfter * 1000,
    });
  }
  if (error instanceof WebAPIHTTPError) {
    const retryAfter = Number(error.headers["retry-after"]);
    if (error.statusCode === 503 && retryAfter > 0) {
      return new RetryLaterError(retryAfter * 1000, `Slack answers 503 to ${request.method}`);
    }
    // 408: the other side grew tired of waiting; what it had read by then nobody knows.
    if (error.statusCode >= 400 && error.statusCode < 500 && error.statusCode !== 408) {
      // Slack itself says everything with 200 or 429: this is a proxy's word, or somebody else's.
      return new OperatorError(
        "SLACK_API_URL",
        `HTTP ${error.statusCode} came back for ${request.method}, which is not Slack's; check the address, and the proxy on the way`,
      );
    }
    return new AmbiguousError(`Slack answers HTTP ${error.statusCode} to ${request.method}`);
  }
  if (neverReached(error)) {
    return new RetryLaterError(null, `Slack cannot be reached: ${describeError(rootCause(error))}`, { cause: error });
  }
  return new AmbiguousError(
    `${request.method} was sent to Slack and no answer came: ${describeError(rootCause(error))}`,
    {
      cause: error,
    },
  );
}

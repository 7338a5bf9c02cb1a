/** One request of the doctor's, bounded in time and length, and why it got no answer. */
import { describeError } from "../../errors.ts";
import { rootCause } from "../../model/unreached.ts";
import { readAtMost } from "../../process/read-at-most.ts";

const ANSWER_WITHIN_MS = 15_000;
/** Far more than any answer that is read here: a workspace's user groups are the longest. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2;

export type Reached = { readonly status: number; readonly headers: Headers; readonly text: string };

/** The answer, or one line that says why there is none: "slack.com: getaddrinfo ENOTFOUND slack.com". Follows no redirect. */
export async function reach(url: string, request: RequestInit): Promise<Reached | string> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const response = await fetch(url, { ...request, redirect: "manual", signal });
    const body = await readAtMost(response.body, MAX_ANSWER_BYTES);
    if (body === null) throw new Error("the answer is too long");
    return { status: response.status, headers: response.headers, text: body.toString("utf8") };
  } catch (error) {
    const why = signal.aborted
      ? `no answer within ${ANSWER_WITHIN_MS / 1000} seconds`
      : describeError(rootCause(error));
    return `${new URL(url).host}: ${why}`;
  }
}

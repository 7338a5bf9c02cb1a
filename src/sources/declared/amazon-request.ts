/** Asks Amazon SNS for something, within limits: its own hosts alone, no redirects, three seconds, 64 KiB. */
import { describeError, RetryLaterError } from "../../errors.ts";
import { readAtMost } from "../../process/read-at-most.ts";

/** Certificates and confirmations have some 2 KiB. In bytes. */
const MAX_BYTES = 64 * 1024;
const MAX_MS = 3000;

export type AmazonDeps = {
  /** Default: the one of Node. */
  readonly fetch?: typeof globalThis.fetch;
  /** What may be asked: origins of URLs. Default: https and the hosts of Amazon SNS. */
  readonly origins?: RegExp;
};

/**
 * https://sns.<region>.amazonaws.com, and the same in China: the pattern of Amazon's own validators,
 * https://github.com/aws/aws-js-sns-message-validator
 */
const SNS_ORIGINS = /^https:\/\/sns\.[a-z0-9-]{3,32}\.amazonaws\.com(\.cn)?$/;

/** The URL, when it is on a host of Amazon SNS and has nothing in it that could lead elsewhere; else null. */
export function parseAmazonUrl(text: string, { origins = SNS_ORIGINS }: AmazonDeps): URL | null {
  const url = text.length <= 2048 ? URL.parse(text) : null;
  return url && origins.test(url.origin) && url.username === "" && url.password === "" && url.hash === "" ? url : null;
}

/**
 * What is there; null where Amazon says that there is nothing, points elsewhere or sends too much. Throws RetryLaterError
 * where it does not answer.
 */
export async function getFromAmazon(url: URL, { fetch = globalThis.fetch }: AmazonDeps): Promise<Buffer | null> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(MAX_MS) });
    if (response.status >= 500 || response.status === 429) {
      await response.body?.cancel();
      throw new RetryLaterError(null, `${url.host} answered ${response.status}`);
    }
    if (response.status === 200) return await readAtMost(response.body, MAX_BYTES);
    await response.body?.cancel();
    return null;
  } catch (cause) {
    if (cause instanceof RetryLaterError) throw cause;
    throw new RetryLaterError(null, `${url.host} did not answer: ${describeError(cause)}`, { cause });
  }
}

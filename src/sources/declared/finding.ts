/** What the doctor for signatures says: what happened and what to do, never a secret, a signature or a body. */
import { headerOf, type Received } from "../../model/received.ts";
import type { Finding } from "../../model/rejection.ts";

export type FindingCode =
  /** Everything fits now. */
  | "fits"
  | "header-missing"
  | "header-twice"
  /** The signature or token has another form than the definition says. */
  | "form"
  | "encoding"
  | "algorithm"
  | "message"
  /** The message is signed without the time that the definition says. */
  | "message-without-time"
  | "time-form"
  | "time-unit"
  | "clock"
  | "no-secret"
  | "old-secret"
  | "secret-trimmed"
  | "secret-quotes"
  | "secret-newline"
  /** The secret is read in another way than the sender reads it: as text, base64, hex, or after whsec_. */
  | "secret-form"
  | "form-bytes"
  | "body-changed"
  | "path-changed"
  | "token-form"
  | "token-url-encoded"
  | "claims"
  | "sns-raw"
  | "sns-message"
  | "sns-topic"
  | "sns-headers"
  | "sns-certificate"
  /** None of what was tried fits. */
  | "nothing-fits";

export type SignatureFinding = Finding & { readonly code: FindingCode };

/** A value as it may have been meant, and what is to be said if it was. No findings: as it should be. */
export type Reading<T> = { readonly value: T; readonly findings: readonly SignatureFinding[] };

export const finding = (code: FindingCode, sentence: string): SignatureFinding => ({ code, sentence });

const LOOKS_LIKE_PROOF = /sign|hmac|hub|token|secret|auth|api-?key|webhook/;

/** What is wrong with a header that has to come once; null where it did. */
export function explainHeader(received: Received, name: string): SignatureFinding | null {
  if (headerOf(received, name) !== null) return null;
  if ((received.headers[name]?.length ?? 0) > 1) {
    return finding(
      "header-twice",
      `The header ${name} came more than once, and nobody knows which one counts. Something between the sender and Slipway adds it: remove that.`,
    );
  }
  const others = Object.keys(received.headers).filter((it) => LOOKS_LIKE_PROOF.test(it) && /^[\w-]{1,60}$/.test(it));
  const instead =
    others.length > 0
      ? `What came and looks like one: ${others.slice(0, 5).join(", ")}.`
      : "No other header looks like one.";
  return finding(
    "header-missing",
    `The header ${name} did not come. ${instead} Set the secret at the sender, without which most do not sign, or the kind of this source to the one that sends.`,
  );
}

/** What is wrong with the time of a sender, in its own unit; null where nothing is. */
export function explainTime(
  text: string,
  unit: "s" | "ms",
  toleranceMs: number,
  nowMs: number,
): SignatureFinding | null {
  if (!/^[1-9]\d{0,15}$/.test(text))
    return finding(
      "time-form",
      "The sender's time is no whole number of seconds or milliseconds since 1970. Set timestamp to the place where that stands.",
    );
  const [said, other] = unit === "s" ? [Number(text) * 1000, Number(text)] : [Number(text), Number(text) * 1000];
  const skewMs = said - nowMs;
  if (Math.abs(skewMs) <= toleranceMs) return null;
  if (Math.abs(skewMs) > TEN_YEARS_MS && Math.abs(other - nowMs) < TEN_YEARS_MS) {
    const is = unit === "s" ? "ms" : "s";
    return finding(
      "time-unit",
      `The sender's time is in ${is === "ms" ? "milliseconds" : "seconds"}, and ${unit} is expected. Set unit: ${is}.`,
    );
  }
  const direction = skewMs > 0 ? "ahead of" : "behind";
  return finding(
    "clock",
    `The sender's time is ${describeMs(Math.abs(skewMs))} ${direction} Slipway's, and ${describeMs(toleranceMs)} are allowed. Either it was sent again or held up on its way, or one of the clocks is wrong: check that this machine's is set by NTP.`,
  );
}

const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** "90 s", "12 min", "3 h", "400 days". */
function describeMs(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}

/**
 * The kinds of failure, by who can mend them. Code decides by class, never by the text of a message.
 * Everything that is none of these is unknown and therefore retried.
 */

/** The sender of a request did something wrong; `status` is the HTTP answer it gets. */
export class SenderError extends Error {
  override readonly name = "SenderError";
  readonly status: number;
  /** After how long the sender may come again, for 429 and 503; null where that is not said. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, message: string, retryAfterSeconds: number | null = null) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Trying again cannot help: the input is wrong, or the other side said no for good. */
export class PermanentError extends Error {
  override readonly name: string = "PermanentError";
}

/** The other side does not take this message as it is; another wording of the same may be taken. */
export class RefusedMessageError extends PermanentError {
  override readonly name = "RefusedMessageError";
  /** The other side's own word for it: "invalid_blocks". */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A verified delivery is not of the shape that its sender documents. It is kept, told to the operator, never guessed at. */
export class UnparseableError extends PermanentError {
  override readonly name = "UnparseableError";
}

/**
 * Only the operator can mend this, by changing a setting or a file. `key` names which one
 * ("sites.shop.password", "WEBHOOK_SECRET"); the message says what is wrong and what to do.
 */
export class OperatorError extends PermanentError {
  override readonly name = "OperatorError";
  readonly key: string;

  constructor(key: string, message: string, options?: ErrorOptions) {
    super(`${key}: ${message}`, options);
    this.key = key;
  }
}

/**
 * The other side was not reached, or said "not now" (HTTP 429, or 503 with Retry-After): nothing happened there, and
 * the same may be tried again.
 */
export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";
  /** How long the other side asked to wait, in milliseconds; null leaves it to the usual backoff. */
  readonly delayMs: number | null;

  constructor(delayMs: number | null, message: string, options?: ErrorOptions) {
    super(message, options);
    this.delayMs = delayMs;
  }
}

/**
 * A request was sent and no answer came back, so it may or may not have had its effect.
 * Whoever performs effects has to look before it repeats.
 */
export class AmbiguousError extends Error {
  override readonly name = "AmbiguousError";
}

/** One line about any thrown value, for logs and records. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeError).join("; ");
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim().slice(0, 1000);
}

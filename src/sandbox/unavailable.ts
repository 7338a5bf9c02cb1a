/** Why an isolation cannot be had here. */

/** `message` is what is wrong, and `advice` what to do about it, both for the operator. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

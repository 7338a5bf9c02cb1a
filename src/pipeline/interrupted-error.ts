/** Slipway is being stopped. What a deployment was at is handed over to the next start. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("Slipway is being stopped");
  }
}

/** The secrets of one source: up to three at a time, each with its name and its end. */
import type { Secret } from "./secret.ts";

export type ActiveSecret = {
  /** The reference as slipway.yaml has it, which is no secret: "env:STRIPE_SECRET". */
  readonly name: string;
  readonly secret: Secret;
  /** The moment from which it is accepted no more, in milliseconds since 1970; null: no end. */
  readonly untilMs: number | null;
};

/**
 * All of them, the newest first; those that have ended are recognised where somebody still signs with them. Asked for each
 * request, so it answers from memory.
 */
export type SecretList = () => readonly ActiveSecret[];

/** Whether a secret is accepted at that moment. */
export const isAccepted = ({ untilMs }: Pick<ActiveSecret, "untilMs">, nowMs: number): boolean =>
  untilMs === null || nowMs < untilMs;

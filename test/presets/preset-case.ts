/** One sender as the contract of presets (contract.ts) wants it: how it is set up, and how it signs. */
import type { SourceSettingsInput } from "../../src/config/source-settings.ts";
import type { Reading } from "../../src/presets/preset.ts";

/** A request as that sender makes it. */
export type SentRequest = {
  readonly method?: "POST" | "GET" | "PUT";
  /** What follows /hooks/NAME in the target: "/the-token", "?a=b"; default "". */
  readonly suffix?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

export type PresetCase = {
  readonly kind: string;
  /** What tells this case from others of the same kind: "a resolved alert". */
  readonly name: string;
  /** What stands in slipway.yaml beside kind and secret. */
  readonly settings: Omit<SourceSettingsInput, "kind" | "secret" | "secrets">;
  /** A secret of the form that the sender gives out. `other` is another one of that form. */
  readonly secret: string;
  readonly other: string;
  /**
   * Signed (or carrying the token) with `secret` at `nowMs` by code that was not written here where there is such code.
   * `body` replaces the usual one; `path` is where it is sent; `attempt` counts from 1 and makes whatever a retry of the sender makes other.
   */
  request(
    secret: string,
    nowMs: number,
    options?: { readonly body?: string; readonly attempt?: number; readonly path?: string },
  ): SentRequest | Promise<SentRequest>;
  /** Whose code or vector signs: "the package stripe", "openssl", "none: a token is sent as it is". */
  readonly signedBy: string;
  /** The header that the signature stands in; null where a token is sent elsewhere. */
  readonly signatureHeader: string | null;
  /** Whether the body is signed; false for tokens. */
  readonly isBodySigned: boolean;
  /** How far a clock may be off, in milliseconds; null where the sender says no time that is signed. */
  readonly toleranceMs: number | null;
  /** Whether the same request sent again is a duplicate (true), or nothing tells (false). */
  readonly isDeduped: boolean;
  /** What is read from it. */
  readonly reading: Partial<Reading>;
};

/** What somebody asks of Slipway in words, by a button or in a dialog, once it is understood. */

export const VERBS = [
  "status",
  "deploy",
  "redeploy",
  "rebuild",
  "rollback",
  "cancel",
  "lock",
  "unlock",
  "pause",
  "resume",
  "logs",
  "releases",
  "diff",
  "audit",
  "help",
  "whoami",
] as const;
export type Verb = (typeof VERBS)[number];

/** Which release, commit or deployment a command is about. */
export type CommandTarget =
  /** The start of a release's or commit's id, hexadecimal and lower case, at least 4 digits. */
  | { readonly kind: "hex"; readonly start: string }
  /** So many releases before the live one; "previous" is 1. */
  | { readonly kind: "back"; readonly steps: number }
  /** The id of a deployment: d-mf2k9x1c-4f7a */
  | { readonly kind: "deployment"; readonly id: string };

export type Command = {
  readonly verb: Verb;
  /** help: the command that is asked about; null for all of them, and for every other verb. */
  readonly about: Verb | null;
  /** As slipway.yaml names it. Null: none was named. */
  readonly site: string | null;
  readonly target: CommandTarget | null;
  readonly reason: string | null;
  /** How long a lock or pause lasts, in milliseconds; null: until somebody ends it. */
  readonly forMs: number | null;
  /** Replaces files of others and removes most files where the release asks for that. */
  readonly isForced: boolean;
  /** Only says what would be done. */
  readonly isDryRun: boolean;
  /** Needs no dialog. */
  readonly isSure: boolean;
};

/**
 * A preset: what one known sender signs, names and sends, written down once. Its definition is what anybody could write
 * into slipway.yaml; beside it stands how its payloads are read. Nothing in here does anything.
 */
import type { z } from "zod";
import type { DefinitionInput } from "../config/source-definition.ts";
import type { SourceSettings } from "../config/source-settings.ts";
import { UnparseableError } from "../errors.ts";
import type { AlertReport } from "../model/alert.ts";
import type { GitPush } from "../model/git-push.ts";
import type { Note } from "../model/note.ts";
import type { Payload, Received } from "../model/received.ts";

/** What a preset is for: what its deliveries do unless `routes` says otherwise. */
export type Purpose = "content" | "alerts" | "notes" | "git" | "any";

/** What one delivery says, in our words. What is absent it does not say; where nothing is there, the routes may have words for it. */
export type Reading = {
  /** It only tries whether we are there; the words say so in the record. */
  readonly ping?: string;
  /** It says nothing that anybody waits for; why. */
  readonly ignored?: string;
  readonly content?: { readonly titles: readonly string[]; readonly by: string | null };
  readonly alerts?: readonly AlertReport[];
  readonly note?: Note;
  /** Every branch and tag that moved. */
  readonly push?: readonly GitPush[];
};

/** A verified delivery, as presets read it. */
export type Verified = {
  readonly received: Received;
  readonly payload: Payload;
  /** What the sender calls the event, as the definition finds it; "" where it says nothing. */
  readonly event: string;
  readonly receivedAtMs: number;
  /** What slipway.yaml says of the source, for the presets that need more of it than their definition. */
  readonly settings?: SourceSettings;
};

export type Preset = {
  /** As slipway.yaml calls it. */
  readonly kind: string;
  /** As people call it. */
  readonly label: string;
  readonly purpose: Purpose;
  /** The sender's own page about its webhooks. */
  readonly docs: string;
  /** The headers that `read` looks at, beside those of the definition; no others are kept. */
  readonly headers?: readonly string[];
  /** What shows that it works, beside our own reading: the name of the fixture or signer; null marks it as unproven. */
  readonly provenBy: string | null;
  /** The keys of `SourceSettings` that go with it, beside those of its purpose. */
  readonly keys: ReadonlyArray<keyof SourceSettings>;
  /** Whether a secret is needed, or none of use. Default: needed. */
  readonly secret: "needed" | "optional" | "none";
  /** Its definition, as plain configuration. A few of its parts follow the settings. */
  readonly definition: (settings: SourceSettings) => DefinitionInput;
  /** The events that it acts on, as patterns; empty: all. */
  readonly events: readonly string[];
  /** Throws UnparseableError where the payload does not have what the sender documents. */
  readonly read: (delivery: Verified) => Reading;
};

/** How a payload of the given shape is read: the schema holds the fields that are used, and no others. */
export function reading<T extends z.ZodType>(
  schema: T,
  read: (payload: z.output<T>, delivery: Verified) => Reading,
): Preset["read"] {
  return (delivery) => {
    const parsed = schema.safeParse(delivery.payload.json);
    if (parsed.success) return read(parsed.data, delivery);
    throw new UnparseableError(describeIssues(parsed.error));
  };
}

/** What does not fit, by the names of the fields; never their values, which may be anybody's. */
function describeIssues(error: z.ZodError): string {
  const issues = error.issues
    .slice(0, 5)
    .map(({ path, code }) => `${path.map(String).join(".") || "the payload"} (${code})`);
  return `the payload lacks what its sender documents: ${issues.join(", ")}`
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 500);
}

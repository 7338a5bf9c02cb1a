/** Notices: something to tell people, as data. How it is worded is `notify/wording/`'s business. */
import type { Alert } from "./alert.ts";
import type { CiIncident } from "./ci.ts";
import type { Note } from "./note.ts";

/** Many news of one channel, in one message that is edited while they come. */
export type Digest = {
  readonly sinceMs: number;
  /** Null while it goes on. */
  readonly endedAtMs: number | null;
  /** The news, grouped by what they are about, the one with the most first. */
  readonly groups: ReadonlyArray<{
    readonly title: string;
    readonly count: number;
    /** How the last one of the group stands. */
    readonly state: "bad" | "good";
    readonly url: string | null;
  }>;
};

/** What happened on all sites of a channel within a day. */
export type Summary = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly sites: ReadonlyArray<{
    readonly site: string;
    readonly live: number;
    readonly failed: number;
    readonly other: number;
    /** Median time from the start to live, in milliseconds; null where nothing went live. */
    readonly medianMs: number | null;
    readonly hold: string | null;
  }>;
  /** Workflows that are broken now: "ci.yml on main of acme/shop". */
  readonly broken: readonly string[];
};

export type Notice =
  | {
      readonly about: "installed";
      readonly account: string;
      readonly repoNames: readonly string[];
    }
  | {
      readonly about: "site_paused" | "site_resumed" | "site_locked" | "site_unlocked";
      readonly site: string;
      readonly reason: string;
    }
  | { readonly about: "ci"; readonly setting: string; readonly incident: CiIncident }
  | { readonly about: "digest"; readonly setting: string; readonly digest: Digest }
  | { readonly about: "summary"; readonly setting: string; readonly summary: Summary }
  | {
      /** Somebody wants what needs two people; `answer` ends it. */
      readonly about: "second_person";
      readonly request: string;
      readonly site: string;
      readonly by: string;
      /** What they want, in our words: "roll back from a1b2c3d to 9f8e7d6". */
      readonly what: string;
      readonly reason: string | null;
      readonly expiresAtMs: number;
      readonly answer: { readonly kind: "approved" | "declined" | "expired"; readonly by: string | null } | null;
    }
  | { readonly about: "alert"; readonly setting: string; readonly alert: Alert; readonly hasButtons: boolean }
  | { readonly about: "note"; readonly setting: string; readonly label: string; readonly note: Note }
  | {
      /** A delivery that did nothing because it looks like another one; `id` is its number, for the button that runs it. */
      readonly about: "held" | "conflict";
      readonly id: number;
      readonly hasButtons: boolean;
      readonly source: string;
      readonly event: string;
      readonly deliveryKey: string;
      readonly reason: string;
    }
  | {
      /** Events for another program were given up: `dead` counts those that are kept. */
      readonly about: "webhook";
      readonly host: string;
      readonly dead: number;
      readonly reason: string;
    }
  | {
      readonly about: "unparseable" | "dead";
      readonly source: string;
      readonly event: string;
      readonly deliveryKey: string;
      readonly reason: string;
    };

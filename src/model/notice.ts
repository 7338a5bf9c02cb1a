/** Notices: something to tell people, as data. How it is worded is `notify/wording.ts`'s business. */

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
  | {
      readonly about: "unparseable" | "dead";
      readonly source: string;
      readonly event: string;
      readonly deliveryKey: string;
      readonly reason: string;
    };

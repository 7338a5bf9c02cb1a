/** What the reader knows besides a payload itself. */

export type Reading = {
  /** When the delivery came, in milliseconds since 1970. */
  readonly receivedAtMs: number;
  /** SLACK_API_URL; it ends in "/". */
  readonly apiUrl: string;
};

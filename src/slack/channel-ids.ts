/**
 * The ids of channels that slipway.yaml calls by their names: Slack posts to a name, and shows the history of an id alone.
 * docs.slack.dev/reference/methods/conversations.list
 */

/** One page of the channels that the bot can see. */
type ChannelPage = {
  readonly channels: ReadonlyArray<{ readonly id: string; readonly name: string }>;
  /** "" or absent: there are no more. */
  readonly next?: string;
};

export type ChannelIds = {
  /** A post told where the channel is. */
  learn(channel: string, id: string): void;
  /** Asks Slack where that is not known; null where no channel is called so. Throws what `list` throws. */
  idOf(channel: string, list: (cursor: string) => Promise<ChannelPage>): Promise<string | null>;
};

/** With 1000 on a page, more than any workspace that is told of. */
const MAX_PAGES = 20;
const MAX_KEPT = 1000;

export function createChannelIds(): ChannelIds {
  const known = new Map<string, string>();
  const nameOf = (channel: string) => channel.replace(/^#/, "");

  function learn(channel: string, id: string): void {
    if (isChannelId(channel) || known.size >= MAX_KEPT) return;
    known.set(nameOf(channel), id);
  }

  return {
    learn,
    async idOf(channel, list) {
      if (isChannelId(channel)) return channel;
      const kept = known.get(nameOf(channel));
      if (kept !== undefined) return kept;
      let cursor = "";
      for (let page = 0; page < MAX_PAGES; page++) {
        const { channels, next = "" } = await list(cursor);
        const found = channels.find(({ name }) => name === nameOf(channel));
        if (found) {
          learn(channel, found.id);
          return found.id;
        }
        if (next === "") return null;
        cursor = next;
      }
      return null;
    },
  };
}

/** Names have no capital letters. */
const isChannelId = (channel: string) => /^[CGD][A-Z0-9]{1,40}$/.test(channel);

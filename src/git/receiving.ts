/** How much of a fetch has arrived, as far as the disk shows it. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { bytesText } from "../model/quantities.ts";

export type Receiving = {
  /** Ends the watch. Answers with the most bytes of a pack that were seen at once. */
  stop(): Promise<number>;
};

const LOOK_EVERY_MS = 1000;
const SAY_EVERY_MS = 5000;
/** A host that has to pack a large repository first is silent for minutes. */
const SAY_WAITING_EVERY_MS = 15_000;

/**
 * Watches the packs that a fetch is writing into a bare repository and says every few seconds how large they have
 * become. Git's own progress is no help: it redraws one line, and a transcript gets whole lines.
 */
export function watchReceiving(
  folder: string,
  say: (text: string) => void,
  { lookEveryMs = LOOK_EVERY_MS, sayEveryMs = SAY_EVERY_MS, sayWaitingEveryMs = SAY_WAITING_EVERY_MS } = {},
): Receiving {
  let most = 0;
  let saidMs = performance.now();

  async function look(): Promise<void> {
    most = Math.max(most, await receivedBytes(join(folder, "objects", "pack")));
    if (performance.now() < saidMs + (most === 0 ? sayWaitingEveryMs : sayEveryMs)) return;
    saidMs = performance.now();
    say(most === 0 ? "Nothing has arrived yet: the host is packing its answer" : `Received ${bytesText(most)} so far`);
  }

  const timer = setInterval(() => void look(), lookEveryMs);
  return {
    async stop() {
      clearInterval(timer);
      saidMs = Number.POSITIVE_INFINITY;
      await look();
      return most;
    },
  };
}

/** The size of what git is writing: `tmp_pack_XXXXXX`, until the pack is whole and gets its name. */
async function receivedBytes(packs: string): Promise<number> {
  const names = await readdir(packs).catch(() => []);
  const files = names.filter((name) => name.startsWith("tmp_pack_")).map((name) => join(packs, name));
  const sizes = await Promise.all(files.map(async (path) => (await stat(path).catch(() => null))?.size ?? 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}

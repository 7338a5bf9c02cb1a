/** How much of a fetch has arrived, as far as the disk shows it. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export type Receiving = {
  /** Ends the watch. Answers with the most bytes of a pack that were seen at once. */
  stop(): Promise<number>;
};

const LOOK_EVERY_MS = 1000;
const SAY_EVERY_MS = 5000;

/**
 * Watches the packs that a fetch is writing into a bare repository and says every few seconds how large they have
 * become. Git's own progress is no help: it redraws one line, and a transcript gets whole lines.
 */
export function watchReceiving(
  folder: string,
  say: (text: string) => void,
  { lookEveryMs = LOOK_EVERY_MS, sayEveryMs = SAY_EVERY_MS } = {},
): Receiving {
  let most = 0;
  let nextMs = performance.now() + sayEveryMs;

  async function look(): Promise<void> {
    most = Math.max(most, await receivedBytes(join(folder, "objects", "pack")));
    if (most === 0 || performance.now() < nextMs) return;
    nextMs = performance.now() + sayEveryMs;
    say(`Received ${(most / 1e6).toFixed(1)} MB so far`);
  }

  const timer = setInterval(() => void look(), lookEveryMs);
  return {
    async stop() {
      clearInterval(timer);
      nextMs = Number.POSITIVE_INFINITY;
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

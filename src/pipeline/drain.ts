/** Lets a publish that is to be interrupted finish the files that it is sending, and begin no other. */
import { PassThrough, type Readable } from "node:stream";
import type { Contents, UploadProgress } from "../publish/options.ts";

export type Drain = {
  /** The same contents, which can be drained. */
  over(contents: Contents): Contents;
  /** To be told of every progress of the publish. */
  onProgress(progress: Pick<UploadProgress, "files">): void;
  /**
   * Keeps back what is opened from now on, and resolves when all that was opened before has arrived, or after
   * `limitMs`. Answers with the way to let go of what was kept back: a publish that cannot be cancelled any more needs it.
   */
  begin(limitMs: number): Promise<() => void>;
};

/** The host confirms the end of a file a moment after it was read; one that is tried again is never confirmed. */
const CONFIRM_MS = 1500;

export function createDrain(): Drain {
  let isDraining = false;
  let opened = 0;
  let reading = 0;
  let arrived = 0;
  let look = () => {};
  const keptBack: Array<() => void> = [];

  function track(stream: Readable): Readable {
    opened += 1;
    reading += 1;
    stream.once("close", () => {
      reading -= 1;
      look();
    });
    return stream;
  }

  /** A stream that has nothing to give until it is let go. */
  function keepBack(open: () => Readable): Readable {
    const later = new PassThrough();
    keptBack.push(() => {
      if (later.destroyed) return;
      open()
        .on("error", (error) => later.destroy(error))
        .pipe(later);
    });
    return later;
  }

  return {
    over: (contents) => ({
      open: (sha256) => (isDraining ? keepBack(() => contents.open(sha256)) : track(contents.open(sha256))),
    }),
    onProgress({ files }) {
      arrived = files;
      look();
    },
    begin(limitMs) {
      isDraining = true;
      const letGo = () => {
        isDraining = false;
        for (const go of keptBack.splice(0)) go();
      };
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(limit);
          clearTimeout(confirmation);
          look = () => {};
          resolve(letGo);
        };
        const limit = setTimeout(end, limitMs);
        let confirmation: NodeJS.Timeout | undefined;
        look = () => {
          if (reading > 0) return;
          if (arrived >= opened) end();
          else confirmation ??= setTimeout(end, CONFIRM_MS);
        };
        look();
      });
    },
  };
}

import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createDrain } from "../../src/pipeline/drain.ts";

/** Contents that are read as far as somebody feeds them. */
function createContents() {
  const streams = new Map<string, PassThrough>();
  const contents = {
    open(sha256: string) {
      const stream = new PassThrough();
      streams.set(sha256, stream);
      return stream;
    },
  };
  return {
    contents,
    end: (sha256: string) => streams.get(sha256)?.end(sha256),
    isOpen: (it: string) => streams.has(it),
  };
}

describe("A publish that is drained", () => {
  test("reads to its end what it has begun, and gets nothing of what comes after", async () => {
    const { contents, end, isOpen } = createContents();
    const drain = createDrain();
    const drained = drain.over(contents);
    const first = text(drained.open("first"));
    let letGo: (() => void) | undefined;
    const done = drain.begin(60_000).then((go) => {
      letGo = go;
    });
    const second = text(drained.open("second"));
    expect([isOpen("first"), isOpen("second"), letGo]).toEqual([true, false, undefined]);
    end("first");
    expect(await first).toBe("first");
    drain.onProgress({ files: 1 });
    await done;
    expect(isOpen("second")).toBe(false);

    letGo?.();
    end("second");
    expect(await second).toBe("second");
  });

  test("waits for nothing when nothing is under way", async () => {
    const drain = createDrain();
    await drain.begin(60_000);
  });

  test("waits no longer than it was told to", async () => {
    const { contents } = createContents();
    const drain = createDrain();
    const stream = drain.over(contents).open("never");
    await drain.begin(20);
    stream.destroy();
  });

  test("waits a moment and no longer for the host's word on a file that was sent", async () => {
    const { contents, end } = createContents();
    const drain = createDrain();
    const read = text(drain.over(contents).open("it"));
    end("it");
    await read;
    const beganMs = performance.now();
    await drain.begin(60_000);
    expect(performance.now() - beganMs).toBeLessThan(5000);
  });
});

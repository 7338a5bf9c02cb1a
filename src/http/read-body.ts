/** Reads the raw bytes of a request, within a size and at a decent rate. */
import type { IncomingMessage } from "node:http";
import { SenderError } from "../errors.ts";

/** A body of which nothing comes for this long is given up. */
const IDLE_MS = 5000;
/** After this long, a body must have come at MIN_BYTES_PER_SECOND on average. */
const GRACE_MS = 5000;
/** Far below the slowest sender we know of, far above a client that drips bytes to hold a connection. */
const MIN_BYTES_PER_SECOND = 8 * 1024;
const CHECK_MS = 1000;

/** Whether the size that the request announces is allowed; one that announces none is counted while it comes. */
export function isAcceptable(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers["content-length"] ?? 0) <= maxBytes;
}

/** Counts the bytes of many bodies together. */
export type BodyMeter = {
  /** Whether so many bytes more may be held. */
  add(bytes: number): boolean;
};

/** What a sender is told for whom there is no room: what is being read is over soon. */
const FULL_RETRY_SECONDS = 10;

/**
 * The body of `request`. Throws SenderError 413 above `maxBytes`, 408 when it comes too slowly, 400 when it is cut, 503
 * when the meter takes no more.
 */
export function readBody(request: IncomingMessage, maxBytes: number, meter?: BodyMeter): Promise<Buffer> {
  if (!isAcceptable(request, maxBytes)) return Promise.reject(new SenderError(413, "payload too large"));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const startedMs = performance.now();
    let lastMs = startedMs;

    const watch = setInterval(() => {
      const now = performance.now();
      const elapsed = now - startedMs;
      const isSlow = elapsed > GRACE_MS && bytes < (elapsed / 1000) * MIN_BYTES_PER_SECOND;
      if (isSlow || now - lastMs > IDLE_MS) end(new SenderError(408, "request timeout"));
    }, CHECK_MS);

    function end(error: Error | null): void {
      clearInterval(watch);
      request.off("data", onData).off("end", onEnd).off("error", onCut).off("close", onCut);
      if (error) reject(error);
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes));
    }
    function onData(chunk: Buffer): void {
      bytes += chunk.length;
      lastMs = performance.now();
      if (bytes > maxBytes) end(new SenderError(413, "payload too large"));
      else if (meter && !meter.add(chunk.length)) end(new SenderError(503, "try again later", FULL_RETRY_SECONDS));
      else chunks.push(chunk);
    }
    const onEnd = () => end(null);
    const onCut = () => end(new SenderError(400, "the request was cut off"));
    request.on("data", onData).on("end", onEnd).on("error", onCut).on("close", onCut);
  });
}

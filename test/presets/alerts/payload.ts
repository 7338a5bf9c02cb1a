/** The payloads in payloads/: the documented examples of their senders, without what is neither read nor telling. */
import { readFileSync } from "node:fs";

export function payloadText(name: string): string {
  return readFileSync(new URL(`payloads/${name}.json`, import.meta.url), "utf8");
}

/** To be changed by a test. */
// biome-ignore lint/suspicious/noExplicitAny: the tests reach into it as they need.
export const payload = (name: string): any => JSON.parse(payloadText(name));

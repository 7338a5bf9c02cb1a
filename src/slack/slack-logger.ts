/** What Slack's own packages have to say: our errors tell it better, so that the rest is for "debug". */
import type { Logger } from "@slack/bolt";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";

/** Their warnings and errors, for "debug". Below that they tell whole payloads, with addresses that nobody may know. */
export function slackLogger(log: Log): Logger {
  const tell = (...words: unknown[]) => log.debug({ from: "slack" }, words.map(describeError).join(" "));
  return {
    debug() {},
    info() {},
    warn: tell,
    error: tell,
    setLevel() {},
    setName() {},
    getLevel: () => "warn" as ReturnType<Logger["getLevel"]>,
  };
}

/** The ways in which the demo's FTP server can be told to fail, and what has to be counted for them. */

/**
 * All counting starts when the misbehaviour is set, over all connections together, at 1. What has an `nth` happens
 * once; without it, each time. A `path` is tested against the absolute path inside the server, such as "/site/a.html".
 */
export type Misbehaviour = {
  /** Waits before each reply, in milliseconds. */
  readonly replyDelayMs?: number;
  /** Says that the password is wrong, whatever it is. */
  readonly refuseLogin?: boolean;
  /** Refuses connections beyond `count`: "greeting" before they have said anything, "login" after PASS. */
  readonly limitConnections?: { readonly count: number; readonly at: "greeting" | "login" };
  /** RNTO, or STOR, may not replace what is there. */
  readonly refuseOverwrite?: "rename" | "store" | "both";
  /** Answers a command with this reply in place of carrying it out, e.g. "452 No space left on device". */
  readonly refuse?: { readonly verb: string; readonly nth?: number; readonly path?: RegExp; readonly reply: string };
  /**
   * Stores only the first `afterBytes` bytes of an upload that is longer. "aborted" resets the data connection
   * and replies so, "close" resets it and closes the control connection without a reply, "hang" leaves both open and
   * is silent, "done" takes the rest, throws it away and replies 226 as if all was well. Real servers say 226 to a
   * short upload, too: they cannot tell a client that died from the end of the file.
   */
  readonly cutUpload?: {
    readonly afterBytes: number;
    readonly nth?: number;
    readonly path?: RegExp;
    readonly how: "aborted" | "done" | "close" | "hang";
  };
  /**
   * At a command, of this verb or of any: "close" closes the connection in place of carrying it out, "close-after"
   * carries it out and closes in place of the final reply, "hang" does neither and keeps the connection open.
   */
  readonly interrupt?: {
    readonly nth?: number;
    readonly verb?: string;
    readonly how: "close" | "close-after" | "hang";
  };
};

/** The misbehaviour that is set, with its counters. */
export type MisbehaviourState = {
  readonly current: Misbehaviour;
  /** Whether this command is the one to interrupt, and how. Counts it. */
  interruptionOf(verb: string): "close" | "close-after" | "hang" | undefined;
  /** The reply in place of carrying the command out. Counts it. */
  refusalOf(verb: string, path: string): string | undefined;
  /** How to cut this upload. Counts it. */
  cutOf(path: string): Misbehaviour["cutUpload"];
};

export function createMisbehaviourState(current: Misbehaviour): MisbehaviourState {
  const { interrupt, refuse, cutUpload } = current;
  const isInterruptHit = createHit(interrupt?.nth);
  const isRefuseHit = createHit(refuse?.nth);
  const isCutHit = createHit(cutUpload?.nth);
  return {
    current,
    interruptionOf(verb) {
      if (!interrupt || (interrupt.verb !== undefined && interrupt.verb !== verb)) return undefined;
      return isInterruptHit() ? interrupt.how : undefined;
    },
    refusalOf(verb, path) {
      if (!refuse || refuse.verb !== verb || !(refuse.path?.test(path) ?? true)) return undefined;
      return isRefuseHit() ? refuse.reply : undefined;
    },
    cutOf(path) {
      if (!cutUpload || !(cutUpload.path?.test(path) ?? true)) return undefined;
      return isCutHit() ? cutUpload : undefined;
    },
  };
}

/** True at the nth call only, or at every call when there is no nth. */
function createHit(nth: number | undefined): () => boolean {
  let count = 0;
  return () => {
    count += 1;
    return nth === undefined || count === nth;
  };
}

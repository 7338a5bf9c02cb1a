/**
 * Decides when an upload gets one connection more. It begins with two, doubles them as long as that is seen to move
 * more, and never has more than what is left to do is worth: a login takes about as long as three files.
 */

/** What an upload looks like at one moment. */
type UploadState = {
  readonly atMs: number;
  /** Connections that send files, and those that are still logging in. */
  readonly working: number;
  readonly loggingIn: number;
  /** What nobody has begun with. */
  readonly filesLeft: number;
  readonly bytesLeft: number;
  /** What was sent so far, parts of files included. */
  readonly filesSent: number;
  readonly bytesSent: number;
};

export type Growth = { wantsOneMore(state: UploadState): boolean };

/** What a file costs beside its bytes, in bytes: three to four round trips, at the rate that a connection starts with. */
const BYTES_PER_FILE = 64 * 1024;

/** A login is 8 to 12 round trips, a small file 3 to 5. */
const FILES_PER_LOGIN = 3;

/**
 * Whether an upload of so many files is worth this many connections before anything of it was seen: two always are, and
 * more where the host has granted so many before.
 */
export function isWorthHaving(connections: number, files: number, granted: number): boolean {
  if (connections <= 2) return true;
  return connections <= granted && files >= 1.5 * FILES_PER_LOGIN * (connections - 1);
}

/** What tells whether a connection was of use: at least this time, in milliseconds, and so many units for each. */
const TELLING_MS = 200;
const TELLING_UNITS = 8;

/** After a connection that was of no use, how long nothing more is tried; doubles each time. */
const FIRST_HOLD_MS = 5000;

export type GrowthOptions = {
  /** How long a login takes, in milliseconds. */
  loginMs(): number;
  /** Whether the operator chose the number; then it is reached without measuring. */
  readonly isChosen: boolean;
};

export function createGrowth({ loginMs, isChosen }: GrowthOptions): Growth {
  /** Since when so many connections work. */
  let window = { atMs: 0, sent: 0, working: 0 };
  /** What fewer moved, in units per millisecond; 0 while that is not known. */
  let before = { rate: 0, working: 0 };
  let holdMs = FIRST_HOLD_MS;
  let heldUntilMs = 0;

  /** The rate of this window; undefined while it tells nothing. */
  function rateAt(atMs: number, sent: number): number | undefined {
    const lasted = atMs - window.atMs;
    const isTelling =
      window.working > 0 && lasted >= TELLING_MS && sent - window.sent >= TELLING_UNITS * window.working;
    return isTelling ? (sent - window.sent) / lasted : undefined;
  }

  /** Whether the last connections were seen to be of no use: they brought less than a third of their share. */
  function isInVain(rate: number): boolean {
    const more = window.working - before.working;
    return before.rate > 0 && more > 0 && rate < before.rate * (1 + more / (3 * before.working));
  }

  function hold(atMs: number, sent: number): void {
    heldUntilMs = atMs + holdMs;
    holdMs *= 2;
    // What the queue holds changes, from few large files to many small ones: it is measured anew.
    before = { rate: 0, working: 0 };
    window = { ...window, atMs, sent };
  }

  function wantsOneMore(state: UploadState): boolean {
    const { atMs, working, loggingIn } = state;
    const sent = unitsOf(state.filesSent, state.bytesSent);
    const rate = rateAt(atMs, sent);
    if (rate !== undefined && isInVain(rate)) hold(atMs, sent);
    if (window.working !== working) {
      if (rate !== undefined) before = { rate, working: window.working };
      window = { atMs, sent, working };
    }
    // As many log in as work already: two, four, six, as long as that moves more.
    if (loggingIn >= Math.max(1, working) || state.filesLeft <= loggingIn) return false;

    const workers = working + loggingIn;
    const guess = (workers * FILES_PER_LOGIN) / loginMs();
    const seen = rate === undefined ? undefined : (rate * workers) / working;
    const queueMs = unitsOf(state.filesLeft, state.bytesLeft) / (seen ?? guess);
    if (queueMs < 1.5 * loginMs()) return false;
    return workers < 2 || isChosen || atMs >= heldUntilMs;
  }

  return { wantsOneMore };
}

function unitsOf(files: number, bytes: number): number {
  return files + bytes / BYTES_PER_FILE;
}

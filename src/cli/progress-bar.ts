/** Shows how a publish goes on: a bar on a terminal, a plain line every few seconds elsewhere. */
import { styleText } from "node:util";
import { bytesText, count, durationText } from "../model/quantities.ts";
import type { PublishPhase, UploadProgress } from "../publish/options.ts";
import { printable } from "./print.ts";

/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export type Progress = {
  /** A line for people; it stays, above the bar. */
  say(line: string): void;
  phase(phase: PublishPhase): void;
  upload(progress: UploadProgress): void;
  /** Takes the bar away. */
  end(): void;
};

/** Often enough to look alive, seldom enough to cost nothing. */
const REDRAW_MS = 100;

/** Between two lines of progress where there is no bar: a log of hours stays readable. */
const LINE_EVERY_MS = 5000;

const BAR_WIDTH = 16;

/** ECMA-48: EL erases from the cursor to the end of the line. Written after the text, nothing flickers. */
const ERASE_REST = "\x1b[K";

/** Shows everything on `output`, or nothing at all. */
export function createProgress(output: Output, isQuiet: boolean): Progress {
  if (isQuiet) return { say() {}, phase() {}, upload() {}, end() {} };
  return output.isTTY ? createBar(output) : createLines(output);
}

function createLines(output: Output): Progress {
  let shownAtMs = performance.now();
  return {
    say: (line) => void output.write(`${printable(line)}\n`),
    phase() {},
    upload(progress) {
      if (performance.now() - shownAtMs < LINE_EVERY_MS || progress.files === progress.ofFiles) return;
      shownAtMs = performance.now();
      const { files, ofFiles, bytes, ofBytes } = progress;
      output.write(
        `${count(files)} of ${count(ofFiles)} files, ${bytesText(bytes)} of ${bytesText(ofBytes)} uploaded\n`,
      );
    },
    end() {},
  };
}

function createBar(output: Output): Progress {
  let current: PublishPhase | null = null;
  let phaseSinceMs = performance.now();
  let uploaded: UploadProgress | null = null;
  let shown = "";

  function draw(): void {
    const line = current === null ? "" : barText(current, uploaded, performance.now() - phaseSinceMs);
    // One column stays free: a full line would make some terminals go on to the next one.
    const next = line.slice(0, Math.max(0, (output.columns || 80) - 1));
    if (next === shown) return;
    shown = next;
    output.write(`\r${coloured(next, output)}${ERASE_REST}`);
  }

  const timer = setInterval(draw, REDRAW_MS).unref();
  return {
    say(line) {
      output.write(`\r${printable(line)}${ERASE_REST}\n${coloured(shown, output)}`);
    },
    phase(phase) {
      if (phase !== current) phaseSinceMs = performance.now();
      current = phase;
      draw();
    },
    upload(progress) {
      uploaded = progress;
    },
    end() {
      clearInterval(timer);
      current = null;
      draw();
    },
  };
}

/** The bar without colours: "upload   ███████░░░  123/456 files  1.2/3.4 MB  512 KB/s  3 s left". */
export function barText(phase: PublishPhase, progress: UploadProgress | null, elapsedMs: number): string {
  if (phase !== "upload" || progress === null)
    return `${phase.padEnd(8)} ${wholeSeconds(Math.floor(elapsedMs / 1000))}`;
  const { files, ofFiles, bytes, ofBytes } = progress;
  const share = ofBytes > 0 ? bytes / ofBytes : ofFiles > 0 ? files / ofFiles : 1;
  const full = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH));
  const bytesPerMs = elapsedMs > 0 ? bytes / elapsedMs : 0;
  const left = bytesPerMs > 0 ? `  ${wholeSeconds(Math.ceil((ofBytes - bytes) / bytesPerMs / 1000))} left` : "";
  return [
    phase.padEnd(8),
    `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} `,
    `${count(files)}/${count(ofFiles)} files `,
    `${bytesText(bytes)}/${bytesText(ofBytes)} `,
    `${bytesText(Math.round(bytesPerMs * 1000))}/s${left}`,
  ].join(" ");
}

/** Without the decimals that would flicker. */
function wholeSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : durationText(seconds * 1000);
}

function coloured(line: string, output: Output): string {
  const phase = line.slice(0, 8);
  return line === "" ? "" : `${styleText("cyan", phase, { stream: output })}${line.slice(8)}`;
}

/** What `slipway doctor` finds, and how it says so. */
import { styleText } from "node:util";
import { printable } from "../print.ts";

/** good: as it should be. note: good to know. warning: works, with less. bad: does not work. */
type FindingState = "good" | "note" | "warning" | "bad";

export type Finding = {
  /** What was looked at: "git", "sites.shop.publish". */
  readonly about: string;
  readonly state: FindingState;
  /** What there is, or what is wrong. Never a secret. */
  readonly says: string;
  /** What to do about it; null where nothing is to be done. */
  readonly advice: string | null;
};

type Make = (about: string, says: string, advice?: string) => Finding;

const make =
  (state: FindingState): Make =>
  (about, says, advice) => ({ about, state, says, advice: advice ?? null });

export const good = make("good");
export const note = make("note");
export const warning = make("warning");
export const bad = make("bad");

/** The keys of slipway.yaml that name the same thing, as one. */
export function aboutSettings(settings: readonly string[]): string {
  return settings.length > 3 ? `${settings.slice(0, 3).join(", ")} …` : settings.join(", ");
}

const ICONS: Record<FindingState, string> = { good: "✔", note: "·", warning: "▲", bad: "✘" };
const COLOURS = { good: "green", note: "dim", warning: "yellow", bad: "red" } as const;

/** One line; coloured where a person looks (styleText knows about NO_COLOR and pipes). */
export function findingLine({ about, state, says, advice }: Finding): string {
  const icon = styleText(COLOURS[state], ICONS[state], { stream: process.stdout });
  return `${icon} ${printable(about)}: ${printable(says)}${advice === null ? "" : ` → ${printable(advice)}`}`;
}

/** The last line: how many of them need somebody. */
export function summaryLine(findings: readonly Finding[]): string {
  const count = (state: FindingState) => findings.filter((finding) => finding.state === state).length;
  const [bads, warnings] = [count("bad"), count("warning")];
  if (bads + warnings === 0) return "Everything is in order.";
  const parts = [bads > 0 && `${bads} to mend`, warnings > 0 && `${warnings} to look at`];
  return `${parts.filter(Boolean).join(", ")}.`;
}

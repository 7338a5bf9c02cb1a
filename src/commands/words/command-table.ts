/** What can be asked for in words: each command, what it takes and what it does. Help, docs and the parser read it. */
import type { CommandTarget, Verb } from "../../model/command.ts";

/** Flags by name. `value` shows what follows them; null where nothing does. */
export const FLAGS = {
  reason: { value: '"…"' },
  for: { value: "2h" },
  env: { value: "NAME" },
  force: { value: null },
  "dry-run": { value: null },
  yes: { value: null },
} as const;
export type FlagName = keyof typeof FLAGS;

export type CommandForm = {
  /** How it is written: "rollback [site] [release | previous | -N]". */
  readonly usage: string;
  /** One short sentence. */
  readonly does: string;
  readonly takesSite: boolean;
  readonly targets: ReadonlyArray<CommandTarget["kind"]>;
  /** `env` is left out of the usage: it is one more way to name a site. */
  readonly flags: readonly FlagName[];
};

const REASON = '[--reason "…"]';
const RELEASE = "[release | previous | -N]";

export const COMMANDS: Readonly<Record<Verb, CommandForm>> = {
  status: {
    ...{ usage: "status [site]", does: "Says what is live, what runs and what keeps a site from deploying." },
    ...{ takesSite: true, targets: [], flags: ["env"] },
  },
  deploy: {
    usage: `deploy [site] [commit] [--force] ${REASON}`,
    does: "Builds the newest commit of the site's branch, or the one that is named, and publishes it.",
    ...{ takesSite: true, targets: ["hex"], flags: ["env", "force", "reason"] },
  },
  redeploy: {
    usage: `redeploy [site] ${RELEASE} [--force] [--dry-run] ${REASON}`,
    does: "Publishes the live release, or another that is kept, once more without building it.",
    ...{ takesSite: true, targets: ["hex", "back"], flags: ["env", "force", "dry-run", "reason"] },
  },
  rebuild: {
    usage: `rebuild [site] [commit] [--force] [--dry-run] ${REASON}`,
    does: "Builds without what earlier builds left, and publishes that.",
    ...{ takesSite: true, targets: ["hex"], flags: ["env", "force", "dry-run", "reason"] },
  },
  rollback: {
    usage: `rollback [site] ${RELEASE} ${REASON} [--yes] [--force] [--dry-run]`,
    does: "Publishes an earlier release and pauses the site, so that the next push does not undo it.",
    ...{ takesSite: true, targets: ["hex", "back"], flags: ["env", "reason", "yes", "force", "dry-run"] },
  },
  cancel: {
    usage: `cancel [site] [deployment] ${REASON}`,
    does: "Ends the deployment that runs, or the one that waits.",
    ...{ takesSite: true, targets: ["deployment"], flags: ["env", "reason"] },
  },
  lock: {
    usage: `lock [site] [reason] [--for 2h] ${REASON}`,
    does: "Keeps a site from every deployment until it is unlocked.",
    ...{ takesSite: true, targets: [], flags: ["env", "for", "reason"] },
  },
  unlock: {
    usage: `unlock [site] ${REASON}`,
    does: "Ends a lock; what waited deploys.",
    ...{ takesSite: true, targets: [], flags: ["env", "reason"] },
  },
  pause: {
    usage: `pause [site] [reason] [--for 2h] ${REASON}`,
    does: "Holds what nobody asked for by name: pushes and changed content.",
    ...{ takesSite: true, targets: [], flags: ["env", "for", "reason"] },
  },
  resume: {
    usage: `resume [site] ${REASON}`,
    does: "Ends a pause; what was held deploys the newest commit.",
    ...{ takesSite: true, targets: [], flags: ["env", "reason"] },
  },
  logs: {
    ...{ usage: "logs [site] [deployment]", does: "Shows the last lines that a deployment printed." },
    ...{ takesSite: true, targets: ["deployment"], flags: ["env"] },
  },
  releases: {
    ...{ usage: "releases [site]", does: "Lists the releases that are kept." },
    ...{ takesSite: true, targets: [], flags: ["env"] },
  },
  diff: {
    ...{ usage: `diff [site] ${RELEASE}`, does: "Compares a release with the live one, file by file." },
    ...{ takesSite: true, targets: ["hex", "back"], flags: ["env"] },
  },
  audit: {
    ...{ usage: "audit [site]", does: "Lists who asked for what, and what came of it." },
    ...{ takesSite: true, targets: [], flags: ["env"] },
  },
  help: {
    ...{ usage: "help [command]", does: "Explains the commands, or one of them." },
    ...{ takesSite: false, targets: [], flags: [] },
  },
  whoami: {
    ...{ usage: "whoami", does: "Says who you are to Slipway, and what you may do." },
    ...{ takesSite: false, targets: [], flags: [] },
  },
};

/** Whether words after the site are why: only people read them, so that nobody has to remember a flag. */
export function takesPlainReason(verb: Verb): boolean {
  return verb === "lock" || verb === "pause";
}

/** A hold's reason may be as long on the command line. */
export const MAX_REASON_CHARS = 300;
/** How many releases back one may go. */
export const MAX_STEPS_BACK = 100;

const MINUTE_MS = 60_000;
const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: MINUTE_MS } as const;
const MAX_HOLD_MS = 30 * UNITS_MS.d;

/** Milliseconds of "2h", "90m", "1d", "1h30m"; undefined where it is none, or not between a minute and 30 days. */
export function holdMs(text: string): number | undefined {
  const parts = /^(?:(\d{1,2})d)?(?:(\d{1,3})h)?(?:(\d{1,5})m)?$/i.exec(text)?.slice(1);
  if (!parts) return undefined;
  const [days = 0, hours = 0, minutes = 0] = parts.map((part) => Number(part ?? 0));
  const ms = days * UNITS_MS.d + hours * UNITS_MS.h + minutes * UNITS_MS.m;
  return ms >= MINUTE_MS && ms <= MAX_HOLD_MS ? ms : undefined;
}

/** As `holdMs` reads it, in the largest unit that says it exactly. */
export function holdText(ms: number): string {
  const unit = (["d", "h"] as const).find((it) => ms % UNITS_MS[it] === 0) ?? "m";
  return `${Math.round(ms / UNITS_MS[unit])}${unit}`;
}

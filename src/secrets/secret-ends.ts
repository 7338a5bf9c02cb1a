/** Ends of secrets: what an operator has to be told before a secret ends that is still in use, and when all have. */

export type EndingSecret = {
  readonly source: string;
  /** The reference. */
  readonly name: string;
  /** In milliseconds since 1970; null: no end. */
  readonly untilMs: number | null;
  /** When a delivery last fitted it; null: never, as far as is known. */
  readonly lastAtMs: number | null;
};

export type EndWarning = {
  /** Names what is told, so that it is told once a day. */
  readonly id: string;
  readonly source: string;
  readonly isError: boolean;
  readonly message: string;
};

const DAY_MS = 86_400_000;
const WARN_BEFORE_MS = 7 * DAY_MS;
/** Whatever was used within this time is in use. */
const LATELY_MS = 7 * DAY_MS;

/** What is to be told at `nowMs`. Of secrets that nobody uses any more nothing is said: they may end. */
export function endWarnings(secrets: readonly EndingSecret[], nowMs: number): EndWarning[] {
  const bySource = Map.groupBy(secrets, ({ source }) => source);
  return [...bySource].flatMap(([source, all]) => {
    if (all.every(({ untilMs }) => untilMs !== null && untilMs <= nowMs)) return [allEnded(source, all)];
    return all.filter((it) => isEndingInUse(it, nowMs)).map((it) => ending(it, nowMs));
  });
}

function isEndingInUse({ untilMs, lastAtMs }: EndingSecret, nowMs: number): boolean {
  if (untilMs === null || untilMs <= nowMs || untilMs - nowMs > WARN_BEFORE_MS) return false;
  return lastAtMs !== null && nowMs - lastAtMs <= LATELY_MS;
}

function allEnded(source: string, all: readonly EndingSecret[]): EndWarning {
  const names = all.map(({ name }) => name).join(", ");
  const message = `every secret of the source ${source} has ended (${names}), so all its deliveries are refused; set sources.${source}.secrets`;
  return { id: `${source} ended`, source, isError: true, message };
}

function ending({ source, name, untilMs }: EndingSecret, nowMs: number): EndWarning {
  const days = Math.ceil(((untilMs ?? nowMs) - nowMs) / DAY_MS);
  const when = days <= 1 ? "within a day" : `in ${days} days`;
  const message = `the secret ${name} of the source ${source} ends ${when}, and deliveries are still signed with it; give the sender the new one`;
  return { id: `${source} ${name}`, source, isError: false, message };
}

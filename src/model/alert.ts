/** Alerts of monitoring: what a sender reports of one, and how it stands by all that was reported. */

/** The worst first. */
export const SEVERITIES = ["critical", "error", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What one delivery says of one alert. Its words come from outside; `cleanReport` bounds them. */
export type AlertReport = {
  /** Names the alert within its source, from the first report to the last. */
  readonly fingerprint: string;
  readonly state: "firing" | "acknowledged" | "resolved";
  /** Null where the sender knows no such thing. */
  readonly severity: Severity | null;
  readonly title: string;
  /** A sentence or two; "" where the sender says no more. */
  readonly detail: string;
  /**
   * When it began and ended by the sender's clock, in milliseconds since 1970; null where it does not say. An alert that
   * comes back begins anew: what began no later than the last end is taken for a report that came late.
   */
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Where more is to be seen: the monitor, a dashboard. http and https alone. */
  readonly links: ReadonlyArray<{ readonly label: string; readonly url: string }>;
  readonly runbookUrl: string | null;
  /** Where a person can silence it by hand. */
  readonly silenceUrl: string | null;
};

/** A site that went live shortly before an alert began. */
export type Suspect = {
  readonly site: string;
  readonly deployment: string;
  /** The commit that went live, and what is known of it; "" where nothing is. */
  readonly commit: string;
  readonly title: string;
  readonly author: string;
  readonly liveAtMs: number;
};

/** An alert as one message tells it, from the first report until it is over. */
export type Alert = {
  readonly id: number;
  /** The source's name in slipway.yaml, and what people call the sender. */
  readonly source: string;
  readonly label: string;
  readonly state: "firing" | "resolved";
  readonly sinceMs: number;
  readonly resolvedAtMs: number | null;
  /** How often it came back after it was resolved. */
  readonly flaps: number;
  readonly acknowledged: { readonly by: string; readonly atMs: number } | null;
  readonly silenced: { readonly by: string; readonly untilMs: number } | null;
  readonly suspects: readonly Suspect[];
  /** The newest report. */
  readonly report: AlertReport;
  /** Whether a button can silence it, and for how long, in milliseconds. */
  readonly canSilence: boolean;
  readonly silenceForMs?: number;
};

/** No clock is that far ahead: a later moment says nothing. */
const MAX_AHEAD_MS = 86_400_000;

/** What a sender says of a moment; null where that cannot be. `nowMs`: when it said so. */
export function believable(atMs: number | null, nowMs: number): number | null {
  return atMs !== null && Number.isFinite(atMs) && atMs > 0 && atMs <= nowMs + MAX_AHEAD_MS ? atMs : null;
}

/** The moment by the sender's clock that a report is about; null where it says none. */
export function momentOf({ state, startedAtMs, endedAtMs }: AlertReport, nowMs: number): number | null {
  const began = believable(startedAtMs, nowMs);
  return state === "resolved" ? (believable(endedAtMs, nowMs) ?? began) : began;
}

/**
 * Whether a report is of before what is known. Deliveries overtake one another and come twice, so the sender's clock
 * decides; of two reports about one moment the end is the later one. Without a moment what comes last counts.
 */
export function isOvertaken(
  report: { readonly isResolved: boolean; readonly atMs: number | null },
  known: { readonly isResolved: boolean; readonly atMs: number | null },
): boolean {
  if (report.atMs === null || known.atMs === null || report.atMs > known.atMs) return false;
  return report.atMs < known.atMs || known.isResolved;
}

/** Of labels so many are kept, and so much of each: what has more is another alert's for whoever looks for it by them. */
export const MAX_LABELS = { count: 30, name: 100, value: 300 } as const;
const MAX_LINKS = 5;
const MAX_TEXT = { fingerprint: 200, title: 300, detail: 2000, link: 100, url: 2000 } as const;

/** The report with everything cut to a length that can be kept and shown; addresses that are no http(s) are dropped. */
export function cleanReport(report: AlertReport): AlertReport {
  const labels = Object.entries(report.labels)
    .slice(0, MAX_LABELS.count)
    .map(([name, value]) => [cut(name, MAX_LABELS.name), cut(value, MAX_LABELS.value)] as const);
  const links = report.links.flatMap(({ label, url }) => {
    const known = cleanUrl(url);
    return known === null ? [] : [{ label: clean(label, MAX_TEXT.link), url: known }];
  });
  return {
    ...report,
    fingerprint: clean(report.fingerprint, MAX_TEXT.fingerprint),
    title: clean(report.title, MAX_TEXT.title) || "An alert without a name",
    detail: clean(report.detail, MAX_TEXT.detail),
    labels: Object.fromEntries(labels),
    links: links.slice(0, MAX_LINKS),
    runbookUrl: cleanUrl(report.runbookUrl),
    silenceUrl: cleanUrl(report.silenceUrl),
  };
}

function cleanUrl(url: string | null): string | null {
  if (url === null || url.length > MAX_TEXT.url || !/^https?:\/\//i.test(url)) return null;
  return URL.canParse(url) ? url : null;
}

/** Databases refuse NUL, and terminals act on the others. */
const CONTROL = /[^\P{Cc}\n\t]/gu;

function clean(text: string, maxChars: number): string {
  const short = text.slice(0, maxChars * 2);
  return cut(short.replace(CONTROL, "").trim(), maxChars);
}

/** Never cut inside a character. */
function cut(text: string, maxChars: number): string {
  return [...text.slice(0, maxChars * 2)].slice(0, maxChars).join("");
}

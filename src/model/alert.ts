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
  /** When it began and ended by the sender's clock, in milliseconds since 1970; null where it does not say. */
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
  readonly title: string;
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
  /** Whether a button can silence it. */
  readonly canSilence: boolean;
};

const MAX_LABELS = 30;
const MAX_LINKS = 5;
const MAX_TEXT = { fingerprint: 200, title: 300, detail: 2000, label: 100, value: 300, url: 2000 } as const;

/** The report with everything cut to a length that can be kept and shown; addresses that are no http(s) are dropped. */
export function cleanReport(report: AlertReport): AlertReport {
  const labels = Object.entries(report.labels)
    .slice(0, MAX_LABELS)
    .map(([name, value]) => [cut(name, MAX_TEXT.label), cut(value, MAX_TEXT.value)] as const);
  const links = report.links.flatMap(({ label, url }) => {
    const clean = cleanUrl(url);
    return clean === null ? [] : [{ label: cut(label, MAX_TEXT.label), url: clean }];
  });
  return {
    ...report,
    fingerprint: report.fingerprint.slice(0, MAX_TEXT.fingerprint),
    title: cut(report.title, MAX_TEXT.title) || "An alert without a name",
    detail: cut(report.detail, MAX_TEXT.detail),
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

function cut(text: string, maxChars: number): string {
  const short = text.slice(0, maxChars * 2).trim();
  return [...short].slice(0, maxChars).join("");
}

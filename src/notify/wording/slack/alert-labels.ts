/** Which labels of an alert are shown: the few that say where it is. */
import type { AlertReport } from "../../../model/alert.ts";

/** The most telling first: https://prometheus.io/docs/practices/naming/#labels and what exporters and Kubernetes add. */
const TELLING = [
  ...["site", "service", "instance", "host", "hostname", "node", "monitor", "check", "url", "job", "app"],
  ...["namespace", "pod", "container", "deployment", "device", "mountpoint", "project", "environment", "env"],
  ...["cluster", "region", "team"],
];
/** Said elsewhere in the message, or of no use to whoever reads it. */
const UNTOLD = new Set(["alertname", "severity", "prometheus", "receiver", "endpoint", "uid", "grafana_folder"]);
const MAX_LABELS = 5;

type Labels = { readonly labels: ReadonlyArray<readonly [string, string]>; readonly left: number };

/** The labels to show, and how many others there are. Those that repeat the title are none. */
export function tellingLabels({ labels, title }: Pick<AlertReport, "labels" | "title">): Labels {
  const shown = Object.entries(labels)
    .filter(([name, value]) => !UNTOLD.has(name) && !name.startsWith("__") && value !== "" && value !== title)
    .sort(([a], [b]) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
  return { labels: shown.slice(0, MAX_LABELS), left: Math.max(0, shown.length - MAX_LABELS) };
}

function rankOf(name: string): number {
  const rank = TELLING.indexOf(name.toLowerCase());
  return rank < 0 ? TELLING.length : rank;
}

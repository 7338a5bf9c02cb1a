/** An alert of monitoring as a line of a table. */
import type { KnownAlert } from "../store/alerts.ts";
import { printable, when } from "./print.ts";

/** One line about an alert that fires. */
export function alertLine({ alert, reports }: KnownAlert): string {
  const { id, label, sinceMs, flaps, acknowledged, silenced, suspects, report } = alert;
  const more = [
    ...(reports > 1 ? [`reported ${reports} times`] : []),
    ...(flaps > 0 ? [`came back ${flaps} ${flaps === 1 ? "time" : "times"}`] : []),
    ...(acknowledged ? [`acknowledged by ${acknowledged.by}`] : []),
    ...(silenced ? [`silenced until ${when(silenced.untilMs)} by ${silenced.by}`] : []),
    ...suspects.map(({ site, liveAtMs }) => `${site} went live ${when(liveAtMs)}`),
  ];
  const end = more.length > 0 ? ` (${more.join("; ")})` : "";
  const severity = (report.severity ?? "alert").padEnd("critical".length);
  return printable(`${String(id).padStart(5)}  ${severity}  ${when(sinceMs)}  ${label}  ${report.title}${end}`);
}

/** Uptime Kuma: its notification of the type "Webhook", as JSON, as form data or by GET. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { parseJson } from "../../model/received.ts";
import { type Preset, type Reading, reading } from "../preset.ts";
import { fingerprintOf, labelsOf, linksTo, timeOf } from "./sender-words.ts";

/** By GET, both come as JSON in a parameter of the query. */
const inJson = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === "string" ? parseJson(Buffer.from(value)) : value), schema);

const id = z.union([z.number(), z.string()]).transform(String);

const heartbeat = z.object({
  monitorID: id,
  /** 0 down, 1 up, 2 pending, 3 maintenance. */
  status: z.number(),
  /** In UTC: "2024-09-24 23:51:35.527". */
  time: z.string(),
  msg: z.string().nullish(),
});

const monitor = z.object({
  name: z.string(),
  url: z.string().nullish(),
  hostname: z.string().nullish(),
  type: z.string().nullish(),
});

const payload = z.object({
  msg: z.string(),
  heartbeat: inJson(heartbeat.nullish()),
  monitor: inJson(monitor.nullish()),
});

const [DOWN, UP] = [0, 1];

/**
 * It sends once, whatever is answered, and names nothing that an id could be: a test and a warning of a certificate have
 * neither monitor nor heartbeat, and by GET there is no body. So all that comes is new; the same report of the same
 * monitor changes nothing.
 *
 * https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js
 */
export const uptimeKuma: Preset = {
  kind: "uptime-kuma",
  label: "Uptime Kuma",
  purpose: "alerts",
  docs: "https://github.com/louislam/uptime-kuma/wiki/Notification-Methods",
  provenBy: "payloads as its source forms them, one of them recorded by others",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    // With its field "Additional Headers": { "Authorization": "Bearer …" }.
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    id: "none",
    event: ["json:/heartbeat/status"],
    accept: { types: ["application/json", "multipart/form-data"], methods: ["POST", "GET"], field: "data" },
  }),
  read: reading(payload, ({ msg, heartbeat, monitor }) => {
    if (!heartbeat || !monitor) return readMessage(msg);
    const { status, time } = heartbeat;
    if (status !== DOWN && status !== UP) return { ignored: "the monitor is neither up nor down" };
    const atMs = timeOf(`${time.replace(" ", "T")}Z`);
    const report: AlertReport = {
      fingerprint: `monitor:${heartbeat.monitorID}`,
      state: status === DOWN ? "firing" : "resolved",
      severity: null,
      title: monitor.name,
      detail: heartbeat.msg ?? "",
      startedAtMs: status === DOWN ? atMs : null,
      endedAtMs: status === UP ? atMs : null,
      labels: labelsOf({ type: monitor.type, hostname: monitor.hostname }),
      links: linksTo({ Monitored: monitor.url }),
      runbookUrl: null,
      silenceUrl: null,
    };
    return { alerts: [report] };
  }),
};

/**
 * Words alone: "NAME Testing" is the button "Test". Else a certificate or a domain runs out, of which it reminds as the
 * days go by and never says that it is over; the number of days does not make it another alert.
 */
function readMessage(msg: string): Reading {
  if (msg.endsWith(" Testing")) return { ping: "Uptime Kuma tests its notification" };
  const report: AlertReport = {
    fingerprint: fingerprintOf(`message:${msg.replace(/ in \d+ days?\b/, "")}`),
    state: "firing",
    severity: "warning",
    title: msg,
    detail: "",
    startedAtMs: null,
    endedAtMs: null,
    labels: {},
    links: [],
    runbookUrl: null,
    silenceUrl: null,
  };
  return { alerts: [report] };
}

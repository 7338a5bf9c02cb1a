/** Better Stack Uptime: its outgoing webhooks of the type "Incident". */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { type Preset, reading } from "../preset.ts";
import { linksTo, timeOf } from "./sender-words.ts";

const payload = z.object({
  data: z.object({
    id: z.union([z.string(), z.number()]).transform(String),
    type: z.string().nullish(),
    attributes: z.object({
      name: z.string().nullish(),
      url: z.string().nullish(),
      cause: z.string().nullish(),
      started_at: z.string().nullish(),
      acknowledged_at: z.string().nullish(),
      resolved_at: z.string().nullish(),
    }),
  }),
});

/**
 * It signs nothing, so the secret stands at the end of the address. Each event has its own bytes, by `event` and by the
 * times that are set, and what is sent again has the same ones.
 *
 * https://betterstack.com/docs/uptime/webhooks/
 */
export const betterStack: Preset = {
  kind: "better-stack",
  label: "Better Stack",
  purpose: "alerts",
  docs: "https://betterstack.com/docs/uptime/webhooks/",
  provenBy: "the example of its documentation",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ token: { in: "path" } }],
    id: { from: "digest", window: "1h" },
    event: ["json:/data/type", "json:/event"],
  }),
  read: reading(payload, ({ data: { id, type, attributes } }) => {
    // Monitors that are created, and who is on call now, come from webhooks of the other types.
    if (type && type !== "incident") return { ignored: "it tells no incident" };
    const { name, url, cause, started_at, acknowledged_at, resolved_at } = attributes;
    const report: AlertReport = {
      fingerprint: `incident:${id}`,
      state: resolved_at ? "resolved" : acknowledged_at ? "acknowledged" : "firing",
      severity: null,
      title: name || url || `Incident ${id}`,
      detail: cause ?? "",
      startedAtMs: timeOf(started_at),
      endedAtMs: timeOf(resolved_at),
      labels: {},
      links: linksTo({ Monitored: url }),
      runbookUrl: null,
      silenceUrl: null,
    };
    return { alerts: [report] };
  }),
};

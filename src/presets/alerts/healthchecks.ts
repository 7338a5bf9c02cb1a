/** Healthchecks.io, hosted or one's own: its integration "Webhook", with the template below. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { type Preset, reading } from "../preset.ts";
import { labelsOf, timeOf } from "./sender-words.ts";

/**
 * The body for both down and up; its method is POST, its headers `Content-Type: application/json` and
 * `Authorization: Bearer …`. $JSON is the check as the API shows it, so that names with quotes in them stay whole.
 */
export const healthchecksTemplate = `{ "code": "$CODE", "status": "$STATUS", "now": "$NOW", "check": $JSON }`;

const payload = z.object({
  code: z.string().min(1),
  status: z.enum(["up", "down"]),
  now: z.string(),
  check: z.object({
    name: z.string().nullish(),
    slug: z.string().nullish(),
    tags: z.string().nullish(),
    desc: z.string().nullish(),
    n_pings: z.number().nullish(),
    last_ping: z.string().nullish(),
  }),
});

/**
 * It tries three times. $NOW is when the check went up or down, and stays the same then; $JSON is formed once.
 *
 * https://github.com/healthchecks/healthchecks/blob/master/hc/integrations/webhook/transport.py
 */
export const healthchecks: Preset = {
  kind: "healthchecks",
  label: "Healthchecks",
  purpose: "alerts",
  docs: "https://healthchecks.io/docs/configuring_notifications/",
  provenBy: null,
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    id: "join(json:/code, json:/status, json:/now)",
    event: ["json:/status"],
  }),
  read: reading(payload, ({ code, status, now, check }) => {
    // The button "Test" makes up a check of that name, with that many pings (hc/front/views.py).
    if (check.name === "TEST" && check.n_pings === 42) return { ping: "Healthchecks tests its integration" };
    const atMs = timeOf(now);
    const report: AlertReport = {
      fingerprint: `check:${code}`,
      state: status === "down" ? "firing" : "resolved",
      severity: null,
      title: check.name || check.slug || `Check ${code}`,
      detail: [check.desc, check.last_ping && `Last ping: ${check.last_ping}`].filter(Boolean).join("\n"),
      startedAtMs: status === "down" ? atMs : null,
      endedAtMs: status === "up" ? atMs : null,
      labels: labelsOf({ tags: check.tags }),
      links: [],
      runbookUrl: null,
      silenceUrl: null,
    };
    return { alerts: [report] };
  }),
};

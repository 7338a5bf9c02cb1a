/** Prometheus Alertmanager: its receiver `webhook_configs`, version 4 of the payload. */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { alertGroup, readAlertGroup } from "./alert-group.ts";
import { linksTo } from "./sender-words.ts";

/** Prometheus 2 and all that speaks like it; other versions are of before 2017. */
const payload = alertGroup.extend({ version: z.literal("4") });

/**
 * It sends no id and signs nothing; a token goes with `http_config.authorization`. What a real one does (0.25.0, see
 * test/alertmanager.test.ts): after 5xx and broken connections it sends the same bytes again, after 4xx (429, too) it
 * drops them. A notification that is repeated by `repeat_interval` has the same bytes, too, while nothing changed. Two
 * peers that do not see each other both send, and their bytes differ by `externalURL`, unless `--web.external-url` is
 * one for both.
 *
 * So the id is the digest of the bytes, for a minute: that covers retries, which come within seconds. A longer window
 * could swallow news: where Prometheus was away for a while, the alert is resolved, and then fires again with the
 * `startsAt` and thus the bytes of the first time, after `group_interval` at the soonest. Whatever else comes twice is
 * the same report of the same fingerprint, and changes nothing.
 *
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export const alertmanager: Preset = {
  kind: "alertmanager",
  label: "Alertmanager",
  purpose: "alerts",
  docs: "https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
  provenBy: "a real Prometheus Alertmanager",
  keys: ["silence"],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    id: { from: "digest", window: "1m" },
    event: ["json:/status"],
    // What is too large is dropped for good, so a group of thousands has to fit.
    accept: { maxBytes: "8MB" },
  }),
  read: reading(payload, (group) =>
    readAlertGroup(group, {
      links: ({ generatorURL }) => linksTo({ Query: generatorURL, Alertmanager: group.externalURL }),
      silenceUrl: ({ labels }) => silenceForm(group.externalURL, labels ?? {}),
    }),
  ),
};

/** The page of Alertmanager with a silence for exactly these labels; null where it does not say where it is. */
function silenceForm(externalUrl: string | null | undefined, labels: Readonly<Record<string, string>>): string | null {
  if (!externalUrl) return null;
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${externalUrl.replace(/\/$/, "")}/#/silences/new?filter=${encodeURIComponent(`{${matchers.join(",")}}`)}`;
}

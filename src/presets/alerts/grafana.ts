/** Grafana Alerting: its contact point "Webhook". */

import type { DefinitionInput } from "../../config/source-definition.ts";
import type { SourceSettings } from "../../config/source-settings.ts";
import { type Preset, reading } from "../preset.ts";
import { type AlertGroup, alertGroup, readAlertGroup } from "./alert-group.ts";
import { linksTo } from "./sender-words.ts";

const DOCS =
  "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/";

/**
 * A send that failed is not tried again; peers that do not see each other both send, with the same bytes. The window is
 * short for the reasons that stand at `alertmanager`.
 */
const common = {
  id: { from: "digest", window: "1m" },
  event: ["json:/status"],
  accept: { maxBytes: "8MB" },
} as const satisfies Partial<DefinitionInput>;

/**
 * Since Grafana 12: hex, over the body, or over `{seconds}:{body}` where a header for the timestamp is configured, as
 * `timestampHeader` then says, too. Grafana's pkg/util/http, hmac_test.go.
 */
function signature({ timestampHeader }: SourceSettings): DefinitionInput["verify"][number] {
  const header = "x-grafana-alerting-signature";
  if (timestampHeader === undefined) return { hmac: { header } };
  return { hmac: { header, message: "{ts}:{body}", timestamp: `header:${timestampHeader.toLowerCase()}` } };
}

/** The button "Test" of a contact point sends an alert that is always named so. */
function isTest({ alerts }: AlertGroup): boolean {
  return (
    alerts.first.length > 0 &&
    alerts.first.every(({ labels }) => labels?.alertname === "TestAlert" && labels.instance === "Grafana")
  );
}

const read = reading(alertGroup, (group) => {
  if (isTest(group)) return { ping: "Grafana tests its contact point" };
  return readAlertGroup(group, {
    links: ({ generatorURL }) => linksTo({ "Alert rule": generatorURL }),
    silenceUrl: ({ silenceURL }) => silenceURL || null,
  });
});

export const grafana: Preset = {
  kind: "grafana",
  label: "Grafana",
  purpose: "alerts",
  docs: DOCS,
  provenBy: "the example of its documentation, signed by openssl",
  keys: ["timestampHeader"],
  secret: "needed",
  events: [],
  definition: (settings) => ({ ...common, verify: [signature(settings)] }),
  read,
};

/** Grafana before 12, which signs nothing: a token goes with the contact point's authorization header. */
export const grafanaToken: Preset = {
  ...grafana,
  kind: "grafana-token",
  provenBy: "the example of its documentation",
  keys: [],
  definition: () => ({ ...common, verify: [{ token: { in: "header:authorization", scheme: "bearer" } }] }),
};

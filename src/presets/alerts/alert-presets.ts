/** The presets of monitoring. */
import type { Preset } from "../preset.ts";
import { alertmanager } from "./alertmanager.ts";
import { betterStack } from "./better-stack.ts";
import { cloudwatch } from "./cloudwatch.ts";
import { datadog } from "./datadog.ts";
import { grafana, grafanaToken } from "./grafana.ts";
import { healthchecks } from "./healthchecks.ts";
import { pagerduty } from "./pagerduty.ts";
import { sentry } from "./sentry.ts";
import { sns } from "./sns.ts";
import { uptimeKuma } from "./uptime-kuma.ts";
import { uptimeRobot } from "./uptimerobot.ts";

export const alertPresets: readonly Preset[] = [
  alertmanager,
  grafana,
  grafanaToken,
  uptimeKuma,
  uptimeRobot,
  betterStack,
  healthchecks,
  sentry,
  datadog,
  pagerduty,
  cloudwatch,
  sns,
];

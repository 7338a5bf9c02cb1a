/** Amazon CloudWatch: alarms, by a topic of SNS. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { parseJson } from "../../model/received.ts";
import type { Preset, Reading } from "../preset.ts";
import { fingerprintOf, linksTo, timeOf } from "./sender-words.ts";
import { readNotification, snsDefinition } from "./sns.ts";

/** The JSON in `Message`, as aws-lambda-go has it in events/testdata/cloudwatch-alarm-sns-payload-*.json. */
const alarm = z.object({
  AlarmName: z.string().min(1),
  AlarmDescription: z.string().nullish(),
  AlarmArn: z.string().nullish(),
  AWSAccountId: z.string().nullish(),
  NewStateValue: z.enum(["OK", "ALARM", "INSUFFICIENT_DATA"]),
  NewStateReason: z.string().nullish(),
  /** "2017-01-12T16:30:42.236+0000" */
  StateChangeTime: z.string().nullish(),
  Region: z.string().nullish(),
  /** Not there for alarms that are made of others. */
  Trigger: z
    .object({
      MetricName: z.string().nullish(),
      Namespace: z.string().nullish(),
      Dimensions: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
    })
    .nullish(),
});
type Alarm = z.output<typeof alarm>;

export const cloudwatch: Preset = {
  kind: "cloudwatch",
  label: "CloudWatch",
  purpose: "alerts",
  docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
  provenBy: "the examples of aws-lambda-go, in messages whose signatures the package sns-payload-validator takes",
  keys: ["topics"],
  secret: "none",
  events: [],
  definition: snsDefinition,
  read: readNotification(({ Message }) => readAlarm(Message)),
};

/** A topic may carry anything; only what is an alarm is one. */
function readAlarm(message: string): Reading {
  const { data } = alarm.safeParse(parseJson(Buffer.from(message)));
  if (!data) return { ignored: "the message is no alarm of CloudWatch; a source of the kind sns tells any message" };
  const isOver = data.NewStateValue === "OK";
  const atMs = timeOf(data.StateChangeTime);
  const report: AlertReport = {
    fingerprint: fingerprintOf(data.AlarmArn ?? `${data.AWSAccountId ?? ""}:${data.Region ?? ""}:${data.AlarmName}`),
    state: isOver ? "resolved" : "firing",
    // Whoever has that state sent wants to know that nobody knows.
    severity: data.NewStateValue === "INSUFFICIENT_DATA" ? "warning" : null,
    title: data.AlarmName,
    detail: [data.AlarmDescription, data.NewStateReason].filter(Boolean).join("\n"),
    startedAtMs: isOver ? null : atMs,
    endedAtMs: isOver ? atMs : null,
    labels: labelsIn(data),
    links: linksTo({ Alarm: consolePage(data) }),
    runbookUrl: null,
    silenceUrl: null,
  };
  return { alerts: [report] };
}

function labelsIn({ Region, Trigger }: Alarm): Record<string, string> {
  const labels = new Map<string, string>();
  for (const { name, value } of Trigger?.Dimensions ?? []) labels.set(name, value);
  if (Trigger?.MetricName) labels.set("metric", `${Trigger.Namespace ?? ""}/${Trigger.MetricName}`);
  if (Region) labels.set("region", Region);
  return Object.fromEntries(labels);
}

/** The alarm in AWS's own console; null outside of its usual regions, whose addresses are others. */
function consolePage({ AlarmArn, AlarmName }: Alarm): string | null {
  const region = /^arn:aws:cloudwatch:([a-z]{2}(?:-[a-z]+)+-\d):/.exec(AlarmArn ?? "")?.[1];
  if (!region) return null;
  const name = encodeURIComponent(AlarmName);
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#alarmsV2:alarm/${name}`;
}

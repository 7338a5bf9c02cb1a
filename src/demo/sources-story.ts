/** The acts of the demo's story that other senders play: content that is saved in a CMS, and an alert that goes red and green. */
import { randomUUID } from "node:crypto";
import { signedHeaders, signingKey } from "../notify/outgoing/sign-webhook.ts";
import { secret } from "../secrets/secret.ts";
import { begin, claim, type Story, until } from "./story-step.ts";
import { CHANNEL } from "./world.ts";

const WITHIN_MS = 60_000;

/** Two things are saved within a moment: one deployment brings both. What nobody signed is refused. */
export async function contentSaved(story: Story): Promise<void> {
  const { observer, screen, script } = story;
  begin(story, "9. Content is saved in a CMS");
  const before = (await observer.messages()).length;
  const first = { id: `msg_${randomUUID()}`, title: "Opening hours" };
  const statuses = [
    await save(story, first),
    await save(story, { id: `msg_${randomUUID()}`, title: "Prices" }),
    await save(story, first),
  ];
  claim(
    story,
    "the CMS has its answers",
    statuses.every((it) => it === 200),
    statuses.join(", "),
  );
  const forged = await save(story, { id: `msg_${randomUUID()}`, title: "Nothing" }, `whsec_${"A".repeat(32)}`);
  claim(story, "what is signed with another secret is refused", forged === 401, `${forged}`);
  const live = await until(script.deployWithinMs, async () => {
    const added = (await observer.messages()).slice(before);
    return added.some(({ text }) => text.includes("is live") && text.includes("Opening hours")) ? added : undefined;
  });
  const text = live?.[0]?.text ?? "not live";
  if (live) screen.step("Slack", text);
  claim(
    story,
    "one deployment brings both, and says what they were",
    live?.length === 1 && text.includes("Opening hours") && text.includes("Prices") && text.includes("Ada"),
    text,
  );
}

/** An alert is one message; the deployment that went live just before is named in it. */
export async function alertInSlack(story: Story): Promise<void> {
  const { world, observer, screen } = story;
  begin(story, "10. An alert, red and green");
  const before = (await observer.messages()).length;
  const startsAt = new Date().toISOString();
  const says = (word: RegExp) =>
    until(WITHIN_MS, async () => {
      const found = (await observer.messages()).slice(before).find(({ text }) => word.test(text));
      if (found) screen.step("Slack", found.text);
      return found;
    });
  const fired = await alert(story, { status: "firing", startsAt, endsAt: "0001-01-01T00:00:00Z" });
  await alert(story, { status: "firing", startsAt, endsAt: "0001-01-01T00:00:00Z" });
  const red = await says(/Checkout is slow/);
  claim(
    story,
    "Alertmanager has its answer, and the channel the alert",
    fired === 200 && red !== undefined,
    red?.text ?? "not told",
  );
  claim(
    story,
    "with what went live just before, and a way back",
    JSON.stringify(red?.blocks ?? []).includes("went live"),
    red ? "named" : "not told",
  );
  await alert(story, { status: "resolved", startsAt, endsAt: new Date().toISOString() });
  const green = await says(/^🟢/u);
  claim(story, "the same message turns green", green !== undefined && green.ts === red?.ts, green?.text ?? "not told");
  const count = (await observer.messages()).length - before;
  claim(story, "and there is no other", count === 1, `${count}`);
  screen.step("Slack", `${world.slack.inspectorUrl(CHANNEL)} shows all of it`);
}

async function save(
  { world, screen }: Story,
  { id, title }: { id: string; title: string },
  key = world.settings.CMS_SECRET ?? "",
): Promise<number> {
  const body = JSON.stringify({
    type: "page.published",
    timestamp: new Date().toISOString(),
    data: { model: "Page", title, by: "Ada" },
  });
  const signed = signedHeaders({ messageId: id, body, nowMs: Date.now() }, [signingKey(secret(key), "CMS_SECRET")]);
  const headers = { "content-type": "application/json", ...signed };
  const { status } = await fetch(`${world.slipwayUrl}/hooks/cms`, { method: "POST", headers, body });
  screen.step("CMS", `saved “${title}”, answered ${status}`);
  return status;
}

/** What Alertmanager sends, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
async function alert(
  { world, screen }: Story,
  { status, ...times }: { status: "firing" | "resolved"; startsAt: string; endsAt: string },
): Promise<number> {
  const labels = { alertname: "SlowCheckout", severity: "critical" };
  const annotations = { summary: "Checkout is slow", description: "Half of all orders take longer than 5 s." };
  const one = { status, labels, annotations, ...times, generatorURL: "", fingerprint: "d1b2c3a4e5f60718" };
  const group = { version: "4", groupKey: "{}:{}", truncatedAlerts: 0, status, receiver: "slipway", externalURL: "" };
  const body = JSON.stringify({
    ...group,
    groupLabels: {},
    commonLabels: labels,
    commonAnnotations: annotations,
    alerts: [one],
  });
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${world.settings.ALERTS_TOKEN}`,
  };
  const answer = await fetch(`${world.slipwayUrl}/hooks/monitoring`, { method: "POST", headers, body });
  screen.step("alerts", `${status}, answered ${answer.status}`);
  return answer.status;
}

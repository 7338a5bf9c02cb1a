/**
 * Netlify's outgoing webhooks: what forms are sent, and how deploys ended. Both are signed alike (a JWS).
 * https://docs.netlify.com/forms/notifications/ and https://docs.netlify.com/deploy/deploy-notifications/#payload-signature
 */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { answers, fact } from "./note-fields.ts";

const text = z.string().nullish();

const submission = z.object({
  id: z.string(),
  form_name: text,
  site_url: text,
  ordered_human_fields: z.array(z.object({ title: text, name: text, value: z.unknown() })).nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
});

export const netlifyForms: Preset = {
  kind: "netlify-forms",
  label: "Netlify Forms",
  purpose: "notes",
  docs: "https://docs.netlify.com/forms/notifications/",
  provenBy: "the package jose, over a submission that Netlify sent to somebody else",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({ verify: [{ netlify: {} }], id: "json:/id", event: ["const:submission"] }),
  read: reading(submission, ({ form_name, site_url, ordered_human_fields, data }) => {
    const named = ordered_human_fields?.map((it) => [it.title ?? it.name ?? "", it.value] as const);
    // Netlify adds the sender's address to what was filled in.
    const filled = Object.entries(data ?? {}).filter(([name]) => name !== "ip");
    return {
      note: {
        title: `📝 ${form_name || "A form"} was filled in`,
        fields: answers(named?.length ? named : filled),
        url: site_url ?? null,
        tone: "neutral",
      },
    };
  }),
};

const deploy = z.object({
  id: z.string(),
  state: z.string(),
  name: z.string(),
  branch: text,
  context: text,
  title: text,
  error_message: text,
  admin_url: text,
  deploy_ssl_url: text,
});

export const netlifyDeploys: Preset = {
  kind: "netlify-deploys",
  label: "Netlify",
  purpose: "notes",
  docs: "https://docs.netlify.com/deploy/deploy-notifications/",
  provenBy: "the package jose, over a notice that Netlify sent to somebody else",
  keys: [],
  secret: "needed",
  events: ["ready", "error"],
  definition: () => ({
    verify: [{ netlify: {} }],
    id: "join(json:/id, json:/state)",
    event: ["json:/state"],
  }),
  read: reading(deploy, (it) => {
    const isFailed = it.state === "error";
    const words = isFailed ? "failed" : it.state === "ready" ? "is live" : `is ${it.state.slice(0, 30)}`;
    return {
      note: {
        title: `${isFailed ? "❌" : "🚀"} Deploy of ${it.name.slice(0, 80)} ${words}`,
        fields: [
          ...fact("Branch", it.branch),
          ...fact("Context", it.context),
          ...fact("Title", it.title),
          ...fact("Error", it.error_message),
        ],
        url: isFailed ? (it.admin_url ?? null) : (it.deploy_ssl_url ?? it.admin_url ?? null),
        tone: isFailed ? "bad" : it.state === "ready" ? "good" : "neutral",
      },
    };
  }),
};

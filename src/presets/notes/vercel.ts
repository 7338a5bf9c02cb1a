/** Vercel's webhooks: how deployments ended. https://vercel.com/docs/webhooks/webhooks-api */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { fact } from "./note-fields.ts";

const text = z.string().nullish();

const deployment = z.object({
  payload: z.object({
    /** "production" or "staging"; null: a preview. */
    target: text,
    links: z.object({ deployment: text }).nullish(),
    deployment: z.object({ name: z.string(), url: text, meta: z.record(z.string(), z.unknown()).nullish() }),
  }),
});

const WORDS: Readonly<Record<string, readonly [icon: string, words: string, tone: "good" | "bad" | "neutral"]>> = {
  "deployment.succeeded": ["🚀", "is ready", "good"],
  "deployment.error": ["❌", "failed", "bad"],
  "deployment.canceled": ["🚫", "was cancelled", "neutral"],
};

export const vercel: Preset = {
  kind: "vercel",
  label: "Vercel",
  purpose: "notes",
  docs: "https://vercel.com/docs/webhooks",
  provenBy: "openssl dgst, as Vercel documents it, over a deployment of the shape in its documentation",
  keys: [],
  secret: "needed",
  events: ["deployment.succeeded", "deployment.error"],
  definition: () => ({
    // https://vercel.com/docs/webhooks#securing-webhooks: SHA-1 is all that there is.
    verify: [{ hmac: { header: "x-vercel-signature", algorithm: "sha1" } }],
    // Sent again for up to 24 hours.
    id: "json:/id",
    event: ["json:/type"],
  }),
  read: reading(z.object({ type: z.string() }), ({ type }, delivery) =>
    type.startsWith("deployment.") ? readDeployment(delivery) : {},
  ),
};

const readDeployment = reading(deployment, ({ payload: { target, links, deployment: it } }, { event }) => {
  const [icon, words, tone] = WORDS[event] ?? ["💠", event.slice("deployment.".length, 60), "neutral"];
  const isOnline = event === "deployment.succeeded" && it.url;
  return {
    note: {
      title: `${icon} Deployment of ${it.name.slice(0, 80)} ${words}`,
      fields: [
        ...fact("Target", target ?? "preview"),
        ...fact("Branch", saidBy(it.meta, "CommitRef")),
        ...fact("Commit", saidBy(it.meta, "CommitMessage")?.split("\n", 1)[0]),
      ],
      url: isOnline ? `https://${it.url}` : (links?.deployment ?? null),
      tone,
    },
  };
});

/** What the git host says of the commit, which gives the key its beginning: "githubCommitRef". */
function saidBy(meta: Readonly<Record<string, unknown>> | null | undefined, what: string): string | undefined {
  const said = ["github", "gitlab", "bitbucket"].map((host) => meta?.[`${host}${what}`]);
  return said.find((it) => typeof it === "string");
}

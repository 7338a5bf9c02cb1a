/** Gitea and its fork Forgejo: https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/ */
import { z } from "zod";
import type { DefinitionInput } from "../../config/source-definition.ts";
import { type Preset, reading } from "../preset.ts";
import { commitName, message, name, orNone, pushes, readingOnly, refName } from "./pushed-ref.ts";

const commit = z.object({ id: z.string(), message, author: z.object({ name }).nullish() });

const push = z.object({
  ref: refName,
  before: commitName,
  after: commitName,
  repository: z.object({
    full_name: z.string().min(1).max(500),
    clone_url: z.string().nullish(),
    ssh_url: z.string().nullish(),
  }),
  pusher: z.object({ login: name }).nullish(),
  /** Newer versions name the newest commit by itself; older ones have it among the others, of which some may be left out. */
  head_commit: commit.nullish(),
  commits: z
    .array(commit)
    .nullish()
    .transform((commits) => commits ?? []),
});

const read = readingOnly(
  ["push"],
  reading(push, ({ ref, before, after, repository, pusher, head_commit, commits }) => {
    const head = [head_commit, ...commits].find((it) => it?.id === after);
    return pushes([
      {
        cloneUrls: [repository.clone_url, repository.ssh_url].filter((url) => url !== null && url !== undefined),
        repoName: repository.full_name,
        ref,
        before,
        after: orNone(after),
        head: head ? { message: head.message, author: head.author?.name || (pusher?.login ?? "") } : null,
      },
    ]);
  }),
);

/**
 * `{form.payload}` is the JSON itself, in whichever form it is sent: a webhook of the content type form signs the decoded
 * field `payload`, one of the content type JSON the body (services/webhook/deliver.go). Without a secret the header of the
 * signature is there and empty.
 */
const definitionOf = (prefix: "x-gitea" | "x-forgejo"): DefinitionInput => ({
  verify: [{ hmac: { header: `${prefix}-signature`, message: "{form.payload}" } }],
  // Unsigned, and a delivery that is sent again by hand has a new one.
  id: `header:${prefix}-delivery`,
  event: [`header:${prefix}-event`],
  // All commits of a push are named, with their files.
  accept: { types: ["application/json", "application/x-www-form-urlencoded"], maxBytes: 5 * 1024 ** 2 },
});

const common = {
  purpose: "git",
  provenBy: "openssl, over the payload of Gitea's documentation",
  keys: [],
  secret: "needed",
  events: ["push"],
  read,
} as const;

export const gitea: Preset = {
  ...common,
  kind: "gitea",
  label: "Gitea",
  docs: "https://docs.gitea.com/usage/webhooks",
  definition: () => definitionOf("x-gitea"),
};

export const forgejo: Preset = {
  ...common,
  kind: "forgejo",
  label: "Forgejo",
  docs: "https://forgejo.org/docs/latest/user/webhooks/",
  definition: () => definitionOf("x-forgejo"),
};

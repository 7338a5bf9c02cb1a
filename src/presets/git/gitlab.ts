/** GitLab: https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events */
import { z } from "zod";
import type { DefinitionInput } from "../../config/source-definition.ts";
import type { SourceSettings } from "../../config/source-settings.ts";
import { printExtractor } from "../../model/extractor.ts";
import { type Preset, reading } from "../preset.ts";
import { standardWebhooks } from "../standard-webhooks.ts";
import { commitName, message, name, orNone, pushes, readingOnly, refName } from "./pushed-ref.ts";

const push = z.object({
  ref: refName,
  before: commitName,
  after: commitName,
  user_name: name,
  project: z.object({
    path_with_namespace: z.string().min(1).max(500),
    git_ssh_url: z.string().nullish(),
    git_http_url: z.string().nullish(),
  }),
  /** The newest 20; none where a branch was made without a new commit. */
  commits: z
    .array(z.object({ id: z.string(), message, author: z.object({ name }).nullish() }))
    .nullish()
    .transform((commits) => commits ?? []),
});

/** "push" and "tag_push" are what GitLab calls them in the body, which is signed where anything is. */
const EVENTS = ["push", "tag_push"];

const read = readingOnly(
  EVENTS,
  reading(push, ({ ref, before, after, user_name, project, commits }) => {
    const head = commits.find(({ id }) => id === after);
    return pushes([
      {
        cloneUrls: [project.git_http_url, project.git_ssh_url].filter((url) => url !== null && url !== undefined),
        repoName: project.path_with_namespace,
        ref,
        before,
        after: orNone(after),
        head: head ? { message: head.message, author: head.author?.name || user_name } : null,
      },
    ]);
  }),
);

/** https://docs.gitlab.com/user/gitlab_com/#webhooks: payloads have 25 MB at most. */
const MAX_BYTES = 25 * 1024 ** 2;

const common = {
  purpose: "git",
  docs: "https://docs.gitlab.com/user/project/integrations/webhook_events/",
  secret: "needed",
  events: EVENTS,
  read,
} as const;

/**
 * A secret that GitLab sends as it is. Idempotency-Key is stable over retries, and is sent since GitLab 17.4; older ones
 * name nothing that is, so there `id: digest` has to be written. X-Gitlab-Webhook-UUID is new for each request.
 */
export const gitlab: Preset = {
  ...common,
  kind: "gitlab",
  label: "GitLab",
  provenBy: "the payloads of GitLab's documentation; a token needs no signer",
  keys: ["id"],
  definition: (settings) => ({
    verify: [{ token: { in: "header:x-gitlab-token" } }],
    id: idOf(settings) ?? "header:idempotency-key",
    event: ["json:/object_kind"],
    accept: { maxBytes: MAX_BYTES },
  }),
};

/**
 * With GitLab's signing token, `whsec_…`: https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944. Its webhook-id is
 * the Idempotency-Key.
 */
export const gitlabSigned: Preset = {
  ...common,
  kind: "gitlab-signed",
  label: "GitLab",
  provenBy: "the package standardwebhooks, over the payloads of GitLab's documentation",
  keys: [],
  definition: (settings) => ({
    verify: standardWebhooks.definition(settings).verify,
    id: "header:webhook-id",
    event: ["json:/object_kind"],
    accept: { maxBytes: MAX_BYTES },
  }),
};

/** The setting as it may be written. */
function idOf({ id }: SourceSettings): DefinitionInput["id"] {
  if (!id) return undefined;
  const from = typeof id.from === "string" ? id.from : printExtractor(id.from);
  return { from, bodyMayChange: id.bodyMayChange, window: `${id.window}ms` };
}

/** Bitbucket Cloud: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Push */
import { z } from "zod";
import type { GitPush } from "../../model/git-push.ts";
import { type Preset, reading } from "../preset.ts";
import { commitName, message, name, pushes, readingOnly, refName } from "./pushed-ref.ts";

const target = z.object({
  hash: commitName,
  message,
  author: z.object({ raw: name, user: z.object({ display_name: name }).nullish() }).nullish(),
});
const side = z.object({ type: z.string(), name: refName, target }).nullish();

const push = z.object({
  repository: z.object({
    full_name: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/)
      .max(500),
  }),
  /** Several branches and tags may be pushed at once. */
  push: z.object({ changes: z.array(z.object({ new: side, old: side })) }),
});

type Change = z.output<typeof push>["push"]["changes"][number];

/** "branch" and "tag"; what Bitbucket calls otherwise is none that a site shows. */
const FOLDERS: Readonly<Record<string, string>> = { branch: "heads", tag: "tags" };
const NONE = "0".repeat(40);

function pushOf({ new: now, old }: Change, fullName: string): GitPush[] {
  const ref = now ?? old;
  if (!ref) return [];
  const author = now?.target.author;
  return [
    {
      cloneUrls: cloneUrlsOf(fullName),
      repoName: fullName,
      ref: `refs/${FOLDERS[ref.type] ?? "other"}/${ref.name}`,
      before: old?.target.hash ?? NONE,
      after: now?.target.hash ?? null,
      head: now
        ? {
            message: now.target.message,
            author: author?.user?.display_name || (author?.raw ?? "").replace(/\s*<.*$/s, ""),
          }
        : null,
    },
  ];
}

/**
 * The payload names none: they follow from the name. The second one is for networks that let port 443 out alone
 * (https://support.atlassian.com/bitbucket-cloud/docs/configure-ssh-and-two-step-verification/).
 */
function cloneUrlsOf(fullName: string): string[] {
  return [`https://bitbucket.org/${fullName}.git`, `ssh://git@altssh.bitbucket.org:443/${fullName}.git`];
}

export const bitbucket: Preset = {
  kind: "bitbucket",
  label: "Bitbucket",
  purpose: "git",
  docs: "https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/",
  provenBy: "openssl, over the payload of Bitbucket's documentation",
  keys: [],
  secret: "needed",
  events: ["repo:push"],
  definition: () => ({
    // The name of the header is the one of an older scheme with SHA-1; Bitbucket's has always been SHA-256.
    verify: [{ hmac: { header: "x-hub-signature", prefix: "sha256=" } }],
    id: "header:x-request-uuid",
    event: ["header:x-event-key"],
  }),
  read: readingOnly(
    ["repo:push"],
    reading(push, ({ repository, push: { changes } }) =>
      pushes(changes.flatMap((change) => pushOf(change, repository.full_name))),
    ),
  ),
};

/** Bitbucket Data Center and Server: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html */
import { z } from "zod";
import { type Preset, reading } from "../preset.ts";
import { commitName, message, name, orNone, pushes, readingOnly, refName } from "./pushed-ref.ts";

const PING = "diagnostics:ping";

const push = z.object({
  repository: z.object({
    slug: z.string().min(1).max(300),
    project: z.object({ key: z.string().min(1).max(200) }),
    /** Not in the payloads of all versions; where they are missing, the source's settings name the sites. */
    links: z.object({ clone: z.array(z.object({ href: z.string() })).nullish() }).nullish(),
  }),
  changes: z.array(z.object({ ref: z.object({ id: refName }), fromHash: commitName, toHash: commitName })),
  /** The newest of the pushed commits; since 7.21. */
  commits: z
    .array(z.object({ id: z.string(), message, author: z.object({ name }).nullish() }))
    .nullish()
    .transform((commits) => commits ?? []),
});

export const bitbucketServer: Preset = {
  kind: "bitbucket-server",
  label: "Bitbucket",
  purpose: "git",
  docs: "https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html",
  provenBy: "openssl, over the payload of Bitbucket's documentation",
  keys: [],
  secret: "needed",
  events: ["repo:refs_changed", PING],
  definition: () => ({
    verify: [{ hmac: { header: "x-hub-signature", prefix: "sha256=" } }],
    id: "header:x-request-id",
    event: ["header:x-event-key"],
  }),
  read(delivery) {
    // "Test connection"; versions that do not sign it are answered 401, as whoever signs nothing.
    return delivery.event === PING ? { ping: "Bitbucket tried the connection" } : readPush(delivery);
  },
};

const readPush = readingOnly(
  ["repo:refs_changed"],
  reading(push, ({ repository, changes, commits }) => {
    const { project, slug, links } = repository;
    return pushes(
      changes.map(({ ref, fromHash, toHash }) => {
        const head = commits.find(({ id }) => id === toHash);
        return {
          cloneUrls: (links?.clone ?? []).map(({ href }) => href),
          repoName: `${project.key}/${slug}`,
          ref: ref.id,
          before: fromHash,
          after: orNone(toHash),
          head: head ? { message: head.message, author: head.author?.name ?? "" } : null,
        };
      }),
    );
  }),
);

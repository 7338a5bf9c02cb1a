/** WordPress: a few lines of PHP with `wp_remote_post`, or the plugin WP Webhooks. Neither tries again: see `poll`. */
import { z } from "zod";
import type { DefinitionInput } from "../../config/source-definition.ts";
import { type Preset, type Reading, reading } from "../preset.ts";
import { changed, textOf } from "./title.ts";

const post = z.object({
  post_title: z.string().nullish(),
  post_name: z.string().nullish(),
  post_type: z.string().nullish(),
  post_status: z.string().nullish(),
});

/**
 * What WP Webhooks sends when a post is created, updated, trashed or deleted
 * (https://wp-webhooks.com/docs/knowledge-base/), and what the lines in docs/content.md send.
 */
const payload = z.object({
  post_id: z.union([z.number(), z.string()]),
  post: post.nullish(),
  /** `false` where it is not known. */
  post_before: z.union([post, z.literal(false)]).nullish(),
  by: z.unknown().optional(),
});

/** https://wordpress.org/documentation/article/post-status/; what is in the trash may have been on the site before. */
const UNPUBLISHED = ["draft", "auto-draft", "pending", "future", "private", "inherit"];

const read = reading(payload, ({ post_id, post, post_before, by }): Reading => {
  const wasPublished = post_before ? post_before.post_status === "publish" : false;
  if (UNPUBLISHED.includes(post?.post_status ?? "") && !wasPublished) return { ignored: "a draft was saved" };
  const name = textOf(post?.post_title) ?? textOf(post?.post_name) ?? String(post_id);
  return changed({ type: post?.post_type ?? "post", name }, textOf(by));
});

const usual = {
  purpose: "content",
  keys: [],
  secret: "needed",
  events: [],
  read,
} as const satisfies Partial<Preset>;

const withDefinition = (verify: DefinitionInput["verify"]) => (): DefinitionInput => ({
  verify,
  id: "none",
  event: ["json:/event"],
});

export const wordpress: Preset = {
  ...usual,
  kind: "wordpress",
  label: "WordPress",
  docs: "https://developer.wordpress.org/reference/functions/wp_remote_post/",
  provenBy: null,
  definition: withDefinition([{ token: { in: "header:authorization", scheme: "bearer" } }]),
};

export const wpWebhooks: Preset = {
  ...usual,
  kind: "wp-webhooks",
  label: "WordPress (WP Webhooks)",
  docs: "https://wp-webhooks.com/docs/knowledge-base/",
  provenBy: null,
  // The plugin signs as WooCommerce does: base64 of the HMAC-SHA256 of the body, under its "trigger secret".
  definition: withDefinition([{ hmac: { header: "x-wp-webhook-signature", encoding: "base64" } }]),
};

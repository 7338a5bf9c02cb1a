/** The presets of CMSs and back ends. */
import type { Preset } from "../preset.ts";
import { svix } from "../standard-webhooks.ts";
import { buildHook } from "./build-hook.ts";
import { contentful } from "./contentful.ts";
import { craft } from "./craft.ts";
import { datocms } from "./datocms.ts";
import { directus } from "./directus.ts";
import { djangoWebhook } from "./django-webhook.ts";
import { ghost } from "./ghost.ts";
import { hygraph } from "./hygraph.ts";
import { kontent } from "./kontent.ts";
import { prismic } from "./prismic.ts";
import { sanity } from "./sanity.ts";
import { storyblok } from "./storyblok.ts";
import { strapi } from "./strapi.ts";
import { webflow } from "./webflow.ts";
import { wordpress, wpWebhooks } from "./wordpress.ts";

export const contentPresets: readonly Preset[] = [
  svix,
  buildHook,
  sanity,
  contentful,
  strapi,
  directus,
  storyblok,
  prismic,
  datocms,
  ghost,
  wordpress,
  wpWebhooks,
  kontent,
  hygraph,
  webflow,
  craft,
  djangoWebhook,
];

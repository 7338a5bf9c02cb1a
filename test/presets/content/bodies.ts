/** What CMSs send, as their own pages show it; where a page shows none, as its tables of fields say. */

const json = (value: unknown) => JSON.stringify(value);

/** The usual document of a projection; https://www.sanity.io/docs/webhooks. */
export const SANITY = json({
  _id: "post-1",
  _type: "post",
  title: "About us",
  slug: { _type: "slug", current: "about" },
});

/** The entry of the examples in https://www.contentful.com/developers/docs/references/content-management-api/#/reference/entries */
export const CONTENTFUL = json({
  fields: { title: { "en-US": "Hello, World!" }, body: { "en-US": "Bacon is healthy!" } },
  metadata: { tags: [{ sys: { type: "Link", linkType: "Tag", id: "nyCampaign" } }] },
  sys: {
    id: "5KsDBWseXY6QegucYAoacS",
    type: "Entry",
    contentType: { sys: { type: "Link", linkType: "ContentType", id: "hfM9RCJIk0wIm06WkEOQY" } },
    version: 1,
    space: { sys: { type: "Link", linkType: "Space", id: "yadj1kx9rmg0" } },
    environment: { sys: { type: "Link", linkType: "Environment", id: "staging" } },
    createdAt: "2015-05-18T11:29:46.809Z",
    updatedAt: "2015-05-18T11:29:46.809Z",
  },
});

/** `entry.publish` of https://docs.strapi.io/cms/backend-customization/webhooks#payloads, with a name. */
export const STRAPI = json({
  event: "entry.publish",
  createdAt: "2020-01-10T08:59:35.796Z",
  model: "address",
  entry: {
    id: 1,
    geolocation: {},
    city: "Paris",
    postal_code: null,
    category: null,
    full_name: "Paris",
    name: "Paris",
    createdAt: "2020-01-10T08:47:36.264Z",
    updatedAt: "2020-01-10T08:58:26.210Z",
    publishedAt: "2020-08-29T14:20:12.134Z",
    cover: null,
    images: [],
  },
});

/** As the template in docs/content.md makes it. */
export const DIRECTUS = json({
  event: "articles.items.update",
  collection: "articles",
  keys: ["4"],
  payload: { title: "Prices", status: "published" },
});

/** https://www.storyblok.com/docs/concepts/webhooks */
export const STORYBLOK = json({
  text: "The user test@example.com published the Story XXX (XXXXX)",
  action: "published",
  space_id: 678910,
  story_id: 123456,
  full_slug: "posts/my-new-post",
});

/** WebhookBodyAPIUpdate of @prismicio/client 7; `secret` is the token. */
export const prismicBody = (secret: string) =>
  json({
    type: "api-update",
    masterRef: "X6qn-RIAACMAVge1",
    releases: {},
    masks: {},
    tags: {},
    documents: ["X4bC0BIAACIAqtFd", "X4bC0BIAACIAqtFe"],
    domain: "my-repository",
    apiUrl: "https://my-repository.prismic.io/api",
    secret,
  });

/** https://www.datocms.com/docs/content-management-api/resources/webhook-call, of a record. */
export const datocmsBody = (retries: number) =>
  json({
    webhook_call_id: "103216210",
    event_triggered_at: "2024-08-26T12:49:16Z",
    attempted_auto_retries_count: retries,
    webhook_id: "28374",
    site_id: "205",
    environment: "main",
    is_environment_primary: true,
    entity_type: "item",
    event_type: "publish",
    entity: {
      id: "348295724",
      type: "item",
      attributes: { title: { en: "About us", de: "Über uns" } },
      relationships: { item_type: { data: { id: "7690234", type: "item_type" } } },
      meta: { status: "published" },
    },
    related_entities: [{ id: "7690234", type: "item_type", attributes: { name: "Blog post", api_key: "blog_post" } }],
  });

/** As ghost/core/test/e2e-webhooks of TryGhost/Ghost has it, shortened. */
export const GHOST = json({
  post: {
    current: {
      id: "619",
      slug: "webhookz",
      status: "published",
      title: "webhookz",
      updated_at: "2021-11-17T16:33:32.000Z",
    },
    previous: { status: "draft", updated_at: "2021-11-17T16:33:31.000Z" },
  },
});

/** The demo of the trigger post_update in WP Webhooks, shortened. */
export const WORDPRESS = json({
  post_id: 1234,
  post: {
    ID: 1,
    post_author: "1",
    post_date: "2022-11-06 14:19:18",
    post_title: "Hello world!",
    post_status: "publish",
    post_name: "hello-world",
    post_type: "post",
  },
  post_meta: { key_0: ["0.00"] },
  post_before: { ID: 1, post_title: "Hello world!", post_status: "draft", post_type: "post" },
});

/** The body of the published vector: lib/test/signatures/signature.spec.ts of @kontent-ai/webhook-helper 3.0.4. */
export const KONTENT = JSON.stringify(
  {
    notifications: [
      {
        data: {
          system: {
            id: "aa7f127f-1920-4454-a89a-0609aba8ea6f",
            name: "This changes everything!",
            codename: "this_changes_everything_",
            collection: "marketing",
            workflow: "default",
            workflow_step: "published",
            language: "default",
            type: "product_update",
            last_modified: "2024-03-25T07:55:57.0563735Z",
          },
        },
        message: {
          environment_id: "0f5b6cb2-ea82-014e-ac74-f71e7e8b6aee",
          object_type: "content_item",
          action: "published",
          delivery_slot: "published",
        },
      },
    ],
  },
  null,
  2,
).replaceAll("\n", "\r\n");

export const HYGRAPH = json({
  operation: "publish",
  data: { __typename: "Post", id: "ckadrcx4g00pw01525c5d2e56", stage: "PUBLISHED", title: "About us" },
});

/** https://developers.webflow.com/data/reference/webhooks/events/collection-item-changed */
export const WEBFLOW = json({
  triggerType: "collection_item_changed",
  payload: {
    id: "582b900cba19143b2bb8a759",
    siteId: "1111111",
    workspaceId: "1111111",
    collectionId: "1111111",
    lastPublished: "2023-03-27T22:26:40.926Z",
    lastUpdated: "2023-03-27T22:26:40.926Z",
    createdOn: "2023-03-27T22:26:40.926Z",
    isArchived: false,
    isDraft: false,
    fieldData: { name: "hello world", slug: "hello-world" },
  },
});

/** The keys that https://github.com/craftcms/webhooks#creating-webhooks lists. */
export const CRAFT = json({
  time: "2026-11-30T10:00:00+00:00",
  user: { id: 1, username: "ada", fullName: "Ada Lovelace" },
  name: "afterSave",
  senderClass: "craft\\elements\\Entry",
  sender: { id: 12, title: "About us", slug: "about-us", draftId: null, revisionId: null },
  eventClass: "craft\\events\\ModelEvent",
  event: { isNew: false, isValid: true },
});

/** What django_webhook/signals.py makes of a model. */
export const DJANGO_WEBHOOK = json({
  topic: "pages.Page/update",
  object: { id: 1, title: "About us", slug: "about-us" },
  object_type: "pages.Page",
  webhook_uuid: "f3cff3a0-3c1d-4a3e-9a0b-8b8e3c8d9a11",
});

/** As docs/django.md sends it. */
export const STANDARD = json({
  type: "page.saved",
  timestamp: "2026-11-30T10:00:00+00:00",
  data: { app: "pages", model: "page", pk: "1", title: "About us", slug: "about-us", locale: "de", by: "Ada" },
});

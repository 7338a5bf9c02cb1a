/** What senders send, in the shapes of their documentation; each is named at its page. */

/** https://docs.stripe.com/api/events/object, with https://docs.stripe.com/api/payment_intents/object in it. */
export const stripeEvent = (type: string, object: object, part: object = {}) => ({
  ...{ id: "evt_1NG8Du2eZvKYlo2CUI79vXWy", object: "event", api_version: "2026-01-28.clover", created: 1_778_602_408 },
  ...{ data: { object }, livemode: true, pending_webhooks: 1, request: { id: "req_1", idempotency_key: null }, type },
  ...part,
});

export const paymentIntent = {
  ...{ id: "pi_3TWIvx0qWkNaM1fM0H4e0MIb", object: "payment_intent", amount: 4900, amount_capturable: 0 },
  ...{ amount_received: 4900, client_secret: "pi_3TWI_secret_x", currency: "eur", customer: "cus_UVJZMy16ECE8yo" },
  ...{ description: "Order 7 of Jan Dietrich", last_payment_error: null, latest_charge: "py_3TWIvx0qWkNaM1fM0WWKHuKt" },
  ...{ livemode: true, metadata: {}, receipt_email: "jan@example.com", status: "succeeded" },
};

/** https://docs.stripe.com/api/checkout/sessions/object */
export const checkoutSession = {
  ...{ id: "cs_test_a1RMSyzQu5Mk2cZYoAYLOCV9hfoc5z9RuYdE4jLY2htoizGr1AJZeAcnDh", object: "checkout.session" },
  ...{ amount_subtotal: 400, amount_total: 400, currency: "usd", customer: "cus_SbGYl34MpG4nv5", mode: "payment" },
  customer_details: { address: { country: "MY" }, email: "jan@example.com", name: "Jan Dietrich", phone: null },
  ...{ payment_intent: "pi_3RgRPqEEXQJo9EEO1a43uB5g", payment_status: "paid", status: "complete" },
};

/** https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage, "Example payloads". */
export const thinEvent = {
  ...{ id: "evt_test_65R2GpwDsnmpzihMjdT16R2GDhI4SQdXJGRbvn7JA8mPEm", object: "v2.core.event" },
  ...{ created: "2024-08-28T20:54:12.051Z", livemode: false, reason: null },
  related_object: { id: "mtr_test_123", type: "billing.meter", url: "/v1/billing/meters/mtr_test_123" },
  type: "v1.billing.meter.error_report_triggered",
};

/** https://docs.stripe.com/api/v2/core/event-destinations/ping */
export const thinPing = {
  ...{ id: "evt_test_ping", object: "v2.core.event", type: "v2.core.event_destination.ping", livemode: false },
  ...{ created: "2026-09-18T19:56:56.947Z", reason: null },
  related_object: { id: "ed_test_ping", type: "v2.core.event_destination", url: "/v2/core/event_destinations/ed_1" },
};

/** https://shopify.dev/docs/api/webhooks/latest, "orders/create: Sample Payload". */
export const shopifyOrder = {
  ...{ id: 820982911946154508n, email: "jon@example.com", number: 234, note: null, test: true, name: "#9999" },
  ...{ total_price: "388.00", currency: "USD", financial_status: "voided", cancel_reason: "customer", phone: null },
  customer: { id: 115310627314723954n, email: "john@example.com", first_name: "John", last_name: "Smith" },
  line_items: [
    { id: 866550311766439020n, title: "Aviator sunglasses", quantity: 1, price: "89.99" },
    { id: 141249953214522974n, title: "Mid-century lounger", quantity: 2, price: "159.99" },
  ],
};

/** https://shopify.dev/docs/api/webhooks/latest, "refunds/create: Sample Payload". */
export const shopifyRefund = {
  ...{ id: 890088186047892319n, order_id: 820982911946154508n, note: "Things were damaged", user_id: 548380009 },
  transactions: [{ id: 245135271310201194n, kind: "refund", amount: "10.00", currency: "USD", status: "success" }],
};

/** Whole numbers of Shopify have more digits than a double keeps. */
export const bigJson = (value: unknown) =>
  JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `BIG${one}` : one)).replace(/"BIG(\d+)"/g, "$1");

/** https://woocommerce.github.io/woocommerce-rest-api-docs/#retrieve-an-order */
export const wooOrder = {
  ...{
    id: 727,
    number: "727",
    status: "processing",
    currency: "USD",
    total: "29.35",
    order_key: "wc_order_58d2d042d1d",
  },
  billing: { first_name: "John", last_name: "Doe", email: "john.doe@example.com", phone: "(555) 555-5555" },
  ...{ payment_method: "bacs", payment_method_title: "Direct Bank Transfer", customer_ip_address: "198.51.100.7" },
  line_items: [{ id: 315, name: "Woo Single #1", quantity: 2, total: "6.00" }],
  _links: { self: [{ href: "https://example.com/shop/wp-json/wc/v3/orders/727" }] },
};

/** https://www.typeform.com/developers/webhooks/example-payload/ */
export const typeformResponse = {
  ...{ event_id: "LtWXD3crgy", event_type: "form_response" },
  form_response: {
    ...{ form_id: "lT4Z3j", token: "a3a12ec67a1365927098a606107fac15", submitted_at: "2018-01-18T18:17:02Z" },
    definition: {
      ...{ id: "lT4Z3j", title: "Webhooks example" },
      fields: [
        { id: "DlXFaesGBpoF", title: "Thanks! Where do you live?", type: "long_text", ref: "readable_ref_long_text" },
        { id: "SMEUb7VJz92Q", title: "If you're OK with our city management, leave your email", type: "email" },
        { id: "k6TP9oLGgHjl", title: "What are your favourite colours?", type: "multiple_choice" },
        { id: "RUqkXSeXBXSd", title: "Yes or no?", type: "yes_no" },
        { id: "NRsxU591jIW9", title: "How often?", type: "number" },
      ],
    },
    answers: [
      {
        type: "text",
        text: "It's cold right now! I live in an older house.",
        field: { id: "DlXFaesGBpoF", type: "long_text" },
      },
      { type: "email", email: "laura@example.com", field: { id: "SMEUb7VJz92Q", type: "email" } },
      { type: "choices", choices: { labels: ["Blue", "Red"] }, field: { id: "k6TP9oLGgHjl", type: "multiple_choice" } },
      { type: "boolean", boolean: false, field: { id: "RUqkXSeXBXSd", type: "yes_no" } },
      { type: "number", number: 5, field: { id: "NRsxU591jIW9", type: "number" } },
    ],
  },
};

/** https://tally.so/help/webhooks, "Example webhook event". */
export const tallyResponse = {
  ...{
    eventId: "a4cb511e-d513-4fa5-baee-b815d718dfd1",
    eventType: "FORM_RESPONSE",
    createdAt: "2023-06-28T15:00:21.889Z",
  },
  data: {
    ...{ responseId: "2wgx4n", submissionId: "2wgx4n", respondentId: "dwQKYm", formId: "VwbNEw", formName: "Contact" },
    fields: [
      { key: "question_mVGEg3", label: "Your name", type: "INPUT_TEXT", value: "Jan Dietrich" },
      { key: "question_nPpjVn", label: "Phone", type: "INPUT_PHONE_NUMBER", value: "+32123456789" },
      {
        ...{ key: "question_3EKz4n", label: "Plan", type: "MULTIPLE_CHOICE", value: ["e7bfbbc6"] },
        options: [
          { id: "e7bfbbc6", text: "Business" },
          { id: "f6bfbbc6", text: "Starter" },
        ],
      },
      { key: "question_w8KoYx", label: "Guests", type: "INPUT_NUMBER", value: 12 },
      { key: "question_empty", label: "Remark", type: "TEXTAREA", value: null },
    ],
  },
};

/** As receivers of it report: the form's id, and beside what was filled in when. */
export const formspreeSubmission = {
  ...{ form: "xayzabcd", keys: ["name"] },
  submission: {
    ...{ _date: "2026-01-31T14:02:00.000000+00:00", name: "Jan Dietrich", email: "jan@example.com", plan: "pro" },
    message: "I would like to order twelve of them.",
  },
};

/** A submission as Netlify sends it, with another person's words in it. */
export const netlifySubmission = {
  ...{ number: 12, title: null, email: "jan@example.com", name: "Jan", company: null, regarding: null },
  ...{ summary: "Hey there", body: "Hey there", created_at: "2021-09-24T01:36:17.633Z" },
  data: {
    name: "Jan",
    email: "jan@example.com",
    message: "Hey there, nice site!",
    ip: "203.0.113.9",
    referrer: "https://x.example/",
  },
  human_fields: { Name: "Jan", Email: "jan@example.com", Message: "Hey there, nice site!" },
  ordered_human_fields: [
    { title: "Name", name: "name", value: "Jan" },
    { title: "Email", name: "email", value: "jan@example.com" },
    { title: "Message", name: "message", value: "Hey there, nice site!" },
  ],
  ...{ id: "614d2b91e3695a1fb8eb52c5", form_id: "6143ec357114bb0007eaaa3e", form_name: "contact" },
  site_url: "https://www.example.com",
};

/** A notice as Netlify sends it; gitlab.com/jamietanna/www-api/-/issues/107 shows one whole. */
export const netlifyDeploy = {
  ...{ id: "5ebc34bf4fea0b01f02efa3a", site_id: "fa4dd95a", build_id: "5ebc34bf4fea0b01f02efa38", state: "ready" },
  ...{ name: "www-example", url: "https://www.example.com", admin_url: "https://app.netlify.com/sites/www-example" },
  ...{ deploy_ssl_url: "https://5ebc34bf--www-example.netlify.app", error_message: null, branch: "master" },
  ...{ context: "production", title: null, deploy_time: 159 },
};

/** https://docs.lemonsqueezy.com/help/webhooks/webhook-requests */
export const lemonOrder = {
  meta: { event_name: "order_created", custom_data: { customer_id: 25 } },
  data: {
    ...{ type: "orders", id: "1" },
    attributes: {
      ...{ store_id: 1, customer_id: 1, identifier: "104e18a2-d755-4d4b-80c4-a6c1dcbe1c10", order_number: 1 },
      ...{ user_name: "John Doe", user_email: "johndoe@example.com", currency: "USD", total: 1199, status: "paid" },
      ...{ first_order_item: { product_name: "Example Product" }, test_mode: false },
      updated_at: "2021-08-11T13:47:27.000000Z",
    },
  },
};

/** https://vercel.com/docs/webhooks/webhooks-api#deployment.succeeded */
export const vercelDeployment = {
  ...{ id: "uev_ZfbZKA3Ts2aEa2Cic6t6wSZ3", type: "deployment.succeeded", createdAt: 1592335604941, region: null },
  payload: {
    ...{ target: "production", plan: "pro", regions: ["fra1"], project: { id: "QmQPfU4x" }, team: null },
    links: { deployment: "https://vercel.com/acme/next-blog/2p92SueS", project: "https://vercel.com/acme/next-blog" },
    deployment: {
      ...{ id: "dpl_2p92SueS", name: "next-blog", url: "next-blog-go7.vercel.app" },
      meta: { githubCommitRef: "main", githubCommitMessage: "Update the front page\n\nAnd more.", githubOrg: "acme" },
    },
    user: { id: "cstd1xKm" },
  },
};

/**
 * Senders that slipway.yaml declares, through the front door to Slack, the live site and other programs: the whole
 * service, requests signed by their senders' own packages, real sockets.
 */
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { encodeSignatureHeader } from "@sanity/webhook";
import { chromium } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Explanation } from "../src/commands/explain-operation.ts";
import type { Delivery } from "../src/model/delivery.ts";
import { findChromium } from "../src/prerender/find-chromium.ts";
import { type ControlRoom, startControlRoom } from "./control-room-world.ts";
import { PATIENCE } from "./patience.ts";
import { SANITY, STRAPI } from "./presets/content/bodies.ts";
import { paymentIntent, stripeEvent } from "./presets/notes/bodies.ts";
import { stripeSignature } from "./presets/notes/signers.ts";
import { describeWithProgram } from "./servers/available.ts";

const SECRETS = {
  STRIPE_SECRET: "whsec_stripe-signs-with-this-one",
  SANITY_SECRET: "sanity-signs-with-this-one",
  STRAPI_TOKEN: "strapi-sends-this-one-as-it-is",
  PROBE_SECRET: `whsec_${Buffer.alloc(32, "probe").toString("base64")}`,
  OUT_SECRET: `whsec_${Buffer.alloc(32, "out").toString("base64")}`,
};
const PAGE = "https://shop.example.com";
const JSON_TYPE = { "content-type": "application/json" };

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };
type Sent = { method?: string; headers?: Record<string, string>; body?: string | Buffer };

let room: ControlRoom;
/** What another program was told, each with its headers. */
const told: Array<{ readonly headers: Record<string, string>; readonly body: string }> = [];
let endpoint: Server;
let page: Server;

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

beforeAll(async () => {
  endpoint = createServer(async (request, response) => {
    const body = (await buffer(request)).toString("utf8");
    told.push({ headers: request.headers as Record<string, string>, body });
    response.writeHead(204).end();
  });
  page = createServer((request, response) => {
    const form = `<form method="post" action="${room.url}/hooks/guestbook">
      <input name="name"><input name="email"><textarea name="message"></textarea>
      <input name="website" tabindex="-1" autocomplete="off"><button>Send</button></form>`;
    response.writeHead(200, { "content-type": "text/html" }).end(request.url === "/" ? form : "");
  });
  const [endpointUrl, pageUrl] = [await listen(endpoint), await listen(page)];
  room = await startControlRoom({
    channels: ["payments", "forms", "guests", "probes"],
    secrets: SECRETS,
    more: `
channel: third
webhooks: [{ url: "${endpointUrl}/slipway", secret: env:OUT_SECRET }]
sources:
  payments: { kind: stripe, secret: env:STRIPE_SECRET, channel: payments }
  cms: { kind: sanity, secret: env:SANITY_SECRET, sites: [shop], quiet: 1500ms }
  old-cms: { kind: strapi, secret: env:STRAPI_TOKEN, sites: [shop], quiet: 1500ms }
  contact: { kind: form, channel: forms, form: { origins: ["${PAGE}"], thanks: "${PAGE}/thanks" } }
  guestbook: { kind: form, channel: guests, form: { origins: ["${pageUrl}"] } }
  probes:
    kind: custom
    secret: env:PROBE_SECRET
    verify:
      - hmac: { header: webhook-signature, layout: list, pick: v1, encoding: base64, key: whsec,
                message: "{id}.{ts}.{body}", id: webhook-id, timestamp: "header:webhook-timestamp" }
    id: header:webhook-id
    event: [json:/type]
    routes:
      - when: { event: ["probe.*"] }
        alert: { channel: probes, sites: [shop], fingerprint: json:/probe, title: json:/title, severity: json:/how,
                 state: { from: json:/is, firing: [down], resolved: [up] } }
`,
  });
}, 60_000);
afterAll(async () => {
  await room?.stop();
  await Promise.all([end(endpoint), end(page)]);
});

/** Sends to /hooks/NAME. Resolves with the answer even where the rest of the body is not taken. */
function send(name: string, { method = "POST", headers = {}, body = "" }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const sending = httpRequest(
      `${room.url}/hooks/${name}`,
      { method, agent: false, headers: { ...length, ...headers } },
      async (answer) => {
        const text = (await buffer(answer)).toString("utf8");
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
        sending.destroy();
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}

const stripe = (event: object, secret = SECRETS.STRIPE_SECRET) => {
  const body = JSON.stringify(event);
  return send("payments", {
    headers: { ...JSON_TYPE, "stripe-signature": stripeSignature(secret, body, Date.now()) },
    body,
  });
};
const sanity = async (id: string, body: string) =>
  send("cms", {
    headers: {
      ...JSON_TYPE,
      "sanity-webhook-signature": await encodeSignatureHeader(body, Date.now(), SECRETS.SANITY_SECRET),
      ...{ "idempotency-key": id, "sanity-operation": "update" },
    },
    body,
  });
const probe = (id: string, is: "up" | "down") => {
  const body = JSON.stringify({
    type: "probe.changed",
    probe: "shop-front",
    title: "The shop is slow",
    how: "error",
    is,
  });
  const now = new Date();
  return send("probes", {
    headers: {
      ...JSON_TYPE,
      ...{ "webhook-id": id, "webhook-timestamp": String(Math.floor(now.getTime() / 1000)) },
      "webhook-signature": new Webhook(SECRETS.PROBE_SECRET).sign(id, now, body),
    },
    body,
  });
};

type Listed = Omit<Delivery, "body">;
const deliveriesOf = async (source: string) =>
  ((await room.ask("deliveries", { limit: 100 })) as Listed[]).filter((it) => it.source === source);
/** Waits until all that came from there is worked off; the newest first. */
const settled = (source: string) =>
  vi.waitFor(async () => {
    const all = await deliveriesOf(source);
    expect(all.map(({ state }) => state)).not.toContain("received");
    return all;
  }, PATIENCE);

describe("A payment", () => {
  const paid = stripeEvent("payment_intent.succeeded", paymentIntent);

  it("is told once in its channel, however often it is sent, and nobody's e-mail address with it", async () => {
    expect(await stripe(paid)).toMatchObject({ status: 200, body: expect.stringContaining('"status":"ok"') });
    const message = await room.says(/Payment of €49\.00 succeeded/, "payments");
    expect(JSON.stringify(message.blocks)).toContain("E-mail");
    // What comes again has another number of webhooks that wait.
    expect((await stripe({ ...paid, pending_webhooks: 2 })).status).toBe(200);
    expect(await settled("payments")).toMatchObject([{ state: "done", verdict: "new", seen: 2 }]);
    expect(await room.texts("payments")).toHaveLength(1);
    for (const written of [JSON.stringify(await room.slack.messages("payments")), room.written(), JSON.stringify(told)])
      expect(written).not.toMatch(/jan@example\.com|Jan Dietrich/);
  });

  it("that is signed with a secret that was pasted wrongly is refused, not kept, and explained", async () => {
    const before = await deliveriesOf("payments");
    const refused = await stripe({ ...paid, id: "evt_other" }, `${SECRETS.STRIPE_SECRET}\n`);
    expect(refused).toMatchObject({ status: 401, body: expect.not.stringContaining("line break") });
    const { refused: report } = await vi.waitFor(async () => {
      const explained = (await room.ask("explain", { name: "payments" })) as Explanation;
      const story = explained.about === "sources" ? explained.sources[0] : undefined;
      expect(story?.refused?.last[0]?.findings).not.toBeNull();
      return story as NonNullable<typeof story>;
    }, PATIENCE);
    expect(report).toMatchObject({ counts: { 401: 1 }, last: [{ status: 401 }] });
    const said = JSON.stringify(report);
    expect(said).toContain("env:STRIPE_SECRET with a line break at its end");
    expect(said).not.toContain(SECRETS.STRIPE_SECRET);
    expect(await deliveriesOf("payments")).toEqual(before);
  });

  it("of a shape that Stripe does not have is kept, answered as any other, and told to whoever runs Slipway", async () => {
    expect((await stripe({ ...paid, id: "evt_unfit", data: { object: "nothing" } })).status).toBe(200);
    await room.says(/A delivery from payments could not be read: payment_intent\.succeeded/, "third");
    expect((await settled("payments"))[0]).toMatchObject({ key: "evt_unfit", state: "unparseable" });
    expect(await room.texts("payments")).toHaveLength(1);
  });
});

describe("Content", () => {
  it("of two systems makes one deployment, whose message names what was changed in both", async () => {
    expect((await sanity("one", SANITY)).status).toBe(200);
    const token = { ...JSON_TYPE, authorization: `Bearer ${SECRETS.STRAPI_TOKEN}` };
    expect((await send("old-cms", { headers: token, body: STRAPI })).status).toBe(200);
    // The same once more, as Sanity does after an answer that was lost.
    expect((await sanity("one", SANITY)).status).toBe(200);

    const live = await room.says(/shop is live/);
    expect(live.text).toMatch(/Content: (?=.*"Post: About us").*"Address: Paris" .*\((?=.*Sanity).*Strapi/);
    expect(await room.ask("deployments", { limit: 9 })).toMatchObject([{ trigger: "content", state: "live" }]);
    expect((await room.texts("shop")).filter((it) => it.includes("shop"))).toHaveLength(1);
  });

  it("under a known id with other bytes changes nothing, and is told", async () => {
    const body = SANITY.replace("About us", "Imprint");
    expect(await sanity("one", body)).toMatchObject({ status: 200, body: expect.stringContaining('"status":"ok"') });
    await room.says(/A delivery from cms has the id of another one: update/, "third");
    expect((await settled("cms"))[0]).toMatchObject({ verdict: "conflict", state: "done" });
    expect(await room.ask("deployments", { limit: 9 })).toHaveLength(1);
  });

  it("with a token that is not ours is refused", async () => {
    const headers = { ...JSON_TYPE, authorization: "Bearer somebody-else's" };
    expect(await send("old-cms", { headers, body: STRAPI })).toMatchObject({ status: 401 });
  });
});

describe("A form", () => {
  const form = { "content-type": "application/x-www-form-urlencoded", accept: "text/html,*/*;q=0.8" };
  const filled = { name: "Ada Lovelace", email: "ada@example.com", message: "<!channel> <b>Do you ship to Malta?</b>" };
  const submit = (fields: Record<string, string>, origin = PAGE) =>
    send("contact", { headers: { ...form, origin }, body: new URLSearchParams(fields).toString() });

  it("is told with what it says of people masked, and leads to the page of the site", async () => {
    expect(await submit(filled)).toMatchObject({ status: 303, headers: { location: `${PAGE}/thanks` } });
    await room.says(/A form was filled in/, "forms");
    const messages = JSON.stringify(await room.slack.messages("forms"));
    expect(messages).toContain("name");
    expect(messages).not.toMatch(/ada@example\.com|Lovelace|<!channel>/);
  });

  it("that a robot fills in looks as if it was told, and is not", async () => {
    const robot = await submit({ ...filled, website: "https://spam.example" });
    expect(robot).toMatchObject({ status: 303, headers: { location: `${PAGE}/thanks` } });
    expect((await settled("contact"))[0]?.outcome).toEqual(["skipped: a robot filled in the form (honeypot)"]);
    expect(await room.texts("forms")).toHaveLength(1);
  });

  it("of another page is refused, and of too many in a minute the sixth", async () => {
    const before = await deliveriesOf("contact");
    const foreign = await submit(filled, "https://evil.example");
    expect(foreign).toMatchObject({ status: 403, body: expect.stringContaining("not known here") });
    expect(foreign.headers["access-control-allow-origin"]).toBeUndefined();
    for (const origin of ["https://evil.example", "null"]) expect((await submit(filled, origin)).status).toBe(403);
    const sixth = await submit(filled);
    expect(sixth).toMatchObject({ status: 429, body: expect.stringContaining("A little later, please") });
    expect(sixth.headers).toMatchObject({ "retry-after": "60", "content-type": "text/html; charset=utf-8" });
    expect(await deliveriesOf("contact")).toEqual(before);
  });
});

describeWithProgram("chromium", "A page in a browser", () => {
  it("sends its form, and its reader sees that it was taken", async () => {
    const executablePath = await findChromium(null, process.env.PATH ?? "");
    const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
    try {
      const tab = await browser.newPage();
      await tab.goto(`http://127.0.0.1:${(page.address() as AddressInfo).port}/`);
      await tab.fill("[name=name]", "Grace Hopper");
      await tab.fill("[name=message]", "It works.");
      await tab.click("button");
      await tab.waitForURL(`${room.url}/hooks/guestbook`);
      expect(await tab.textContent("h1")).toBe("Thank you");
    } finally {
      await browser.close();
    }
    await room.says(/A form was filled in/, "guests");
    expect(JSON.stringify(await room.slack.messages("guests"))).not.toContain("Hopper");
  });
});

describe("Whoever sends something else", () => {
  it.each([
    ["to a source that there is not", "nobody", {}, 404],
    ["to a path below a source that has none", "payments/more", {}, 404],
    ["a type that Stripe does not send", "payments", { headers: { "content-type": "text/xml" }, body: "<a/>" }, 415],
    ["packed bytes", "payments", { headers: { ...JSON_TYPE, "content-encoding": "gzip" }, body: "x" }, 415],
    ["too much", "payments", { headers: JSON_TYPE, body: Buffer.alloc(1_100_000, " ") }, 413],
    ["no signature", "payments", { headers: JSON_TYPE, body: "{}" }, 401],
  ])("%s is told so", async (_, name, sent: Sent, status) => {
    expect((await send(name, sent)).status).toBe(status);
  });

  it.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])("by %s is told what is allowed", async (method) => {
    expect(await send("payments", { method })).toMatchObject({ status: 405, headers: { allow: "POST" } });
    expect((await send("nobody", { method })).status).toBe(404);
  });
});

describe("Another program", () => {
  it("is told by signed webhooks how deployments and alerts stand", async () => {
    expect((await probe("msg_1", "down")).status).toBe(200);
    await room.says(/Error: The shop is slow/, "probes");
    expect((await probe("msg_2", "up")).status).toBe(200);
    await room.says(/Resolved: The shop is slow/, "probes");
    expect(await room.texts("probes")).toHaveLength(1);

    const types = await vi.waitFor(() => {
      const all = told.map(({ body }) => (JSON.parse(body) as { type: string }).type);
      expect(all).toContain("alert.resolved");
      return all;
    }, PATIENCE);
    expect(types.filter((it) => it.startsWith("deployment."))).toEqual([
      ...["deployment.queued", "deployment.building", "deployment.publishing", "deployment.live"],
    ]);
    expect(types.filter((it) => it.startsWith("alert."))).toEqual(["alert.firing", "alert.resolved"]);
    const webhook = new Webhook(SECRETS.OUT_SECRET);
    for (const { headers, body } of told) expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
    expect(new Set(told.map(({ headers }) => headers["webhook-id"])).size).toBe(told.length);
    expect(JSON.parse(told.at(-1)?.body ?? "")).toMatchObject({
      data: { source: "probes", fingerprint: "shop-front", state: "resolved", suspects: [{ site: "shop" }] },
    });
  });
});

/** What every preset does, whoever sends: one suite over the cases of all of them. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { presets } from "../../src/presets/presets.ts";
import { alertCases } from "./alerts/alert-cases.ts";
import { contentCases } from "./content/content-cases.ts";
import { type ContractWorld, startContract } from "./contract-world.ts";
import { eventsOf } from "./events-of.ts";
import { gitCases } from "./git/git-cases.ts";
import { noteCases } from "./notes/note-cases.ts";
import { opensslHmac } from "./openssl.ts";
import type { PresetCase, SentRequest } from "./preset-case.ts";

const cases: readonly PresetCase[] = [...contentCases, ...alertCases, ...gitCases, ...noteCases];
const NOW = 1_800_000_000_000;
const names = new Map(cases.map((one, index) => [one, `s${index}`]));
const nameOf = (one: PresetCase) => names.get(one) ?? "";
const needsSecret = ({ kind }: PresetCase) => presets.find((it) => it.kind === kind)?.secret !== "none";

let world: ContractWorld;

beforeAll(async () => {
  const secrets: Record<string, string> = {};
  const sources: Record<string, unknown> = {};
  for (const one of cases) {
    const name = nameOf(one);
    secrets[`NEW_${name}`] = one.other;
    secrets[`OLD_${name}`] = one.secret;
    const rotating = { secrets: [`env:NEW_${name}`, { use: `env:OLD_${name}`, until: "2999-01-01" }] };
    sources[name] = { kind: one.kind, ...one.settings, ...(needsSecret(one) && rotating) };
  }
  sources.contact = { kind: "form", form: { origins: ["https://shop.example.com"] } };
  secrets.PRODUCTS = "a secret of the shop's";
  const when = { event: ["products/update"] };
  const routes = [
    { when, rebuild: { sites: ["shop"] } },
    { when, notice: { text: "{json:/title} changed" } },
  ];
  sources.products = { kind: "shopify", secret: "env:PRODUCTS", routes };
  const shop = { repo: "a/shop", publish: "dir:/srv/shop" };
  world = await startContract(stringify({ channel: "C0OPS", sites: { shop }, sources }), secrets);
  world.setNow(NOW);
});

afterAll(() => world.stop());

it("Every preset has a case, but plain forms, whose senders prove nothing: see test/sources/forms", () => {
  expect(presets.map((it) => it.kind).filter((kind) => !cases.some((one) => one.kind === kind))).toEqual(["form"]);
});

it("A plain form is kept with the page that it stands on", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: "https://shop.example.com" };
  expect((await world.send("contact", { headers, body: "plan=pro" })).status).toBeLessThan(400);
  const [delivery] = await world.deliveries("contact");
  if (!delivery) throw new Error("nothing was kept");
  expect(await world.read(delivery)).toMatchObject([{ type: "note", note: { url: "https://shop.example.com" } }]);
});

it("What a preset has no words for rebuilds sites, or is told by words of one's own", async () => {
  const body = JSON.stringify({ id: 1, title: "Blue shirt" });
  const headers = {
    ...{ "content-type": "application/json", "x-shopify-topic": "products/update", "x-shopify-webhook-id": "1" },
    "x-shopify-hmac-sha256": opensslHmac("a secret of the shop's", body, { encoding: "base64" }),
  };
  expect(await world.send("products", { headers, body })).toMatchObject({ status: 200 });
  const [delivery] = await world.deliveries("products");
  if (!delivery) throw new Error("nothing was kept");
  expect(await world.read(delivery)).toMatchObject([
    { type: "content_changed", sites: ["shop"] },
    { type: "note", note: { title: "Blue shirt changed" } },
  ]);
});

describe.each(cases.map((one) => ({ title: `${one.kind}: ${one.name}`, one })))("$title", ({ one }) => {
  const name = nameOf(one);
  const send = (sent: SentRequest, twice?: readonly string[]) => world.send(name, sent, twice);
  const request = (secret: string, nowMs = NOW, body?: string) =>
    one.request(secret, nowMs, { path: `/hooks/${name}`, attempt: 1, ...(body !== undefined && { body }) });
  const refused = one.signatureHeader === null ? [401, 403, 404] : [401];

  it("is taken with the old secret and the new one, kept and read as it was meant", async () => {
    const before = (await world.deliveries(name)).length;
    const sent = await request(one.secret);
    expect(await send(sent)).toMatchObject({ status: 200 });
    const [delivery] = await world.deliveries(name);
    expect(await world.deliveries(name)).toHaveLength(before + 1);
    if (!delivery) throw new Error("nothing was kept");
    if (needsSecret(one)) expect(delivery.matched).toBe(`env:OLD_${name}`);
    const kept = JSON.stringify(delivery.request) + delivery.body.toString();
    expect(kept).not.toContain(one.secret);
    // What was kept of it says all that the whole request said.
    expect(await world.read(delivery)).toMatchObject(eventsOf(one.reading));

    const again = await send(sent);
    expect(again.status).toBe(200);
    expect(await world.deliveries(name)).toHaveLength(before + (one.isDeduped ? 1 : 2));
    if (needsSecret(one)) expect(await send(await request(one.other))).toMatchObject({ status: 200 });
  });

  it("is refused with another secret, and nothing is kept", async () => {
    if (!needsSecret(one)) return;
    const before = (await world.deliveries(name)).length;
    const wrong = one.secret.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, (it) => (it === "A" ? "B" : "A"));
    expect(wrong).not.toBe(one.secret);
    expect(refused).toContain((await send(await request(wrong))).status);
    expect(await world.deliveries(name)).toHaveLength(before);
  });

  it("is refused with another body, where the body is signed", async () => {
    if (!one.isBodySigned) return;
    const sent = await request(one.secret);
    const bytes = Buffer.from(sent.body);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect((await send({ ...sent, body: bytes })).status).toBe(401);
  });

  it("is refused when it is too old or from the future, where its time is signed", async () => {
    const { toleranceMs } = one;
    if (toleranceMs === null) return;
    const statusAt = async (ms: number) => (await send(await request(one.secret, NOW + ms))).status;
    expect(await statusAt(-toleranceMs - 2000)).toBe(401);
    expect(await statusAt(toleranceMs + 2000)).toBe(401);
    expect(await statusAt(-toleranceMs + 2000)).toBe(200);
    expect(await statusAt(toleranceMs - 2000)).toBe(200);
  });

  it("is refused when the signature is missing, empty or there twice", async () => {
    const { signatureHeader } = one;
    if (signatureHeader === null) return;
    const sent = await request(one.secret);
    const { [signatureHeader]: signature, ...others } = sent.headers;
    if (signature === undefined) throw new Error(`${one.kind} has no header ${signatureHeader}`);
    expect((await send({ ...sent, headers: others })).status).toBe(401);
    expect((await send({ ...sent, headers: { ...others, [signatureHeader]: "" } })).status).toBe(401);
    expect((await send(sent, [signatureHeader.toLowerCase()])).status).toBe(401);
  });

  it("is kept and told as unparseable where it is signed and does not fit", async () => {
    if (!needsSecret(one) || one.isBodySigned === false) return;
    const isForm = String((await request(one.secret)).body).startsWith("payload=");
    const sent = await request(one.secret, NOW, isForm ? "payload=%5B1%2C2" : "[1,2");
    expect(await send(sent)).toMatchObject({ status: 200 });
    const [delivery] = await world.deliveries(name);
    if (!delivery) throw new Error("nothing was kept");
    await expect(world.read(delivery)).rejects.toMatchObject({ name: "UnparseableError" });
  });

  it("is answered 404 or 405 where it is sent elsewhere", async () => {
    const sent = await request(one.secret);
    expect([404, 405]).toContain((await world.send(`${name}-unknown`, sent)).status);
  });
});

/** Which forms are taken, from whom, and what people, scripts and robots see then. */
import { describe, expect, it } from "vitest";
import { type FormSettings, formSettings } from "../../../src/config/form-settings.ts";
import { type Payload, type Received, readPayload } from "../../../src/model/received.ts";
import { formAnswer, formPreflight, formVerdict } from "../../../src/sources/forms/form-answer.ts";
import type { FormRefusal } from "../../../src/sources/forms/form-refusal.ts";

const NOW_MS = 1_769_868_120_000;
const SHOP = "https://shop.example.com";
const settings = formSettings.parse({ origins: [`${SHOP}/contact`, "http://localhost:4321"] });

const FILLED = { name: "Jan", message: "Hello" };

/** As Node's fetch encodes it. */
async function sent(
  body: URLSearchParams | FormData | string,
  headers: Record<string, string | string[]> = { origin: SHOP },
): Promise<{ received: Received; payload: Payload }> {
  const request = new Request("http://127.0.0.1/hooks/contact", { method: "POST", body });
  const type = typeof body === "string" ? "application/json" : (request.headers.get("content-type") ?? "");
  const all = { "content-type": type, ...headers };
  const received: Received = {
    ...{ method: "POST", target: "/hooks/contact", token: "", query: new URLSearchParams() },
    headers: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value].flat()])),
    body: Buffer.from(await request.arrayBuffer()),
  };
  return { received, payload: await readPayload(received, "") };
}

async function verdictOf(
  body: URLSearchParams | FormData | string,
  headers?: Record<string, string | string[]>,
  form: FormSettings = settings,
) {
  const { received, payload } = await sent(body, headers);
  return formVerdict(received, payload, form, NOW_MS);
}

const formData = (fields: Record<string, string>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
};

describe("A form", () => {
  it("is taken from its own pages, as a form, with files, or as JSON", async () => {
    for (const body of [new URLSearchParams(FILLED), formData(FILLED), JSON.stringify(FILLED)])
      expect(await verdictOf(body)).toEqual({ kind: "accepted" });
    expect(await verdictOf(new URLSearchParams(FILLED), { origin: "http://localhost:4321" })).toEqual({
      kind: "accepted",
    });
    expect(await verdictOf(new URLSearchParams(FILLED), { referer: `${SHOP}/contact?a=b` })).toEqual({
      kind: "accepted",
    });
  });

  it.each<[Record<string, string | string[]>, FormRefusal]>([
    [{}, "no_origin"],
    [{ origin: "null" }, "null_origin"],
    [{ origin: "null", referer: SHOP }, "null_origin"],
    [{ origin: "https://shop.example.com.evil.example" }, "foreign_origin"],
    [{ origin: "http://shop.example.com" }, "foreign_origin"],
    [{ origin: "https://shop.example.com:8443" }, "foreign_origin"],
    [{ origin: "https://evil.example", referer: SHOP }, "foreign_origin"],
    [{ origin: [SHOP, SHOP] }, "no_origin"],
    [{ origin: "javascript:alert(1)" }, "no_origin"],
    [{ referer: "https://evil.example/?https://shop.example.com" }, "foreign_origin"],
  ])("from %o is refused as %s", async (headers, code) => {
    expect(await verdictOf(new URLSearchParams(FILLED), headers)).toEqual({ kind: "refused", code });
  });

  it("that holds nothing is refused", async () => {
    expect(await verdictOf(new URLSearchParams())).toEqual({ kind: "refused", code: "empty" });
    expect(await verdictOf("[1, 2]")).toEqual({ kind: "refused", code: "empty" });
    expect(await verdictOf("{")).toEqual({ kind: "refused", code: "unreadable" });
    const broken = { origin: SHOP, "content-type": "multipart/form-data; boundary=x" };
    expect(await verdictOf("no form", broken)).toEqual({ kind: "refused", code: "unreadable" });
  });

  it("with the field filled in that people do not see is a robot's", async () => {
    expect(await verdictOf(new URLSearchParams({ ...FILLED, website: "x" }))).toEqual({
      kind: "robot",
      code: "honeypot",
    });
    expect(await verdictOf(JSON.stringify({ ...FILLED, website: ["x"] }))).toEqual({ kind: "robot", code: "honeypot" });
    expect(await verdictOf(new URLSearchParams({ ...FILLED, website: " " }))).toEqual({ kind: "accepted" });
    const other = formSettings.parse({ origins: [SHOP], honeypot: "fax2" });
    expect(await verdictOf(new URLSearchParams({ fax2: "1" }), { origin: SHOP }, other)).toMatchObject({
      kind: "robot",
    });
  });

  it("that was filled in faster than people type is a robot's, where the page says when it was shown", async () => {
    const shownAgo = (ms: number, unit = 1) => ({ ...FILLED, _t: String(Math.round((NOW_MS - ms) / unit)) });
    expect(await verdictOf(new URLSearchParams(shownAgo(500)))).toEqual({ kind: "robot", code: "too_fast" });
    expect(await verdictOf(new URLSearchParams(shownAgo(1000, 1000)))).toEqual({ kind: "robot", code: "too_fast" });
    for (const ms of [2000, 60_000, 1e10, -60_000])
      expect(await verdictOf(new URLSearchParams(shownAgo(ms)))).toEqual({ kind: "accepted" });
    expect(await verdictOf(new URLSearchParams({ ...FILLED, _t: "soon" }))).toEqual({ kind: "accepted" });
  });
});

describe("The answer to a form", () => {
  const html = { origin: SHOP, accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const answered = async (headers: Record<string, string>, form: FormSettings = settings, fields = FILLED) => {
    const { received, payload } = await sent(new URLSearchParams(fields), headers);
    return formAnswer(formVerdict(received, payload, form, NOW_MS), received, form);
  };

  it("is a page that says thank you and leads back, loads nothing and runs nothing", async () => {
    const { status, type, headers, body } = await answered(html);
    expect([status, type]).toEqual([200, "text/html; charset=utf-8"]);
    expect(body).toContain("<h1>Thank you</h1>");
    expect(body).toContain(`<a href="${SHOP}/">Back to shop.example.com</a>`);
    expect(body).not.toMatch(/<script|Jan|Hello/);
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*style-src 'sha256-/);
  });

  it("leads to a page of the site where there is one", async () => {
    const form = formSettings.parse({ origins: [SHOP], thanks: `${SHOP}/thanks` });
    expect(await answered(html, form)).toMatchObject({
      status: 303,
      headers: { location: `${SHOP}/thanks` },
      body: "",
    });
  });

  it("is JSON for scripts, which may read it on their own pages alone", async () => {
    const script = { origin: SHOP, accept: "application/json" };
    const answer = await answered(script);
    expect(answer).toMatchObject({ status: 200, type: "application/json", body: '{"status":"ok"}' });
    expect(answer.headers).toEqual({ "access-control-allow-origin": SHOP, vary: "origin, accept" });
    const foreign = await answered({ ...script, origin: "https://evil.example" });
    expect(foreign).toMatchObject({ status: 403, body: '{"error":"foreign_origin"}' });
    expect(foreign.headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("does not tell a robot from a person", async () => {
    for (const headers of [html, { origin: SHOP, accept: "application/json" }]) {
      const robot = await answered(headers, settings, { ...FILLED, website: "x" } as typeof FILLED);
      expect(robot).toEqual(await answered(headers));
    }
  });

  it.each<[FormRefusal, number]>([
    ["no_origin", 403],
    ["null_origin", 403],
    ["foreign_origin", 403],
    ["unreadable", 400],
    ["empty", 400],
    ["too_many", 429],
    ["unavailable", 503],
  ])("says in a page why it was not taken (%s), with nothing from outside in it", async (code, status) => {
    const evil = 'https://"><img src=x onerror=alert(1)>.example';
    const { received } = await sent(new URLSearchParams(FILLED), { origin: evil, accept: "text/html" });
    const answer = formAnswer({ kind: "refused", code }, received, settings);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toMatch(/onerror|<a |<img/);
    expect(answer.headers["retry-after"]).toBe(status === 429 ? "60" : status === 503 ? "30" : undefined);
  });

  it("to what browsers ask beforehand allows the form's own pages", () => {
    const asked = (origin: string) => formPreflight({ headers: { origin: [origin] } }, settings);
    expect(asked(SHOP)).toMatchObject({
      status: 204,
      headers: { "access-control-allow-origin": SHOP, "access-control-allow-methods": "POST" },
    });
    expect(asked("https://evil.example").headers).toEqual({ vary: "origin" });
  });
});

describe("The settings of a form", () => {
  it("lead people to the form's own pages alone", () => {
    const parsed = formSettings.safeParse({ origins: [SHOP], thanks: "https://evil.example/thanks" });
    expect(parsed.error?.issues).toMatchObject([
      { path: ["thanks"], message: expect.stringContaining(`leads people to ${SHOP}`) },
    ]);
    expect(formSettings.safeParse({ origins: ["ftp://x.example"] }).success).toBe(false);
    expect(formSettings.safeParse({ origins: [] }).success).toBe(false);
    expect(settings).toMatchObject({ origins: [SHOP, "http://localhost:4321"], honeypot: "website", fastest: 2000 });
  });
});

/** What is kept of a request holds no token, however it was spelled, and says the same as before. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseConfig } from "../../../src/config/load-config.ts";
import type { SourceSettingsInput } from "../../../src/config/source-settings.ts";
import { type Received, readPayload } from "../../../src/model/received.ts";
import { resolveSources } from "../../../src/presets/resolve-source.ts";
import { createKeeper } from "../../../src/sources/declared/kept.ts";

const TOKEN = "s3cr3t/tok en+ü\"'%41&=";
const FORM = "application/x-www-form-urlencoded";

/** What is kept by a custom source with the token at `place`, and what its readers see in that. */
async function keep(
  place: string | { in: string; scheme?: "bearer" | "basic" },
  sent: Partial<Omit<Received, "query">>,
  more: Partial<SourceSettingsInput> = {},
) {
  const token = typeof place === "string" ? { in: place } : place;
  const sources = {
    own: {
      ...{ kind: "custom", secret: "env:TOKEN", verify: [{ token }], routes: [{ store: true }] },
      ...{ accept: { types: [], methods: ["POST", "GET"] } },
      ...more,
    },
  };
  const [source] = resolveSources(parseConfig(JSON.stringify({ sources }), "the test").sources);
  if (!source) throw new Error("there is no source");
  const target = sent.target ?? "/hooks/own";
  const received = {
    ...{ method: "POST", headers: {}, token: "", body: Buffer.alloc(0), target },
    ...{ query: new URLSearchParams(target.split("?")[1] ?? ""), ...sent },
  };
  const { field } = source.definition.accept;
  const { request, keptBody: body = received.body } = createKeeper(source)(
    received,
    await readPayload(received, field),
  );
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value]]));
  const again = { ...received, headers, query: new URLSearchParams(request.query), body };
  return {
    request,
    body,
    payload: await readPayload(again, field),
    all: JSON.stringify(request) + body.toString("latin1"),
  };
}

const json = (body: string | Buffer) => ({
  headers: { "content-type": ["application/json"] },
  body: Buffer.from(body),
});
const form = (body: string) => ({ headers: { "content-type": [FORM] }, body: Buffer.from(body) });

/** A text in which no two characters of the token stand side by side as they are. */
const escaped = [...TOKEN].map((it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
const percent = (text: string, upper: boolean) =>
  [...Buffer.from(text)]
    .map((it) => `%${it.toString(16)[upper ? "toUpperCase" : "toLowerCase"]().padStart(2, "0")}`)
    .join("");

it.each([
  ["as JSON spells it", JSON.stringify({ secret: TOKEN, title: "kept" })],
  ["with each character escaped", `{"secret":"${escaped}","title":"kept"}`],
  ["with escaped slashes", JSON.stringify({ secret: TOKEN, title: "kept" }).replaceAll("/", "\\/")],
  ["under an escaped name", `{"\\u0073ecret":"${escaped}","title":"kept"}`],
  ["twice, of which the last counts", `{"secret":"${escaped}","secret":${JSON.stringify(TOKEN)},"title":"kept"}`],
  [
    "in another field, too",
    JSON.stringify({ secret: TOKEN, title: "kept", deep: [{ url: `https://x/?a=${TOKEN}&b` }] }),
  ],
  ["as the name of another field, too", JSON.stringify({ secret: TOKEN, title: "kept", [TOKEN]: 1 })],
])("A token in JSON is taken out %s, and the rest says what it said", async (_, body) => {
  const { payload, all } = await keep("json:/secret", json(body));
  expect(payload.json).toMatchObject({ secret: "[secret]", title: "kept" });
  for (const spelled of [TOKEN, JSON.stringify(TOKEN).slice(1, -1), escaped]) expect(all).not.toContain(spelled);
});

it("A token of digits that is sent as a number is taken out, and what is left is JSON", async () => {
  const { payload, all } = await keep("json:/secret", json('{"secret":48151623,"id":12345678901234567890,"n":1.5}'));
  expect(payload.json).toEqual({ secret: "[secret]", id: "12345678901234567890", n: 1.5 });
  expect(all).not.toContain("48151623");
});

it("A short token that is part of ordinary words leaves these as they are", async () => {
  const { payload } = await keep(
    "json:/secret",
    json('{"secret":"shop","title":"The shop is open","secrets":"workshop"}'),
  );
  expect(payload.json).toEqual({ secret: "[secret]", title: "The shop is open", secrets: "workshop" });
});

it("A field called __proto__ stays one", async () => {
  const { payload } = await keep("json:/secret", json('{"secret":"the secret token","__proto__":{"a":1}}'));
  expect(Object.getPrototypeOf(payload.json)).toBe(Object.prototype);
  expect(JSON.stringify(payload.json)).toBe('{"secret":"[secret]","__proto__":{"a":1}}');
});

it.each([
  ["as browsers spell it", new URLSearchParams({ token: TOKEN, title: "kept" }).toString()],
  ["with each byte in upper case", `token=${percent(TOKEN, true)}&title=kept`],
  ["with each byte in lower case", `token=${percent(TOKEN, false)}&title=kept`],
  ["with %20 for spaces", `token=${encodeURIComponent(TOKEN)}&title=kept`],
  ["under an encoded name", `%74oken=${percent(TOKEN, false)}&title=kept`],
  ["twice", `token=${percent(TOKEN, false)}&token=${percent(TOKEN, true)}&title=kept`],
])("A token in a form is taken out %s", async (_, body) => {
  const { payload, all } = await keep("form:token", form(body));
  expect(Object.fromEntries(payload.form ?? [])).toEqual({ token: "[secret]", title: "kept" });
  for (const spelled of [percent(TOKEN, true), percent(TOKEN, false), encodeURIComponent(TOKEN)])
    expect(all).not.toContain(spelled);
});

it("A token in the JSON of a form is taken out", async () => {
  const inner = `{"secret":"${escaped}","title":"kept"}`;
  const { payload, all } = await keep("json:/secret", form(`payload=${percent(inner, true)}&a=b`));
  expect([payload.json, payload.form?.get("a")]).toEqual([{ secret: "[secret]", title: "kept" }, "b"]);
  expect(all).not.toContain(percent(escaped, true).slice(0, 60));
});

it("A token in the parts of a body is taken out, and files that came with it are not kept", async () => {
  const body = [
    ...["--x", 'Content-Disposition: form-data; name="token"', "", TOKEN],
    ...["--x", 'Content-Disposition: form-data; name="title"', "", "kept ü"],
    ...["--x", 'Content-Disposition: form-data; name="f"; filename="a.txt"', "", `a file with ${TOKEN}`, "--x--", ""],
  ].join("\r\n");
  const headers = { "content-type": ["multipart/form-data; boundary=x"] };
  const { payload, all } = await keep("form:token", { headers, body: Buffer.from(body) });
  expect(Object.fromEntries(payload.form ?? [])).toEqual({ token: "[secret]", title: "kept ü" });
  expect(all).not.toContain("s3cr3t");
});

it.each([
  ["query:token", {}],
  ["form:token", {}],
  ["json:/token", {}],
])("A token in the query is taken out where it is looked for at %s", async (place) => {
  const target = `/hooks/own?t%6Fken=${percent(TOKEN, false)}&title=kept`;
  const { request, all } = await keep(place, { method: "GET", target });
  expect([...new URLSearchParams(request.query)]).toEqual([
    ["token", "[secret]"],
    ["title", "kept"],
  ]);
  expect(all).not.toContain("s3cr3t");
});

it("A token in the path or in a header is not kept where it stands in the query or in another header, too", async () => {
  const headers = { "x-token": ["the token itself"], "user-agent": ["a/1 the token itself"], "x-topic": ["a"] };
  const target = "/hooks/own?again=the+token+itself&a=b";
  const { request } = await keep(
    "header:x-token",
    { headers, target },
    { event: ["header:x-topic", "header:x-token"] },
  );
  expect(request).toEqual({
    method: "POST",
    headers: { "user-agent": "a/1 [secret]", "x-topic": "a" },
    query: "again=%5Bsecret%5D&a=b",
  });
  const inPath = await keep("path", {
    headers: {},
    token: "the-path-token",
    target: "/hooks/own/the-path-token?a=the-path-token",
  });
  expect(inPath.request.query).toBe("a=%5Bsecret%5D");
});

it("Neither the credentials of Basic and Bearer are kept nor what they say", async () => {
  const basic = `Basic ${Buffer.from("someone:pass:word!").toString("base64")}`;
  const target = "/hooks/own?a=pass%3Aword!&b=someone";
  const { request } = await keep(
    { in: "header:authorization", scheme: "basic" },
    { headers: { authorization: [basic] }, target },
  );
  expect(request).toEqual({ method: "POST", headers: {}, query: "a=%5Bsecret%5D&b=someone" });
});

it("All parts of a token that is joined are taken out", async () => {
  const { payload } = await keep(
    "join(json:/id, json:/key)",
    json('{"id":"the first half","key":"the other half","c":1}'),
  );
  expect(payload.json).toEqual({ id: "[secret]", key: "[secret]", c: 1 });
});

it("A body without a token in it is kept byte for byte", async () => {
  const body = Buffer.from('{ "a" : 1e3, "a": "\\u00fc" }\n');
  expect((await keep("header:x-token", { ...json(body), headers: { "x-token": ["the token itself"] } })).body).toEqual(
    body,
  );
});

it("Whatever else a body says is the same after the token is taken out", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), fc.dictionary(fc.string(), fc.string()), async (value, fields) => {
      fc.pre(!JSON.stringify(value).includes("the token") && !JSON.stringify(fields).includes("the token"));
      const asJson = await keep("json:/secret", json(JSON.stringify({ secret: "the token itself", value })));
      const plain = await readPayload({ ...NOTHING, ...json(JSON.stringify({ value })) }, "payload");
      expect(asJson.payload.json).toEqual({ ...(plain.json as object), secret: "[secret]" });
      const given = { ...fields, token: "the token itself" };
      const asForm = await keep("form:token", form(new URLSearchParams(given).toString()));
      const wanted = new Map(new URLSearchParams({ ...fields, token: "[secret]" }));
      expect(new Map(asForm.payload.form)).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
});

const NOTHING = { method: "POST", target: "", query: new URLSearchParams(), token: "" };

/** Contentful's own package signs, and ours takes exactly what it takes. */
import { type CanonicalRequest, signRequest, verifyRequest } from "@contentful/node-apps-toolkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTrial, received } from "./verifying.ts";

const SECRET = "a".repeat(64);
/** The package reads the clock itself, so this is now. */
const NOW = Date.now();
const trial = createTrial({ verify: [{ contentful: {} }], secrets: ["b".repeat(64), SECRET], nowMs: NOW });
const proof = (skewMs: number) => ({ matched: "env:SECRET_2", skewMs });

/** A request with the headers that the package puts on it. */
function signed(request: CanonicalRequest, timeMs = NOW, context?: { spaceId: string; envId: string; appId: string }) {
  const own = context ? signRequest(SECRET, request, timeMs, context) : signRequest(SECRET, request, timeMs);
  const headers: Record<string, string> = { ...request.headers, ...own };
  return { ...request, headers };
}
const sent = ({ method, path, headers = {}, body = "" }: CanonicalRequest) =>
  received(body, headers, { method, target: path });

const name = fc.constantFrom("Authorization", "content-type", "X-Contentful-Topic", "z-zzz", "Cache-Control", "x-1");
const value = fc.string({ unit: fc.constantFrom(..."abc :;,=/é") });
const path = fc.constantFrom(
  "/hooks/shop",
  "/hooks/shop?a=1&b=2",
  "/hooks/a%20b?q=%C3%A9+x",
  "/hooks/shop?",
  "/a//b?x=y=z/&",
  "/é?é",
);
const request = fc.record({
  method: fc.constantFrom("POST" as const, "PUT" as const, "GET" as const),
  path,
  headers: fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }),
  body: fc.string({ unit: "binary" }).map((text) => Buffer.from(text).toString("utf8")),
});

describe("Contentful's signature", () => {
  it("is accepted as its own package makes it", async () => {
    const property = fc.asyncProperty(request, fc.integer({ min: -30_000, max: 30_000 }), async (it, skewMs) => {
      expect(await trial(sent(signed(it, NOW + skewMs)))).toEqual(proof(skewMs));
    });
    await fc.assert(property);
    const context = { spaceId: "space", envId: "master", appId: "app" };
    expect(await trial(sent(signed({ method: "POST", path: "/hooks/shop", body: "{}" }, NOW, context)))).toEqual(
      proof(0),
    );
  });

  it("is refused where its own package refuses it: another method, path, query, header, body or secret", async () => {
    const base = signed({
      method: "POST",
      path: "/hooks/shop?a=1&b=2",
      headers: { "X-Topic": "one", other: "x" },
      body: "{}",
    });
    const list = base.headers["x-contentful-signed-headers"] ?? "";
    const changes: Array<Partial<CanonicalRequest>> = [
      {},
      { method: "PUT" },
      { path: "/hooks/shop" },
      { path: "/hooks/shop?b=2&a=1" },
      { path: "/hooks/shop?a=1&b=2&c=3" },
      { path: "/hooks/shop/?a=1&b=2" },
      { path: "/hooks/shop?a=1%26b=2" },
      { body: "{} " },
      { body: "" },
      ...[
        { "X-Topic": "two" },
        { "X-Topic": " one " },
        { "X-Topic": undefined },
        { unsigned: "y" },
        { "x-contentful-signed-headers": `${list},unsigned` },
        { "x-contentful-signed-headers": list.toUpperCase() },
        { "x-contentful-signed-headers": list.replaceAll(",", ", ") },
        { "x-contentful-signed-headers": list.split(",").reverse().join(",") },
        { "x-contentful-signed-headers": list.replace("other,", "") },
        { "x-contentful-signature": "0".repeat(64) },
        { "x-contentful-timestamp": String(NOW + 1) },
        { "x-contentful-timestamp": String(NOW - 40_000) },
      ].map((change) => ({ headers: withoutMissing({ ...base.headers, ...change }) })),
    ];
    for (const change of changes) {
      const changed = { ...base, ...change };
      const isTaken = (await trial(sent(changed))) !== 401;
      expect(isTaken, JSON.stringify(change)).toBe(isTakenByPackage(changed));
    }
    expect(
      await createTrial({ verify: [{ contentful: {} }], secrets: ["", "b".repeat(64)], nowMs: NOW })(sent(base)),
    ).toBe(401);
  });

  it("is refused 30 seconds off in either direction, or with a header missing or twice", async () => {
    const base = signed({ method: "POST", path: "/hooks/shop", headers: { topic: "a" }, body: "{}" });
    const at = (nowMs: number) => createTrial({ verify: [{ contentful: {} }], secrets: [SECRET], nowMs })(sent(base));
    expect(await at(NOW + 30_000)).not.toBe(401);
    expect(await at(NOW + 30_001)).toBe(401);
    expect(await at(NOW - 30_001)).toBe(401);
    for (const header of Object.keys(base.headers)) {
      const twice = base.headers[header] ?? "";
      const of = (changed: string[] | undefined) => trial(received("{}", { ...base.headers, [header]: changed }));
      expect(await of(undefined), `without ${header}`).toBe(401);
      expect(await of([twice, twice]), `${header} twice`).toBe(401);
    }
  });

  it("is refused with a second question mark, after which its own package would sign nothing", async () => {
    const base = signed({ method: "POST", path: "/hooks/shop?a=1", body: "{}" });
    const more = { ...base, path: "/hooks/shop?a=1?b=2" };
    expect(isTakenByPackage(more)).toBe(true);
    expect(await trial(sent(more))).toBe(401);
    for (const target of ["*", "", "http://a/hooks/shop?a=1", "/\ud800"]) {
      expect(await trial(received("{}", base.headers, { target })), target).toBe(401);
    }
  });
});

function isTakenByPackage(request: CanonicalRequest): boolean {
  try {
    return verifyRequest(SECRET, request, 30);
  } catch {
    return false;
  }
}

const withoutMissing = (headers: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(headers).filter((it): it is [string, string] => it[1] !== undefined));

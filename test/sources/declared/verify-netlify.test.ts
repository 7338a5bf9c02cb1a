/** Netlify's signature, made by the package jose. */
import { createHash, createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { createTrial, NOW, received } from "./verifying.ts";

const SECRET = "a secret of at least 32 bytes, for SHA-256";
const trial = createTrial({ verify: [{ netlify: {} }], secrets: ["another", SECRET] });
const digest = (body: string | Buffer) => createHash("sha256").update(body).digest("hex");
const sign = (claims: JWTPayload, secret = SECRET, header: Partial<JWTHeaderParameters> = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256", ...header }).sign(createSecretKey(secret, "utf8"));
const answer = (body: string | Buffer, jws: string | string[] | undefined) =>
  trial(received(body, { "x-webhook-signature": jws }));
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("Netlify's signature", () => {
  it("is accepted as jose signs it, over any bytes", async () => {
    const property = fc.asyncProperty(fc.uint8Array(), async (bytes) => {
      const body = Buffer.from(bytes);
      const jws = await sign({ iss: "netlify", sha256: digest(body) });
      expect(await answer(body, jws)).toEqual({ matched: "env:SECRET_2", skewMs: null });
      expect(await answer(Buffer.concat([body, Buffer.from("x")]), jws)).toBe(401);
    });
    await fc.assert(property, { numRuns: 50 });
    const typed = await sign({ iss: "netlify", sha256: digest("{}") }, SECRET, { typ: "JWT" });
    expect(
      (await jwtVerify(typed, createSecretKey(SECRET, "utf8"), { issuer: "netlify", algorithms: ["HS256"] })).payload
        .iss,
    ).toBe("netlify");
    expect(await answer("{}", typed)).not.toBe(401);
  });

  it("is refused with other claims, another secret, or after an end that it says", async () => {
    const good = { iss: "netlify", sha256: digest("{}") };
    expect(await answer("{}", await sign({ ...good, exp: NOW / 1000 + 1 }))).not.toBe(401);
    const others: JWTPayload[] = [
      { sha256: good.sha256 },
      { ...good, iss: "Netlify" },
      { iss: "netlify" },
      { ...good, sha256: digest("{} ") },
      { ...good, sha256: [good.sha256] },
      { ...good, exp: NOW / 1000 },
    ];
    for (const claims of others) expect(await answer("{}", await sign(claims)), JSON.stringify(claims)).toBe(401);
    expect(await answer("{}", await sign(good, `${SECRET}!`))).toBe(401);
  });

  it("is refused with any other algorithm, or extensions", async () => {
    const claims = { iss: "netlify", sha256: digest("{}") };
    expect(await answer("{}", new UnsecuredJWT(claims).encode())).toBe(401);
    for (const alg of ["HS384", "HS512"])
      expect(await answer("{}", await sign(claims, SECRET.repeat(2), { alg })), alg).toBe(401);
    // Signed rightly, but with another header.
    const signedAs = (header: unknown) => {
      const text = `${part(header)}.${part(claims)}`;
      return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
    };
    expect(await answer("{}", signedAs({ alg: "HS256" }))).not.toBe(401);
    for (const header of [
      { alg: "none" },
      { alg: "hs256" },
      {},
      { alg: "HS256", crit: ["b64"], b64: false },
      ["HS256"],
      null,
    ]) {
      expect(await answer("{}", signedAs(header)), JSON.stringify(header)).toBe(401);
    }
  });

  it("is refused with any character changed, or in another form", async () => {
    const jws = await sign({ iss: "netlify", sha256: digest("{}") });
    for (const at of Array.from(jws).keys()) {
      const changed = `${jws.slice(0, at)}${jws[at] === "A" ? "B" : "A"}${jws.slice(at + 1)}`;
      expect(await answer("{}", changed), changed).toBe(401);
    }
    const others = [
      undefined,
      "",
      ".",
      "..",
      "a.b.c",
      `${jws}.x`,
      `${jws}=`,
      `${jws} `,
      jws.slice(0, -1),
      `Bearer ${jws}`,
      [jws, jws],
      `${"a".repeat(5000)}.b.c`,
    ];
    for (const other of others) expect(await answer("{}", other), String(other)).toBe(401);
    await fc.assert(fc.asyncProperty(fc.string(), async (other) => (await answer("{}", other)) === 401));
  });
});

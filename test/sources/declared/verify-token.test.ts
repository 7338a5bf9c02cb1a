import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceDefinition } from "../../../src/config/source-definition.ts";
import { active, createTrial, NOW, received, type Setting } from "./verifying.ts";

type Token = Extract<Setting["verify"][number], { token: unknown }>["token"];
const trialOf = (token: Token, ...secrets: string[]) => createTrial({ verify: [{ token }], secrets });
const fitting = (at = 1) => ({ matched: `env:SECRET_${at}`, skewMs: null });
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
/** What a header may hold: bytes, read as Latin-1. */
const headerText = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("latin1"));

describe("A token", () => {
  it("is taken from a header, a query, a form, JSON or the path", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const json = { "content-type": "application/json" };
    expect(
      await trialOf({ in: "header:x-gitlab-token" }, "s3cret")(received("{}", { "x-gitlab-token": "s3cret" })),
    ).toEqual(fitting());
    expect(await trialOf({ in: "query:key" }, "s3cret")(received("{}", {}, { target: "/hooks/a?key=s3cret" }))).toEqual(
      fitting(),
    );
    expect(await trialOf({ in: "form:key" }, "s3cret")(received("key=s3cret", form))).toEqual(fitting());
    expect(await trialOf({ in: "json:/secret" }, "s3cret")(received('{"secret":"s3cret"}', json))).toEqual(fitting());
    expect(await trialOf({ in: "path" }, "s3cret")(received("", {}, { token: "s3cret" }))).toEqual(fitting());
  });

  it("is refused when missing, twice, empty, or another; in the path as if the address did not exist", async () => {
    const trial = trialOf({ in: "header:x-token" }, "", "s3cret");
    for (const value of [undefined, "", " ", "s3cre", "s3cret ", "S3cret", ["s3cret", "s3cret"], "s".repeat(10_000)]) {
      expect(await trial(received("", { "x-token": value })), String(value)).toBe(401);
    }
    const path = trialOf({ in: "path" }, "", "s3cret");
    for (const token of ["", "s3cre", "s3cret/"]) expect(await path(received("", {}, { token })), token).toBe(404);
    const query = trialOf({ in: "query:key" }, "s3cret");
    expect(await query(received("", {}, { target: "/hooks/a?key=s3cret&key=s3cret" }))).toBe(401);
    const json = trialOf({ in: "json:/secret" }, "1");
    for (const body of [
      "{}",
      '{"secret":null}',
      '{"secret":["1"]}',
      '{"secret":',
      "null",
      '{"__proto__":{"secret":"1"}}',
    ]) {
      expect(await json(received(body, { "content-type": "application/json" })), body).toBe(401);
    }
  });

  it("fits any active secret and no other text", async () => {
    const trial = trialOf({ in: "header:x-token" }, "one", "two");
    expect(await trial(received("", { "x-token": "two" }))).toEqual(fitting(2));
    const property = fc.asyncProperty(headerText, async (value) => {
      fc.pre(value !== "one" && value !== "two");
      expect(await trial(received("", { "x-token": value }))).toBe(401);
    });
    await fc.assert(property);
    // Characters that no header can hold are not cut down to bytes.
    expect(await trial(received("", { "x-token": "\u016f\u016e\u0165" }))).toBe(401);
  });

  it("with letters beyond ASCII is compared by its bytes", async () => {
    const sent = Buffer.from("Zoë").toString("latin1");
    expect(await trialOf({ in: "header:x-token" }, "Zoë")(received("", { "x-token": sent }))).toEqual(fitting());
    expect(
      await trialOf(
        { in: "header:authorization", scheme: "basic" },
        "zoë:pa:ß",
      )(received("", { authorization: basic("zoë:pa:ß") })),
    ).toEqual(fitting());
  });

  it("as Bearer has that word before it, in any case, and nothing else", async () => {
    const trial = trialOf({ in: "header:authorization", scheme: "bearer" }, "s3cret");
    for (const value of ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret"]) {
      expect(await trial(received("", { authorization: value })), value).toEqual(fitting());
    }
    for (const value of [
      "s3cret",
      "Bearer",
      "Bearer ",
      "Bearers3cret",
      "Token s3cret",
      "Basic s3cret",
      "Bearer s3cret x",
      "Bearer Bearer s3cret",
    ]) {
      expect(await trial(received("", { authorization: value })), value).toBe(401);
    }
  });

  it("as Basic is a user and a password, which may have colons", async () => {
    const trial = trialOf({ in: "header:authorization", scheme: "basic" }, "slipway:a:b:c");
    expect(await trial(received("", { authorization: basic("slipway:a:b:c") }))).toEqual(fitting());
    for (const value of ["slipway:a:b", "slipway:a:b:c:", "a:b:c", ":slipway:a:b:c", "slipway"]) {
      expect(await trial(received("", { authorization: basic(value) })), value).toBe(401);
    }
    expect(await trial(received("", { authorization: `${basic("slipway:a:b:c")}!` }))).toBe(401);
    expect(await trial(received("", { authorization: basic("slipway:a:b:c").replace("Basic", "Bearer") }))).toBe(401);
  });

  it("is refused from the moment of its end", async () => {
    const secrets = active("s3cret").map((it) => ({ ...it, untilMs: NOW }));
    const request = received("", { "x-token": "s3cret" });
    const trial = (nowMs: number) =>
      createTrial({ verify: [{ token: { in: "header:x-token" } }], secrets, nowMs })(request);
    expect(await trial(NOW - 1)).toEqual(fitting());
    expect(await trial(NOW)).toBe(401);
  });

  it("cannot stand where nobody sends anything", () => {
    for (const place of ["const:s3cret", "digest"])
      expect(sourceDefinition.safeParse({ verify: [{ token: { in: place } }] }).success, place).toBe(false);
  });
});

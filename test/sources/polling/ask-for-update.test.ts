import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pollSettings } from "../../../src/config/poll-settings.ts";
import { OperatorError, PermanentError, RetryLaterError } from "../../../src/errors.ts";
import { secret } from "../../../src/secrets/secret.ts";
import { askForUpdate, NO_VALIDATORS, type Validators } from "../../../src/sources/polling/ask-for-update.ts";
import { type Cms, changedAt, startCms } from "./cms.ts";

let cms: Cms;
beforeEach(async () => {
  cms = await startCms();
});
afterEach(() => cms.stop());

const ask = (
  options: { updated?: string; url?: string; token?: string; validators?: Validators; signal?: AbortSignal } = {},
) =>
  askForUpdate({
    key: "sources.blog.poll",
    poll: pollSettings.parse({
      url: options.url ?? `${cms.url}?key=hush`,
      updated: options.updated ?? "json:/data/0/updatedAt",
    }),
    token: options.token === undefined ? null : secret(options.token),
    validators: options.validators ?? NO_VALIDATORS,
    signal: options.signal ?? new AbortController().signal,
  });

const errorOf = async (asking: Promise<unknown>): Promise<Error> =>
  asking.then(
    () => new Error("nothing was thrown"),
    (error: Error) => error,
  );

describe("a sender that is asked for its newest change", () => {
  it("is told who asks and what for, with the token", async () => {
    cms.answer(changedAt("2026-11-30T10:00:00Z"));
    expect(await ask({ token: "abc" })).toEqual({
      updated: "2026-11-30T10:00:00Z",
      validators: { etag: '"2026-11-30T10:00:00Z"', lastModified: null },
    });
    expect(cms.asked[0]).toMatchObject({
      method: "GET",
      url: "/api/articles?key=hush",
      headers: { authorization: "Bearer abc" },
    });
  });

  it("need not say it again where it has not changed", async () => {
    cms.answer(changedAt("a"));
    const { validators } = await ask();
    expect(await ask({ validators })).toEqual({ updated: null, validators });
  });

  it("may say it in a header, whose body is not read, however long it is", async () => {
    const lastModified = "Mon, 30 Nov 2026 10:00:00 GMT";
    cms.answer((request, response) => {
      if (request.headers["if-modified-since"] === lastModified) response.writeHead(304).end();
      else response.writeHead(200, { "last-modified": lastModified }).end("x".repeat(1_000_000));
    });
    const { updated, validators } = await ask({ updated: "header:last-modified" });
    expect(updated).toBe(lastModified);
    expect((await ask({ updated: "header:last-modified", validators })).updated).toBeNull();
  });

  it("may say it by whatever it answers", async () => {
    cms.answer((_request, response) => response.end("one"));
    const one = await ask({ updated: "digest" });
    cms.answer((_request, response) => response.end("two"));
    expect((await ask({ updated: "digest" })).updated).not.toBe(one.updated);
  });

  it.each([
    ["as they are", {}, (text: string) => Buffer.from(text)],
    ["packed", { "content-encoding": "gzip" }, (text: string) => gzipSync(text)],
  ])("is not listened to beyond 256 KiB, sent %s", async (_how, headers, pack) => {
    cms.answer((_request, response) =>
      response.writeHead(200, { "content-type": "application/json", ...headers }).end(pack(`"${"x".repeat(300_000)}"`)),
    );
    const error = await errorOf(ask());
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toContain("256 KiB");
  });

  it.each(["nothing is here", '{"data":[]}', '{"data":[{"updatedAt":""}]}'])("has to say it: %s", async (body) => {
    cms.answer((_request, response) => response.writeHead(200, { "content-type": "application/json" }).end(body));
    const error = await errorOf(ask());
    expect(error).toBeInstanceOf(OperatorError);
    expect(error.message).toContain("json:/data/0/updatedAt");
  });

  it("has to say it in short", async () => {
    cms.answer(changedAt("x".repeat(201)));
    expect(await errorOf(ask())).toBeInstanceOf(OperatorError);
  });

  it("is followed to another address of its host, and nowhere else", async () => {
    cms.answer((request, response) =>
      request.url === "/here"
        ? changedAt("b")(request, response)
        : response
            .writeHead(307, { location: request.url === "/away" ? cms.url.replace("127.0.0.1", "localhost") : "/here" })
            .end(),
    );
    expect((await ask({ token: "abc" })).updated).toBe("b");
    const before = cms.asked.length;
    expect(await errorOf(ask({ url: new URL("/away", cms.url).href }))).toBeInstanceOf(PermanentError);
    expect(cms.asked).toHaveLength(before + 1);
  });

  it("is not followed in circles", async () => {
    cms.answer((_request, response) => response.writeHead(302, { location: "/again" }).end());
    expect((await errorOf(ask())).message).toContain("more than 3 times");
  });

  it("may say when to come again", async () => {
    cms.answer((_request, response) => response.writeHead(429, { "retry-after": "120" }).end());
    expect(await errorOf(ask())).toMatchObject({ name: "RetryLaterError", delayMs: 120_000 });
    cms.answer((_request, response) => response.writeHead(401).end());
    expect((await errorOf(ask())).name).toBe("PermanentError");
  });

  it("may be away, which is said without the key in its address", async () => {
    await cms.stop();
    const error = await errorOf(ask());
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.message).not.toContain("hush");
    cms = await startCms();
  });

  it("is not waited for by who goes away", async () => {
    const stopping = new AbortController();
    cms.answer(() => stopping.abort());
    expect(await errorOf(ask({ signal: stopping.signal }))).toBeInstanceOf(RetryLaterError);
  });
});

describe("the settings of a poll", () => {
  const parse = (more: object) => pollSettings.safeParse({ url: cms.url, updated: "digest", ...more });

  it("ask every quarter of an hour, and no more often than twice a minute", () => {
    expect(parse({}).data?.every).toBe(900_000);
    expect(parse({ every: "10s" }).success).toBe(false);
    expect(parse({ every: "2d" }).success).toBe(false);
  });

  it("take http and https alone, without a password", () => {
    for (const url of ["ftp://cms.example.com/x", "file:///etc/passwd", "https://ada:secret@cms.example.com/", "cms"])
      expect(parse({ url }).success).toBe(false);
  });
});

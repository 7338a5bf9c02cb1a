import { randomBytes } from "node:crypto";
import { sign } from "@octokit/webhooks-methods";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBodyBudget } from "../../src/http/body-budget.ts";
import { clientAddress } from "../../src/http/client-address.ts";
import { createRateLimits } from "../../src/http/rate-limit.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createCaptures } from "../../src/inbox/captures.ts";
import { createDoor } from "../../src/inbox/door.ts";
import { createRejections } from "../../src/inbox/rejections.ts";
import { createLog } from "../../src/log.ts";
import { readRanges } from "../../src/model/address.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createAddressGuard } from "../../src/sources/declared/address-guard.ts";
import { createGithubSource } from "../../src/sources/github.ts";
import type { Source } from "../../src/sources/source.ts";

const SECRET = "the secret of the tests";
const log = createLog({ level: "silent", pretty: false });

/** A route that is guarded as those of the intake, verified as GitHub is. */
async function startGuarded({ allow = [] as string[], trusted = [] as string[] } = {}) {
  const { refused, refusedInAll } = { refused: 5, refusedInAll: 1000 };
  const limits = await createRateLimits({
    ...{ limits: { refused, refusedInAll, formsPerMinute: 5, formsPerHour: 60 }, redisUrl: null, log, now: Date.now },
  });
  const rejections = createRejections({ log, now: Date.now, sources: ["shop"] });
  const budget = createBodyBudget({ maxBytes: 64 * 1024 ** 2, now: Date.now });
  const isAllowed = createAddressGuard({ allow, githubRanges: () => null, isSigned: true });
  const ranges = readRanges(trusted);
  const door = createDoor({
    ...{
      limits,
      rejections,
      budget,
      guards: new Map([["shop", isAllowed]]),
      captures: createCaptures({ now: Date.now }),
    },
    clientOf: ({ peer, headers }) =>
      clientAddress({ peer, forwardedFor: [headers["x-forwarded-for"] ?? []].flat() }, ranges),
  });
  let read = 0;
  const github = createGithubSource([secret(SECRET)]);
  const source: Source = {
    ...github,
    ...{ name: "shop", path: "/hooks/shop", maxBytes: 1024 ** 2, readHeaders: () => ({ key: "1", event: "e" }) },
    verify(head, body) {
      read++;
      return github.verify(head, body);
    },
  };
  const server = createHttpServer(
    [
      {
        method: "POST",
        path: "/hooks/shop",
        async handle(request) {
          await door.enter(source, request);
          return { status: 200, type: "application/json", body: "{}" };
        },
      },
    ],
    log,
  );
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    rejections.stop();
    await server.close(0);
  });
  const send = async (headers: Record<string, string> = {}, body = "{}") => {
    const answer = await fetch(`http://127.0.0.1:${port}/hooks/shop`, { method: "POST", body, headers });
    await answer.arrayBuffer();
    return answer;
  };
  return {
    ...{ send, rejections, budget },
    /** How many bodies were read. */
    read: () => read,
    signed: async (headers = {}) => send({ ...headers, "x-hub-signature-256": await sign(SECRET, "{}") }),
  };
}

const forged = () => ({ "x-hub-signature-256": `sha256=${randomBytes(32).toString("hex")}` });

describe("what is not verified", () => {
  it("is refused with 401, then with 429 before its body is read, while what is verified from there is always taken", async () => {
    const { send, signed, read, budget } = await startGuarded();
    for (let time = 0; time < 5; time++) expect((await send()).status).toBe(401);
    const before = read();
    const limited = await send();
    expect([limited.status, limited.headers.get("retry-after"), read()]).toEqual([429, "60", before]);
    // One that could be right has to be read before anybody knows.
    const plausible = await send(forged());
    expect([plausible.status, plausible.headers.get("retry-after"), read()]).toEqual([429, "60", before + 1]);
    const mixed = Array.from({ length: 300 }, async (_, at) =>
      at % 3 === 0 ? signed() : send(at % 3 === 1 ? forged() : {}),
    );
    const statuses = (await Promise.all(mixed)).map((it) => it.status);
    expect(statuses.filter((_, at) => at % 3 === 0)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(new Set(statuses.filter((_, at) => at % 3 !== 0))).toEqual(new Set([429]));
    expect(budget.bytes()).toBe(0);
  });

  it("is counted for the client that a trusted proxy names, not for the proxy", async () => {
    const { send } = await startGuarded({ trusted: ["127.0.0.1"] });
    const from = async (client: string) => (await send({ "x-forwarded-for": `203.0.113.9, ${client}` })).status;
    for (let time = 0; time < 5; time++) await from("192.0.2.1");
    expect([await from("192.0.2.1"), await from("192.0.2.2")]).toEqual([429, 401]);
  });

  it("is remembered, whatever it was refused for", async () => {
    const { send, rejections } = await startGuarded();
    await send();
    await send({}, "x".repeat(1024 ** 2 + 1));
    expect(rejections.report("shop").counts).toEqual({ 401: 1, 413: 1 });
  });
});

it("Who is not on the list is refused before the body is read, with a signature too", async () => {
  const { signed, read } = await startGuarded({ allow: ["192.0.2.0/24"], trusted: ["127.0.0.1"] });
  const statuses = [await signed(), await signed({ "x-forwarded-for": "192.0.2.1" })].map((it) => it.status);
  expect([statuses, read()]).toEqual([[403, 200], 1]);
});

/** Events reach other programs signed, at least once, in their order, and what cannot be delivered is kept. */
import { expect, it } from "vitest";
import type { DeploymentOut } from "../../../src/model/outgoing.ts";
import type { Got } from "./endpoint.ts";
import { startEndpoint } from "./endpoint.ts";
import { OLD_SECRET, openOutgoingWorld, SECRET, START } from "./outgoing-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const settings = (url: string, more = "secret: env:NEW") => `{ url: "${url}", ${more} }`;
const statesIn = (got: readonly Got[]) => got.map(({ event }) => (event.data as DeploymentOut).state);

it("A deployment that goes live is told step by step, each request signed as Standard Webhooks has it", async () => {
  const endpoint = await startEndpoint();
  const world = await openOutgoingWorld(settings(endpoint.url));
  world.clock.nowMs = Date.now();
  await world.tell({ state: "queued" });
  await world.tell({ state: "building", stage: "checkout", startedAtMs: START });
  await world.tell({ state: "building", stage: "build", startedAtMs: START });
  await world.tell({ state: "publishing", stage: "publish", startedAtMs: START });
  await world.tell({ state: "live", releaseId: "r".repeat(64), startedAtMs: START, finishedAtMs: START + 5000 });
  await world.settle();

  expect(statesIn(endpoint.got)).toEqual(["queued", "building", "publishing", "live"]);
  for (const got of endpoint.got) endpoint.verify(got, SECRET);
  const last = endpoint.got.at(-1);
  expect(last?.method).toBe("POST");
  expect(last?.headers).toMatchObject({
    "content-type": "application/json",
    "user-agent": expect.stringMatching(/^Slipway\/\d/),
    "webhook-id": expect.stringMatching(/^msg_[0-9a-f]{12}_d-mf2k9x1c-4f7a_4$/),
  });
  expect(last?.event).toEqual({
    type: "deployment.live",
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    data: {
      id: "d-mf2k9x1c-4f7a",
      sequence: 4,
      site: "shop",
      state: "live",
      trigger: "push",
      repository: "acme/shop",
      branch: "main",
      commit: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
      author: "Alice",
      title: "Fix footer",
      releaseId: "r".repeat(64),
      liveUrl: "https://shop.example.com",
      reason: null,
      needs: null,
      supersededBy: null,
      createdAt: "1970-01-01T00:00:00.000Z",
      startedAt: "2026-12-01T12:00:00.000Z",
      finishedAt: "2026-12-01T12:00:05.000Z",
    },
  });
});

it("While two secrets are valid a request is signed with both, and after the end of the old one with the new alone", async () => {
  const endpoint = await startEndpoint();
  const today = new Date().toISOString().slice(0, 10);
  const world = await openOutgoingWorld(
    settings(endpoint.url, `secrets: [env:NEW, { use: env:OLD, until: ${today} }]`),
  );
  world.clock.nowMs = Date.now();
  await world.tell({ state: "queued" });
  await world.settle();
  const [both] = endpoint.got;
  if (!both) throw new Error("nothing came");
  endpoint.verify(both, SECRET);
  endpoint.verify(both, OLD_SECRET);

  world.clock.nowMs = Date.parse(`${today}T23:59:59Z`) + 1000;
  await world.tell({ state: "live", id: "d-2" });
  await world.settle();
  expect(endpoint.got.at(-1)?.headers["webhook-signature"]).toMatch(/^v1,[\w+/]{43}=$/);
});

it("What fails is tried again as the specification has it, with the same id, the same bytes and a new time", async () => {
  const endpoint = await startEndpoint();
  endpoint.answer(500);
  const world = await openOutgoingWorld(settings(endpoint.url));
  await world.tell({ state: "live" });
  await world.pass(76 * HOUR);
  const sentAfterS = endpoint.got.map(({ headers }) => Number(headers["webhook-timestamp"]) - START / 1000);
  expect(sentAfterS).toEqual([0, 5, 305, 2105, 9305, 27_305, 63_305, 113_705, 185_705, 272_105]);
  expect(new Set(endpoint.got.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(endpoint.got.map(({ body }) => body)).size).toBe(1);
  expect(new Set(endpoint.got.map(({ headers }) => headers["webhook-signature"])).size).toBe(10);
  expect(await world.dead()).toMatchObject([{ type: "deployment.live", about: "shop" }]);
});

it("What was given up is told in the operators' channel once a day, and is sent again when somebody says so alone", async () => {
  const endpoint = await startEndpoint();
  endpoint.answer(404);
  const world = await openOutgoingWorld(settings(endpoint.url));
  const { host } = new URL(endpoint.url);
  await world.tell({ state: "live", id: "d-1" });
  await world.tell({ state: "failed", id: "d-2", reason: "npm ci failed" });
  await world.pass(76 * HOUR);
  expect(await world.notices()).toEqual([
    { channel: "C0OPS", notice: { about: "webhook", host, dead: 2, reason: `${host} answered 404` } },
  ]);
  const dead = await world.dead();
  expect(dead.map(({ type, error }) => `${type}: ${error}`)).toEqual([
    `deployment.failed: ${host} answered 404`,
    `deployment.live: ${host} answered 404`,
  ]);
  expect(JSON.stringify([dead, await world.notices()])).not.toContain("a-token");

  const before = endpoint.got.length;
  endpoint.answer(200);
  world.restart();
  await world.pass(100 * HOUR);
  expect(endpoint.got).toHaveLength(before);
  expect(await world.revive(dead[1]?.id ?? -1)).toBe(1);
  await world.settle();
  expect(endpoint.got.at(-1)?.headers["webhook-id"]).toBe(dead[1]?.messageId);
  expect(await world.revive(null)).toBe(1);
  await world.settle();
  expect(endpoint.got).toHaveLength(before + 2);
  expect(await world.dead()).toEqual([]);
});

it("An endpoint that is gone gets nothing more until the next start", async () => {
  const endpoint = await startEndpoint();
  endpoint.answer(410);
  const world = await openOutgoingWorld(settings(endpoint.url));
  await world.tell({ state: "live", id: "d-1" });
  await world.settle();
  await world.tell({ state: "live", id: "d-2" });
  await world.pass(HOUR);
  expect(endpoint.got).toHaveLength(1);
  expect((await world.dead()).map(({ error }) => error)).toEqual([
    expect.stringMatching(/answered 410 Gone and is sent nothing until the next start$/),
    expect.stringMatching(/answered 410 Gone and is sent nothing until the next start$/),
  ]);
  expect(await world.notices()).toHaveLength(1);

  endpoint.answer(200);
  world.restart();
  await world.tell({ state: "live", id: "d-3" });
  await world.settle();
  expect(endpoint.got).toHaveLength(2);
});

it.each([
  ["in seconds", 429, () => "600", 10 * MINUTE],
  ["by a date", 503, () => new Date(START + 20 * MINUTE).toUTCString(), 20 * MINUTE],
  ["shorter than is good", 429, () => "0", 5000],
])(
  "An endpoint that asks to wait %s is left alone for so long, by all its events",
  async (_, status, after, waitMs) => {
    const endpoint = await startEndpoint();
    endpoint.answer((_request, response) => response.writeHead(status, { "retry-after": after() }).end(), 200);
    const world = await openOutgoingWorld(settings(endpoint.url));
    await world.tell({ state: "live", id: "d-1" });
    await world.settle();
    await world.tell({ state: "live", id: "d-2" });
    await world.pass(waitMs - 1001);
    expect(endpoint.got).toHaveLength(1);
    await world.pass(2000);
    expect(endpoint.got).toHaveLength(3);
    expect(await world.states()).toMatchObject({ sent: expect.any(Number) });
    expect(await world.dead()).toEqual([]);
  },
);

it("An endpoint that only ever asks to wait is given up in the end", async () => {
  const endpoint = await startEndpoint();
  endpoint.answer((_request, response) => response.writeHead(429, { "retry-after": "86400" }).end());
  const world = await openOutgoingWorld(settings(endpoint.url));
  await world.tell({ state: "live" });
  await world.pass(30 * 24 * HOUR);
  expect(await world.dead()).toHaveLength(1);
  expect(endpoint.got.length).toBeLessThan(20);
});

it("A redirect is a failure, and is not followed", async () => {
  const other = await startEndpoint();
  const endpoint = await startEndpoint();
  endpoint.answer((_request, response) => response.writeHead(307, { location: other.url }).end());
  const world = await openOutgoingWorld(settings(endpoint.url));
  await world.tell({ state: "live" });
  await world.pass(MINUTE);
  expect(endpoint.got).toHaveLength(2);
  expect(other.got).toHaveLength(0);
});

it("An answer that never comes, and one that never ends, hold up nobody for long", async () => {
  const silent = await startEndpoint();
  silent.answer(() => {});
  const endless = await startEndpoint();
  endless.answer((_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write("x".repeat(1000)), 1);
    response.on("close", () => clearInterval(timer));
  });
  const world = await openOutgoingWorld(`${settings(silent.url)}, ${settings(endless.url)}`, { requestMs: 300 });
  await world.tell({ state: "live" });
  await world.settle();
  expect(silent.got).toHaveLength(1);
  expect(endless.got).toHaveLength(1);
  // The one is sent, and so is Slack's message; the other waits.
  expect(await world.states()).toEqual({ sent: 2, pending: 1 });
});

it("A crash between the request and its record sends it once more, with the same id", async () => {
  const endpoint = await startEndpoint();
  const world = await openOutgoingWorld(settings(endpoint.url));
  await world.tell({ state: "live" });
  await world.sendAndDie();
  expect(endpoint.got).toHaveLength(1);
  world.restart();
  await world.settle();
  expect(endpoint.got).toHaveLength(2);
  expect(endpoint.got[1]?.headers["webhook-id"]).toBe(endpoint.got[0]?.headers["webhook-id"]);
  expect(endpoint.got[1]?.body).toBe(endpoint.got[0]?.body);
  expect(await world.states()).toEqual({ sent: 2 });
});

it("Events of one deployment arrive in their order, and one that failed does not hold up the next", async () => {
  const endpoint = await startEndpoint();
  endpoint.answer(500, 200);
  const world = await openOutgoingWorld(settings(endpoint.url));
  for (const state of ["queued", "building", "publishing", "live"] as const) await world.tell({ state });
  await world.pass(10 * MINUTE);
  const states = statesIn(endpoint.got);
  expect(states[0]).toBe("queued");
  expect(states.filter((it) => it !== "queued")).toEqual(["building", "publishing", "live"]);
  expect(states.filter((it) => it === "queued")).toHaveLength(2);
  expect(endpoint.got.map(({ event }) => (event.data as DeploymentOut).sequence).sort()).toEqual([1, 1, 2, 3, 4]);
});

it.each([
  ["is too short", "env:SHORT", /webhooks.0.secret: is no signing secret of Standard Webhooks/],
  ["is no whsec_", "env:PLAIN", /webhooks.0.secret: is no signing secret of Standard Webhooks/],
  ["is missing", "env:GONE", /the environment variable GONE is empty or missing/],
])("Nothing is sent with a secret that %s; it waits for the operator", async (_, reference, error) => {
  const endpoint = await startEndpoint();
  const world = await openOutgoingWorld(settings(endpoint.url, `secret: ${reference}`));
  await world.tell({ state: "live" });
  await world.pass(76 * HOUR);
  expect(endpoint.got).toHaveLength(0);
  const [dead] = await world.dead();
  expect(dead?.error).toMatch(error);
  expect(dead?.error).not.toMatch(/c2hvcnQ|a-string/);
});

it("A host that is not there is tried again like any other", async () => {
  const world = await openOutgoingWorld(settings("http://127.0.0.1:1/x"));
  await world.tell({ state: "live" });
  await world.settle();
  expect(await world.states()).toMatchObject({ pending: 1 });
  await world.pass(76 * HOUR);
  expect(await world.dead()).toHaveLength(1);
});

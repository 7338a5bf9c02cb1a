import { expect, it, onTestFinished } from "vitest";
import { captureLines, examine } from "../../src/cli/capture-lines.ts";
import { explanationLines } from "../../src/cli/explain-lines.ts";
import type { CaptureState } from "../../src/commands/capture-operation.ts";
import type { Explanation } from "../../src/commands/explain-operation.ts";
import type { OperationDeps } from "../../src/commands/operation.ts";
import { type OperationName, operations } from "../../src/commands/operations.ts";
import { applyEffects } from "../../src/inbox/apply-effects.ts";
import { createCaptures } from "../../src/inbox/captures.ts";
import { createRejections } from "../../src/inbox/rejections.ts";
import { createLog } from "../../src/log.ts";
import { fromCaptured } from "../../src/model/capture.ts";
import type { Effect } from "../../src/model/effect.ts";
import { type Received, readPayload } from "../../src/model/received.ts";
import { secret } from "../../src/secrets/secret.ts";
import { listAudit } from "../../src/store/audit.ts";
import { finishDelivery } from "../../src/store/deliveries.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import { createOperations } from "./operations-world.ts";

async function createLive() {
  const { store, deps, ask: askStopped } = await createOperations();
  const log = createLog({ level: "silent", pretty: false });
  const rejections = createRejections({ log, now: Date.now, sources: ["github", "slack"] });
  const captures = createCaptures({ now: Date.now });
  onTestFinished(() => rejections.stop());
  const live: OperationDeps = { ...deps, live: { rejections, captures } };
  const ask = async <T>(name: OperationName, input: unknown) => (await operations[name](live, input)) as T;
  return { store, deps, ask, askStopped, rejections, captures };
}

const refused = {
  source: "github",
  client: "192.0.2.77",
  status: 401,
  bytes: 12,
  headers: { "x-a\u001b[2J": "s3cr3t" },
};

it("A source says what was refused and why, what to do, and what was accepted last", async () => {
  const { store, ask, rejections } = await createLive();
  const findings = [{ code: "trimmed-secret", sentence: "The secret ends in a line break, and fits without it." }];
  rejections.add({ ...refused, explain: async () => findings });
  rejections.add({ ...refused, status: 403 });
  const delivery = {
    ...{ source: "github", key: "1/guid", event: "push", digest: "d" },
    body: Buffer.from("{}"),
    receivedAtMs: 0,
  };
  await store.transact((tx) => recordDelivery(tx, delivery));
  const lines = async (name?: string) =>
    explanationLines(await ask<Explanation>("explain", name === undefined ? {} : { name }));
  await expect.poll(async () => (await lines("github")).join("\n")).toContain("fits without it. (trimmed-secret)");
  const said = (await lines("github")).join("\n");
  expect(said).toContain("1 with 401, 1 with 403");
  expect(said).toContain("last accepted: delivery 1, push, 1970-01-01 00:00:00");
  expect(said).toContain("401  192.0.2.0/24  no content type, 12 bytes; headers: x-a");
  expect(said).toContain("name the proxy in `trustedProxies`");
  expect(said.replaceAll("\n", "")).not.toMatch(/s3cr3t|\p{Cc}|192\.0\.2\.77/u);
  const all = await lines();
  expect(all).toHaveLength(2);
  expect(all[0]).toMatch(/^github: last accepted 1970.*1 with 401, 1 with 403\. The secret ends in a line break/);
  expect(all[1]).toMatch(/^slack: nothing accepted yet; nothing refused since /);
});

it("A name that nobody configured is explained when requests came for it, and is unknown otherwise", async () => {
  const { ask, rejections } = await createLive();
  await expect(ask("explain", { name: "strpe" })).rejects.toThrow("there is no source and no delivery strpe");
  rejections.add({ ...refused, source: "strpe", status: 404 });
  const said = explanationLines(await ask<Explanation>("explain", { name: "strpe" })).join("\n");
  expect(said).toContain("strpe (no source of that name is configured)");
  expect(said).toContain("The name in the address is none under `sources`");
});

it("A delivery tells its whole story, also while Slipway is stopped", async () => {
  const { store, deps, askStopped } = await createLive();
  const delivery = {
    ...{ source: "shop", key: "evt_1", event: "entry.publish", digest: "d".repeat(64), receivedAtMs: 1000 },
    ...{ body: Buffer.from("{}"), request: { method: "POST", headers: { "x-topic": "entry\u001b[2J" }, query: "" } },
  };
  const { id } = await store.transact((tx) => recordDelivery(tx, delivery));
  const push: Effect = {
    ...({
      do: "deploy",
      site: "shop",
      trigger: "push",
      cause: "push main 1..2",
      repoId: 1,
      repoName: "acme/shop",
    } as const),
    ...{ installationId: 9, branch: "main", commit: "a".repeat(40), author: "Zoë", title: "Fix" },
  };
  const moment = { nowMs: 2000, random: Math.random, cause: String(id) };
  await store.transact(function* (tx) {
    const outcome = yield* applyEffects(tx, deps, [push], moment);
    yield* finishDelivery(tx, { id, ...delivery }, { state: "done", outcome, nowMs: 2000 });
  });
  const said = explanationLines(await askStopped<Explanation>("explain", { name: "evt_1" })).join("\n");
  expect(said).toContain(`delivery ${id} of shop: entry.publish`);
  expect(said).toContain("done, after 0 tries; new");
  expect(said).toContain("arrived 1970-01-01 00:00:01, 1 time, 2 bytes");
  expect(said).toMatch(/^ {2}d-[0-9a-z]+-[0-9a-z]{4} of shop is queued now$/m);
  expect(said).not.toContain("\u001b");
  const source = explanationLines(await askStopped<Explanation>("explain", { name: "github" })).join("\n");
  expect(source).toContain("Slipway does not run, and remembers refused requests only while it does");
});

it("One request is captured by whoever asks through the socket, which the audit log says", async () => {
  const { store, ask, captures } = await createLive();
  const { untilMs } = await ask<{ untilMs: number }>("captureOpen", { name: "new", by: "alice", forMs: 60_000 });
  expect(untilMs).toBeGreaterThan(Date.now() + 50_000);
  const received: Received = {
    ...{ method: "POST", target: "/hooks/new?a=1", query: new URLSearchParams("a=1"), token: "" },
    headers: { "content-type": ["application/json"], "x-token": ["s3cr3t-value"] },
    body: Buffer.from('{"id":"\u001b[2J","token":"s3cr3t-value"}'.replace("\u001b", "\\u001b")),
  };
  const waiting = ask<CaptureState>("captureWait", { name: "new" });
  captures.claim("new")?.give(received);
  const state = await waiting;
  if (state.state !== "captured") throw new Error(`it is ${state.state}`);
  const got = fromCaptured(JSON.parse(JSON.stringify(state.request)));
  expect(got).toEqual(received);
  const given = { secret: { value: secret("s3cr3t-value"), reference: "env:NEW" }, nowMs: Date.now() };
  const lines = captureLines(examine("new", got, await readPayload(got, "payload"), given)).join("\n");
  expect(lines).toContain("the secret fits");
  expect(lines).toContain("in: header:x-token");
  expect(lines.replaceAll("\n", "")).not.toMatch(/s3cr3t-value|\p{Cc}/u);
  expect(await ask("captureWait", { name: "new" })).toEqual({ state: "closed" });
  const [entry] = await store.transact((tx) => listAudit(tx, { limit: 1 }));
  expect(entry).toMatchObject({
    who: "alice (command line)",
    verb: "capture",
    what: "capture one request to /hooks/new",
  });
});

it("Nothing is captured while Slipway is stopped, for other names than those of sources, or for days", async () => {
  const { ask, askStopped } = await createLive();
  await expect(askStopped("captureOpen", { name: "new", forMs: 60_000 })).rejects.toThrow("Slipway does not run here");
  await expect(ask("captureOpen", { name: "../x", forMs: 60_000 })).rejects.toThrow("is no name for a source");
  await expect(ask("captureOpen", { name: "new", forMs: 86_400_000 })).rejects.toThrow();
  await ask("captureOpen", { name: "new", forMs: 60_000 });
  await ask("captureClose", { name: "new" });
  expect(await ask("captureWait", { name: "new" })).toEqual({ state: "closed" });
});

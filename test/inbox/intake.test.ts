import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign } from "@octokit/webhooks-methods";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InboxWorld, push, startInbox, WEBHOOK_SECRET } from "./world.ts";

let world: InboxWorld;
beforeEach(async () => {
  world = await startInbox({ dispatch: false });
});
afterEach(() => world.stop());

describe("the intake", () => {
  it("records a signed delivery before it answers 200 with a small JSON body", async () => {
    const body = JSON.stringify(push());
    const answer = await fetch(world.url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": "guid-1",
        "x-github-hook-id": "7",
        "x-hub-signature-256": await sign(WEBHOOK_SECRET, body),
      },
    });
    expect([answer.status, answer.headers.get("content-type"), await answer.json()]).toEqual([
      200,
      "application/json",
      { ok: true },
    ]);
    expect(await world.deliveries()).toMatchObject([
      { key: "7/guid-1", event: "push", state: "received", verdict: "new" },
    ]);
  });

  it("answers a duplicate like the first one, also at the same moment, and records it once", async () => {
    const headers = { "x-github-delivery": randomUUID() };
    const statuses = await Promise.all(Array.from({ length: 30 }, () => world.send("push", push(), headers)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await world.deliveries()).toHaveLength(1);
  });

  it("takes the same GUID through another hook for another delivery", async () => {
    const guid = randomUUID();
    await world.send("push", push(), { "x-github-delivery": guid, "x-github-hook-id": "1" });
    await world.send("push", push(), { "x-github-delivery": guid, "x-github-hook-id": "2" });
    expect(await world.deliveries()).toHaveLength(2);
  });

  it("refuses what is unsigned, wrongly signed, truncated or re-encoded, with one and the same answer", async () => {
    const body = JSON.stringify(push());
    const signature = await sign(WEBHOOK_SECRET, body);
    const attempts: Array<[string, Record<string, string>]> = [
      [body, { "x-hub-signature-256": "" }],
      [body, { "x-hub-signature-256": await sign("somebody else's secret", body) }],
      [body.slice(0, -1), { "x-hub-signature-256": signature }],
      [JSON.stringify(JSON.parse(body), null, 1), { "x-hub-signature-256": signature }],
    ];
    for (const [sent, headers] of attempts) expect(await world.send("push", sent, headers)).toBe(401);
    expect(await world.deliveries()).toEqual([]);
  });

  it("answers 400 without id or event and 415 to forms, before it reads the body", async () => {
    expect(await world.send("", push())).toBe(400);
    expect(await world.send("push", push(), { "x-github-delivery": "" })).toBe(400);
    expect(await world.send("push", "payload=x", { "content-type": "application/x-www-form-urlencoded" })).toBe(415);
  });

  it("refuses 30 MiB and takes 24", { timeout: 60_000 }, async () => {
    const payload = (mib: number) => JSON.stringify({ text: "x".repeat(mib * 1024 * 1024) });
    const refused = await world.send("issues", payload(30)).catch((error: Error) => error.message);
    expect([413, "fetch failed"]).toContain(refused);
    expect(await world.send("issues", payload(24))).toBe(200);
    expect(await world.deliveries()).toHaveLength(1);
  });

  it("records what is signed but no JSON: what to make of it is decided later", async () => {
    expect(await world.send("push", "no JSON at all")).toBe(200);
    expect(await world.deliveries()).toMatchObject([{ state: "received" }]);
  });

  it("answers 503 with Retry-After while the store cannot be written", async () => {
    await world.store.close();
    const answer = await fetch(world.url, {
      method: "POST",
      body: "{}",
      headers: {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": "guid-1",
        "x-hub-signature-256": await sign(WEBHOOK_SECRET, "{}"),
      },
    });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "30"]);
  });

  it("keeps what it took, so that a duplicate after a restart is still one", async () => {
    const at = mkdtempSync(join(tmpdir(), "slipway-restart-"));
    chmodSync(at, 0o700);
    const headers = { "x-github-delivery": "same" };
    for (let start = 0; start < 2; start++) {
      const restarted = await startInbox({ dispatch: false, at });
      expect(await restarted.send("push", push(), headers)).toBe(200);
      expect(await restarted.deliveries()).toHaveLength(1);
      await restarted.stop();
    }
    rmSync(at, { recursive: true, force: true });
  });
});

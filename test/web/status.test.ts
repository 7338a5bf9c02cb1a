import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { startPages } from "./world.ts";

async function bodyOf(answer: Promise<Response>): Promise<string> {
  return (await answer).text();
}

describe("The status page", () => {
  test("tells anybody that Slipway runs and how busy it is, and no name", async () => {
    const world = await startPages();
    await world.queueOne("d-1");
    await world.claim();
    await world.queueOne("d-2", { site: "blog" });
    for (const path of ["/", "/status", "/status?key=", "/status?key=1.2"]) {
      const body = await bodyOf(world.pageOf(path));
      expect(body).toContain("1 deployment running, 1 deployment waiting.");
      expect(body).not.toMatch(/shop|blog|acme|Ada|footer|c0ffee|0\.1\.0|d-1/);
    }
    expect(await bodyOf(world.pageOf("/status?key=1.2"))).toContain("This link is wrong or has expired.");
  });

  test("does not take the key of a transcript, nor one that has expired", async () => {
    const world = await startPages();
    const keys = [world.logKeys.sign("d-1", Date.now()), world.logKeys.sign("status", Date.now() - 40 * 86_400_000)];
    for (const key of keys) expect(await bodyOf(world.pageOf(`/status?key=${key}`))).not.toContain("shop");
  });

  test("shows those who have the link what is live, what runs and what separates builds from Slipway", async () => {
    const world = await startPages();
    await world.queueOne("d-1");
    await world.claim();
    await world.change("d-1", { state: "publishing", stage: "publish" });
    await world.change("d-1", { state: "live" });
    await world.goLive("d-1");
    await world.queueOne("d-2", { commit: "badcab1e", title: "Break the footer" });
    await world.claim();
    const body = await bodyOf(fetch(world.statusUrl()));
    for (const text of [
      ...["<h2>shop</h2>", "<h2>blog</h2>", "Nothing is live yet.", "c0ffee1", "release <code>444444444444</code>"],
      ...["bubblewrap: own files, processes and network", "isolation not known", "Break the footer", "(checkout)"],
      ...["1 deployment running.", "0 deliveries to work off", "0.1.0", 'href="https://shop.example.com/start"'],
    ]) {
      expect(body).toContain(text);
    }
    expect(body).not.toMatch(/account@|host\.example|hunter22|SHOP_PASSWORD/);
    const [, path] = /href="(\/deployments\/d-2\/log\?key=[^"]*)"/.exec(body) ?? [];
    expect((await world.pageOf(path ?? "")).status).toBe(200);
  });

  test("shows why a deployment was not made and what makes it, and what the record of one must not hide", async () => {
    const world = await startPages();
    await world.queueOne("d-1");
    await world.queueOne("d-2", { commit: "badcab1e" });
    await world.claim();
    await world.remark("d-2", "built once more, since Slipway was restarted meanwhile");
    const body = await bodyOf(fetch(world.statusUrl()));
    expect(body).toContain("superseded by d-2; `slipway deploy shop --commit c0ffee1` deploys it anyway");
    expect(body).toContain("built once more, since Slipway was restarted meanwhile");
  });

  test("tells what was published again or taken back from what was built, and who asked for it", async () => {
    const world = await startPages();
    await world.queueOne("d-1", { trigger: "rollback", askedBy: "alice (Slack U0ALICE)" });
    await world.claim();
    expect(await bodyOf(fetch(world.statusUrl()))).toContain("Ada, rollback, asked for by alice (Slack U0ALICE), ");
    await world.change("d-1", { state: "publishing", stage: "publish" });
    await world.change("d-1", { state: "live" });
    await world.queueOne("d-2");
    const body = await bodyOf(fetch(world.statusUrl()));
    expect(body).toContain("Ada, rolled back, asked for by alice (Slack U0ALICE), ");
    expect(body).toMatch(/Ada, [\d.]+ m?s ago/);
  });

  test("escapes what people wrote, and lets a browser load nothing but itself", async () => {
    const world = await startPages();
    const evil = `<script>alert("1")</script>'&\u0000\u202e`;
    await world.queueOne("d-1", { title: evil, author: evil, branch: evil });
    await world.claim();
    await world.change("d-1", { state: "failed", reason: evil });
    await world.print("d-1", 1, `${evil}\n`);
    for (const path of [world.statusUrl().slice(world.url.length), world.address("d-1")]) {
      const answer = await world.pageOf(path);
      const body = await answer.text();
      expect(body).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;");
      expect(body).not.toContain("<script>alert");
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|http|\*/);
      const [, style = ""] = /<style>(.*?)<\/style>/s.exec(body) ?? [];
      expect(policy).toContain(`'sha256-${createHash("sha256").update(style).digest("base64")}'`);
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });
});

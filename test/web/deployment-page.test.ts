import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { startPages } from "./world.ts";

/** Reads events until one is called `name`. */
function eventReader(answer: Response) {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  return {
    async next(name: string): Promise<{ id: string | undefined; data: unknown }> {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end >= 0) {
          const lines = text.slice(0, end).split("\n");
          text = text.slice(end + 2);
          const field = (key: string) => lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
          if (field("event") === name) return { id: field("id"), data: JSON.parse(field("data") ?? "null") };
        } else {
          const { value, done } = await reader.read();
          if (done) throw new Error(`no ${name} came`);
          text += Buffer.from(value).toString();
        }
      }
    },
    isDone: async () => (await reader.read()).done,
  };
}

describe("The page of a deployment", () => {
  test("shows in a browser what there is, and follows the rest; everything else gets plain text", async () => {
    const world = await startPages();
    await world.queueOne("d-1");
    await world.claim();
    await world.print("d-1", 7, "── checkout ──\n");
    const answer = await world.pageOf(world.address("d-1"));
    const body = await answer.text();
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(body).toContain('data-seq="7">── checkout ──\n</pre>');
    expect(body).toContain('<li id="stage-checkout" class="now">checkout</li>');
    const [, script = ""] = /<script>(.*?)<\/script>/s.exec(body) ?? [];
    const digest = createHash("sha256").update(script).digest("base64");
    expect(answer.headers.get("content-security-policy")).toContain(
      `script-src 'sha256-${digest}'; connect-src 'self'`,
    );

    await world.change("d-1", { state: "cancelled" });
    const plain = await fetch(`${world.url}${world.address("d-1")}`);
    expect([plain.headers.get("content-type"), await plain.text()]).toEqual([
      "text/plain; charset=utf-8",
      "── checkout ──\n",
    ]);
    expect((await world.pageOf(`${world.address("d-1")}&plain`)).headers.get("content-type")).toContain("plain");
    const over = await (await world.pageOf(world.address("d-1"))).text();
    expect(over).not.toContain("<script>");
  });

  test("gets what is printed and each change of state as events, and a browser that was cut off goes on where it was", async () => {
    const world = await startPages();
    await world.queueOne("d-1");
    await world.claim();
    await world.print("d-1", 1, "one\n");
    await world.print("d-1", 2, "two\n\nthree\n");
    const events = eventReader(await fetch(`${world.url}${world.address("d-1", "events")}&after=1`));
    expect(await events.next("text")).toEqual({ id: "2", data: "two\n\nthree\n" });
    expect(await events.next("situation")).toMatchObject({ data: { state: "building", title: "Fix the footer" } });
    await world.change("d-1", { state: "publishing", stage: "publish" });
    expect(await events.next("situation")).toMatchObject({
      data: {
        state: "publishing",
        stages: expect.arrayContaining([
          ["build", "done"],
          ["publish", "now"],
        ]),
      },
    });
    await world.change("d-1", { state: "failed", reason: "no room" });
    expect(await events.next("situation")).toMatchObject({ data: { state: "failed", reason: "no room" } });
    await events.next("over");
    expect(await events.isDone()).toBe(true);

    const headers = { "last-event-id": "2" };
    const again = eventReader(await fetch(`${world.url}${world.address("d-1", "events")}&after=0`, { headers }));
    await again.next("over");
    await expect(again.next("text")).rejects.toThrow("no text came");
  });

  test("is let go when Slipway is stopped, so that nobody holds it up", async () => {
    let isStopping = false;
    const world = await startPages({ isStopping: () => isStopping });
    await world.queueOne("d-1");
    const events = eventReader(await fetch(`${world.url}${world.address("d-1", "events")}`));
    await events.next("situation");
    isStopping = true;
    world.queue.nudge("transcripts");
    expect(await events.isDone()).toBe(true);
  });

  test("does not exist for whoever has another key", async () => {
    const world = await startPages();
    await world.queueOne("d-1");
    const key = world.logKeys.sign("d-2", Date.now());
    for (const what of ["log", "events"]) {
      expect((await world.pageOf(`/deployments/d-1/${what}?key=${key}`)).status).toBe(404);
    }
  });
});

import { describe, expect, it, onTestFinished } from "vitest";
import { createBodyBudget } from "../../src/http/body-budget.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";

const MB = 1024 ** 2;
const budget = (now = () => 0) => createBodyBudget({ maxBytes: 64 * MB, now });

describe("the budget of bodies that nobody has verified", () => {
  it("gives an address that nobody knows half of all, and all strangers three quarters", () => {
    const { open, bytes } = budget();
    const one = open("192.0.2.1");
    expect([one.add(25 * MB), one.add(7 * MB), one.add(1)]).toEqual([true, true, false]);
    expect(open("192.0.2.1").add(1)).toBe(false);
    expect(open("192.0.2.2").add(16 * MB)).toBe(true);
    expect(open("192.0.2.3").add(1)).toBe(false);
    expect(bytes()).toBe(48 * MB);
  });

  it("counts the network of IPv6 as one address", () => {
    const { open } = budget();
    expect(open("2001:db8:1:2::1").add(32 * MB)).toBe(true);
    expect(open("2001:db8:1:2::2").add(1)).toBe(false);
    expect(open("2001:db8:1:3::1").add(1)).toBe(true);
  });

  it("keeps room for who was verified within the hour", () => {
    let nowMs = 0;
    const { open, verified } = budget(() => nowMs);
    verified("192.0.2.9");
    for (const [at, mb] of [32, 16].entries()) open(`198.51.100.${at}`).add(mb * MB);
    expect(open("192.0.2.9").add(16 * MB)).toBe(true);
    expect(open("192.0.2.9").add(1)).toBe(false);
    nowMs = 3_600_001;
    expect(open("192.0.2.9").add(1)).toBe(false);
  });

  it("gives back what a request held, once", () => {
    const { open, bytes } = budget();
    for (let round = 0; round < 10; round++) {
      const lease = open("192.0.2.1");
      expect(lease.add(32 * MB)).toBe(true);
      lease.close();
      lease.close();
    }
    open("192.0.2.2").close();
    expect(bytes()).toBe(0);
  });

  it("forgets the oldest of very many senders", () => {
    const { open, verified } = budget();
    for (let at = 0; at <= 10_000; at++) verified(`10.0.${at >> 8}.${at & 255}`);
    for (const client of ["198.51.100.1", "198.51.100.2"]) open(client).add(24 * MB);
    expect([open("10.0.0.0").add(1), open("10.0.0.1").add(1)]).toEqual([false, true]);
  });
});

it("A body for which there is no room is told to come again, and its connection is closed", async () => {
  const { open, bytes } = createBodyBudget({ maxBytes: 1 * MB, now: Date.now });
  const server = createHttpServer(
    [
      {
        method: "POST",
        path: "/hooks/shop",
        async handle(request) {
          const lease = open(request.peer);
          try {
            const body = await request.body(10 * MB, lease);
            return { status: 200, type: "text/plain; charset=utf-8", body: String(body.length) };
          } finally {
            lease.close();
          }
        },
      },
    ],
    createLog({ level: "silent", pretty: false }),
  );
  onTestFinished(() => server.close(0));
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  const send = (length: number) =>
    fetch(`http://127.0.0.1:${port}/hooks/shop`, { method: "POST", body: Buffer.alloc(length) });
  const refused = await send(2 * MB);
  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("connection")]).toEqual([
    503,
    "10",
    "close",
  ]);
  const taken = await send(MB / 2);
  expect([taken.status, await taken.text(), bytes()]).toEqual([200, String(MB / 2), 0]);
});

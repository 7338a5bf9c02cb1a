/** Two publishes to one host: one waits, a dead one is taken over from, and one that wakes up late does no harm. */
import { readdir, truncate, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { RetryLaterError } from "../../src/errors.ts";
import { LockLostError } from "../../src/publish/lock.ts";
import type { Publisher, PublishSession } from "../../src/publishers/publisher.ts";
import { PATIENCE } from "../patience.ts";
import { A, B, C, crashing, OWN, useWorld } from "./world.ts";

const world = useWorld();

/** A publisher that stops before the first call of a method that `when` names, until it is let go on. */
function pausing(when: (method: keyof PublishSession, args: unknown[]) => boolean) {
  const inner = world.directory();
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const publisher: Publisher = {
    label: inner.label,
    async open(options) {
      const session = await inner.open(options);
      return new Proxy(session, {
        get(target, method: keyof PublishSession) {
          const value = target[method];
          if (typeof value !== "function") return value;
          return async (...args: unknown[]) => {
            if (when(method, args)) {
              reached.resolve();
              await gate.promise;
            }
            return Reflect.apply(value, target, args) as unknown;
          };
        },
      });
    },
  };
  return { publisher, reached: reached.promise, goOn: gate.resolve };
}

const isJournal = (method: string, args: unknown[]) =>
  method === "rename" && JSON.stringify(args).includes("journal.json.gz");
const isBurst = (method: string, args: unknown[]) => method === "rename" && JSON.stringify(args).includes("index.html");

/** Publishes of different owners. */
const strangers = { ownerId: null, leaseMs: 60_000 };

describe("two publishes to one host", () => {
  it("come one after the other, whole, and the second says for whom it waits", async () => {
    await world.publish(await world.build(A));
    const first = pausing(isJournal);
    const one = world.publish(await world.build(B), { ...strangers, owner: "Alice", publisher: first.publisher });
    await first.reached;
    const two = world.publish(await world.build(C), { ...strangers, owner: "Bob" });
    await vi.waitFor(() => expect(world.lines).toContain("Waiting for another publish on this host: Alice."), PATIENCE);
    expect((await world.read())["index.html"]).toBe(A["index.html"]);
    first.goOn();
    await one;
    await two;
    expect(await world.read()).toEqual({ ...C, ...OWN });
  });

  it("of which the first does not end in time make the second ask to come back later", async () => {
    const first = pausing(isJournal);
    const one = world.publish(await world.build(B), { ...strangers, publisher: first.publisher });
    await first.reached;
    const two = world.publish(await world.build(C), { ...strangers, lockWaitMs: 20 });
    await expect(two).rejects.toBeInstanceOf(RetryLaterError);
    first.goOn();
    await one;
    expect(await world.read()).toEqual({ ...B, ...OWN });
  });

  it("of a host where Slipway never was end with one of the two releases, whole", async () => {
    const [b, c] = [await world.build(B), await world.build(A)];
    await Promise.all([world.publish(b, strangers), world.publish(c, strangers)]);
    const files = await world.read();
    expect([
      { ...A, ...OWN },
      { ...B, ...OWN },
    ]).toContainEqual(files);
  });

  it("take no lock when there is nothing to do", async () => {
    await world.publish(await world.build(A));
    const { publisher, changes } = crashing(world, 1);
    await world.publish(await world.build(A), { publisher, ...strangers });
    expect(changes).toEqual([]);
  });
});

describe("a lock whose owner died", () => {
  it("is taken over when there was no sign of life for a lease, and one contender wins", async () => {
    await world.publish(await world.build(A));
    const dead = crashing(world, 20);
    await expect(world.publish(await world.build(B), { ...strangers, publisher: dead.publisher })).rejects.toThrow();
    const lock = join(world.site, ".slipway/lock");
    const [owner] = await readdir(lock);
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(lock, owner ?? ""), longAgo, longAgo);
    const [a, c] = [await world.build(A), await world.build(C)];
    await Promise.all([world.publish(a, strangers), world.publish(c, strangers)]);
    expect([
      { ...A, ...OWN },
      { ...C, ...OWN },
    ]).toContainEqual(await world.read());
    expect(world.lines.filter((line) => line.startsWith("Took the host over"))).toHaveLength(1);
  });

  it("is respected as long as its stage grows or its signs of life are fresh", async () => {
    await world.publish(await world.build(A));
    const dead = crashing(world, 20);
    await expect(world.publish(await world.build(B), { ...strangers, publisher: dead.publisher })).rejects.toThrow();
    const two = world.publish(await world.build(C), { ...strangers, lockWaitMs: 50 });
    await expect(two).rejects.toBeInstanceOf(RetryLaterError);
  });

  it.each([-3_600_000, 3_600_000])("is measured by the host's clock, though that is %i ms off", async (offMs) => {
    const inner = world.directory();
    const publisher: Publisher = {
      label: inner.label,
      async open(options) {
        const session = await inner.open(options);
        const modifiedAtMs = async (path: string) => {
          const atMs = await session.modifiedAtMs(path);
          return atMs === undefined ? undefined : atMs + offMs;
        };
        return { ...session, modifiedAtMs };
      },
    };
    await world.publish(await world.build(A));
    const dead = crashing(world, 20);
    await expect(world.publish(await world.build(B), { ...strangers, publisher: dead.publisher })).rejects.toThrow();
    const two = world.publish(await world.build(C), { ...strangers, publisher, lockWaitMs: 50 });
    await expect(two).rejects.toBeInstanceOf(RetryLaterError);
  });

  it.each([0, 5])("is ours at once when we died with %i bytes of the owner's file on the host", async (bytes) => {
    await world.publish(await world.build(A));
    const dead = crashing(world, 20);
    await expect(world.publish(await world.build(B), { publisher: dead.publisher })).rejects.toThrow("crash");
    const lock = join(world.site, ".slipway/lock");
    for (const name of await readdir(lock)) await truncate(join(lock, name), bytes);
    await world.publish(await world.build(C), { leaseMs: 3_600_000, lockWaitMs: 0 });
    expect(await world.read()).toEqual({ ...C, ...OWN });
  });

  it("is not ours when somebody else died so", async () => {
    await world.publish(await world.build(A));
    const dead = crashing(world, 20);
    await expect(
      world.publish(await world.build(B), { ownerId: "another", publisher: dead.publisher }),
    ).rejects.toThrow();
    const lock = join(world.site, ".slipway/lock");
    for (const name of await readdir(lock)) await truncate(join(lock, name), 0);
    const two = world.publish(await world.build(C), { leaseMs: 3_600_000, lockWaitMs: 0 });
    await expect(two).rejects.toBeInstanceOf(RetryLaterError);
  });

  it("is ours at once when the same owner comes back", async () => {
    await world.publish(await world.build(A));
    const dead = crashing(world, 20);
    await expect(world.publish(await world.build(B), { publisher: dead.publisher })).rejects.toThrow("crash");
    await world.publish(await world.build(C), { leaseMs: 3_600_000, lockWaitMs: 0 });
    expect(await world.read()).toEqual({ ...C, ...OWN });
  });
});

describe("a publish that ends before the host knows its owner", () => {
  it("gives the lock back, so that the next one need not wait until the nameless owner counts as dead", async () => {
    await world.publish(await world.build(A));
    const inner = world.directory();
    const publisher: Publisher = {
      label: inner.label,
      async open(options) {
        const session = await inner.open(options);
        const upload: PublishSession["upload"] = async (files, onUploaded) => {
          if (files.some(({ path }) => path.includes("/lock/"))) throw new Error("the connection was cut");
          return session.upload(files, onUploaded);
        };
        return { ...session, upload };
      },
    };
    await expect(world.publish(await world.build(B), { ...strangers, publisher })).rejects.toThrow("was cut");
    await world.publish(await world.build(C), { ...strangers, lockWaitMs: 0 });
    expect(await world.read()).toEqual({ ...C, ...OWN });
  });
});

describe("an owner that stalls and wakes up after it was taken over from", () => {
  it.each([
    ["before its journal", isJournal],
    ["in the middle of its burst", isBurst],
  ] as const)("%s, changes nothing more and says so", async (_, when) => {
    await world.publish(await world.build(A));
    const stalled = pausing(when);
    const one = world.publish(await world.build(B), { ...strangers, publisher: stalled.publisher });
    const outcome = one.catch((error: unknown) => error);
    await stalled.reached;
    // The host's clock counts in whole seconds.
    await world.publish(await world.build(C), { ownerId: null, leaseMs: 0 });
    expect(await world.read()).toEqual({ ...C, ...OWN });
    stalled.goOn();
    expect(await outcome).toBeInstanceOf(LockLostError);
    expect(await world.read()).toEqual({ ...C, ...OWN });
  });
});

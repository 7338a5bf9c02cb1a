import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SenderError } from "../../src/errors.ts";
import { createHttpServer, type HttpServer, plainAnswer } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";

const log = createLog({ level: "silent", pretty: false });
let server: HttpServer;
let port: number;

beforeAll(async () => {
  server = createHttpServer(
    [
      {
        method: "POST",
        path: "/echo",
        handle: async (request) => ({ ...plainAnswer(200, ""), body: String((await request.body(1000)).length) }),
      },
      {
        method: "GET",
        path: "/things/:id/log",
        handle: async ({ params, query }) => plainAnswer(200, `${params.id} ${query.get("key")}`),
      },
      { method: "GET", path: "/refuses", handle: async () => Promise.reject(new SenderError(418, "no coffee")) },
      { method: "GET", path: "/breaks", handle: async () => Promise.reject(new Error("secret detail")) },
      {
        method: "GET",
        path: "/streams",
        handle: async () => ({ status: 200, type: "text/plain; charset=utf-8", body: pieces() }),
      },
    ],
    log,
  );
  port = await server.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(() => server.close(0));

async function* pieces() {
  yield "one\n";
  yield "two\n";
}

const url = (path: string) => `http://127.0.0.1:${port}${path}`;

/** Opens a raw connection; `answer` resolves with everything that came until the server closed it. */
function raw(): { socket: Socket; answer: Promise<string>; openMs: () => number } {
  const socket = connect(port, "127.0.0.1");
  const startMs = performance.now();
  let text = "";
  let endMs = 0;
  const answer = new Promise<string>((resolve) => {
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      endMs = performance.now();
      resolve(text);
    });
  });
  return { socket, answer, openMs: () => endMs - startMs };
}

describe("the front door", () => {
  it("answers 404 for unknown paths and 405, with what is allowed, for other methods", async () => {
    expect((await fetch(url("/nowhere"))).status).toBe(404);
    expect((await fetch(url("/things/a/b/log"))).status).toBe(404);
    const wrong = await fetch(url("/echo"));
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("POST");
  });

  it("gives a route its parameters and query", async () => {
    expect(await (await fetch(url("/things/d-1/log?key=k%201"))).json()).toEqual({ error: "d-1 k 1" });
  });

  it("tells the sender what it did wrong, and of its own faults nothing but to come again", async () => {
    const refused = await fetch(url("/refuses"));
    expect([refused.status, await refused.json()]).toEqual([418, { error: "no coffee" }]);
    const broken = await fetch(url("/breaks"));
    expect([broken.status, broken.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await broken.text()).not.toContain("secret");
  });

  it("sends a stream piece by piece", async () => {
    expect(await (await fetch(url("/streams"))).text()).toBe("one\ntwo\n");
  });

  it("takes a body of exactly the allowed size and refuses one byte more", async () => {
    expect(await (await fetch(url("/echo"), { method: "POST", body: "x".repeat(1000) })).text()).toBe("1000");
    expect((await fetch(url("/echo"), { method: "POST", body: "x".repeat(1001) })).status).toBe(413);
  });

  it("refuses a body without an announced length as soon as it is too large, while it still comes", async () => {
    const { socket, answer } = raw();
    socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const piece = `190\r\n${"y".repeat(400)}\r\n`;
    socket.write(piece.repeat(5));
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("refuses an announced size before anything of it is sent", async () => {
    const { socket, answer } = raw();
    socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("asks for a body that waits for permission", async () => {
    const { socket, answer } = raw();
    socket.write(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
    );
    socket.once("data", () => socket.write("ok"));
    expect(await answer).toMatch(/^HTTP\/1\.1 100 Continue[\s\S]*HTTP\/1\.1 200 [\s\S]*2$/);
  });

  describe.concurrent("slow clients", () => {
    it("closes a client that never sends its headers within 15 s", { timeout: 20_000 }, async ({ expect }) => {
      const { socket, answer, openMs } = raw();
      socket.write("POST /echo HTTP/1.1\r\nHost: x\r\n");
      await answer;
      expect(openMs()).toBeLessThan(15_000);
    });

    it("closes a client that connects and says nothing within 15 s", { timeout: 20_000 }, async ({ expect }) => {
      const { answer, openMs } = raw();
      await answer;
      expect(openMs()).toBeLessThan(15_000);
    });

    it("closes a client that drips its body within 15 s, and serves others meanwhile", { timeout: 20_000 }, async ({
      expect,
    }) => {
      const { socket, answer, openMs } = raw();
      socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
      const drip = setInterval(() => socket.write("z"), 100);
      expect((await fetch(url("/streams"))).status).toBe(200);
      const text = await answer;
      clearInterval(drip);
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
      expect(openMs()).toBeLessThan(15_000);
    });

    it("closes a client that stops in the middle of its body within 15 s", { timeout: 20_000 }, async ({ expect }) => {
      const { socket, answer, openMs } = raw();
      socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nhalf");
      expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(openMs()).toBeLessThan(15_000);
    });

    it("closes a kept connection that says nothing more within 15 s", { timeout: 20_000 }, async ({ expect }) => {
      const { socket, answer, openMs } = raw();
      socket.write("GET /streams HTTP/1.1\r\nHost: x\r\n\r\n");
      expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(openMs()).toBeLessThan(15_000);
    });
  });

  it("lets a request under way finish when it closes, and takes no other", async () => {
    let finish = () => {};
    const waits = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let entered = () => {};
    const isEntered = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const other = createHttpServer(
      [
        {
          method: "GET",
          path: "/slow",
          handle: async () => {
            entered();
            await waits;
            return plainAnswer(200, "finished");
          },
        },
      ],
      log,
    );
    const otherPort = await other.listen({ host: "127.0.0.1", port: 0 });
    const under = fetch(`http://127.0.0.1:${otherPort}/slow`);
    await isEntered;
    const closed = other.close(10_000);
    finish();
    expect(await (await under).json()).toEqual({ error: "finished" });
    await closed;
    await expect(fetch(`http://127.0.0.1:${otherPort}/slow`)).rejects.toThrow();
  });
});

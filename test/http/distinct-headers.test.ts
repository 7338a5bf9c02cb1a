import { request } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { createHttpServer } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";

/** What a route is told of these headers, each by its name. */
async function told(headers: string[]) {
  const server = createHttpServer(
    [
      {
        ...{ method: "GET", path: "/" },
        async handle({ distinctHeaders, query }) {
          return { status: 200, type: "application/json", body: JSON.stringify([distinctHeaders, query.size]) };
        },
      },
    ],
    createLog({ level: "silent", pretty: false }),
  );
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close(0));
  const text = await new Promise<string>((resolve, reject) => {
    const asked = request({ port, headers: ["host", "x", "connection", "close", ...headers] }, async (answer) => {
      let all = "";
      for await (const chunk of answer) all += chunk;
      resolve(all);
    });
    asked.on("error", reject).end();
  });
  return JSON.parse(text) as unknown;
}

it("Each header is told with all its values, whether or not one came twice", async () => {
  const usual = { host: ["x"], connection: ["close"] };
  expect(await told(["X-Id", "1", "Set-Cookie", "a=1"])).toEqual([
    { ...usual, "x-id": ["1"], "set-cookie": ["a=1"] },
    0,
  ]);
  // The first one of these counts for Node, and those of others are joined.
  const twice = ["content-type", "a/b", "Content-Type", "c/d", "x-id", "1", "X-ID", "1", "x-one", ""];
  const both = { "content-type": ["a/b", "c/d"], "x-id": ["1", "1"], "x-one": [""] };
  expect(await told(twice)).toEqual([{ ...usual, ...both }, 0]);
  expect(await told(["__proto__", "1"])).toEqual([
    JSON.parse('{"host":["x"],"connection":["close"],"__proto__":["1"]}'),
    0,
  ]);
});

import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startMetaRanges } from "../../src/github/meta-ranges.ts";
import { createLog } from "../../src/log.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const log = createLog({ level: "silent", pretty: false });

/** A GitHub that answers as told, and remembers what it was asked. */
async function startGithub(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { asked, apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const json = (response: ServerResponse, body: unknown, etag = '"one"') =>
  response.writeHead(200, { "content-type": "application/json", etag }).end(JSON.stringify(body));

async function start(apiUrl: string, file: string, options = {}) {
  const ranges = startMetaRanges({ apiUrl, file, log, random: () => 0.5, ...options });
  onTestFinished(() => ranges.stop());
  await ranges.ready;
  return ranges;
}

describe("GitHub's addresses", () => {
  it("are those of its own list, and are asked for again with what it called that", async () => {
    const file = join(temporaryFolder(), "github-ranges.json");
    const github = await startGithub((request, response) => {
      if (request.headers["if-none-match"] === '"one"') response.writeHead(304).end();
      else json(response, { hooks: ["192.0.2.0/24", "2001:db8::/32"], actions: ["203.0.113.0/24"] });
    });
    const ranges = await start(github.apiUrl, file, { everyMs: 20 });
    await expect.poll(() => github.asked.length).toBeGreaterThan(2);
    expect(
      github.asked.map((it) => [it.url, it.headers["if-none-match"], it.headers.authorization]).slice(0, 3),
    ).toEqual([
      ["/meta", undefined, undefined],
      ["/meta", '"one"', undefined],
      ["/meta", '"one"', undefined],
    ]);
    expect(["192.0.2.7", "2001:db8::7", "203.0.113.7"].map((it) => ranges.hooks()?.contains(it))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("are known at a start without GitHub, from what was kept, and for that server alone", async () => {
    const file = join(temporaryFolder(), "github-ranges.json");
    let isThere = true;
    const github = await startGithub((_, response) => {
      if (isThere) json(response, { hooks: ["192.0.2.0/24"] });
      else response.writeHead(502).end();
    });
    await (await start(github.apiUrl, file)).stop();
    isThere = false;
    expect((await start(github.apiUrl, file)).hooks()?.contains("192.0.2.7")).toBe(true);
    expect((await start("http://127.0.0.1:1", file)).hooks()).toBe(null);
  });

  it("stand as they were when GitHub answers with something else, and come once it answers", async () => {
    const file = join(temporaryFolder(), "github-ranges.json");
    const answers: unknown[] = [
      {},
      { hooks: [] },
      { hooks: ["everybody"] },
      { hooks: ["192.0.2.0/24"] },
      { hooks: [] },
    ];
    const github = await startGithub((_, response) => json(response, answers.shift() ?? {}, `"${answers.length}"`));
    const ranges = await start(github.apiUrl, file, { everyMs: 5, afterFailureMs: 5 });
    expect(ranges.hooks()).toBe(null);
    await expect.poll(() => github.asked.length).toBeGreaterThan(6);
    expect(ranges.hooks()?.contains("192.0.2.7")).toBe(true);
  });

  it("are asked for where the file is none of ours", async () => {
    const file = join(temporaryFolder(), "github-ranges.json");
    writeFileSync(file, "{ not JSON");
    const github = await startGithub((_, response) => json(response, { hooks: ["192.0.2.0/24"] }));
    expect((await start(github.apiUrl, file)).hooks()?.contains("192.0.2.7")).toBe(true);
  });
});

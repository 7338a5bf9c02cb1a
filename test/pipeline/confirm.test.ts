import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { type FileEntry, releaseOf } from "../../src/model/release.ts";
import { type ConfirmOptions, confirmLive } from "../../src/pipeline/confirm.ts";

type Files = Readonly<Record<string, string>>;

const entryOf = (content: string): FileEntry => ({
  sha256: createHash("sha256").update(content).digest("hex"),
  size: Buffer.byteLength(content),
});
const manifest = (files: Files) => new Map(Object.entries(files).map(([path, content]) => [path, entryOf(content)]));
const release = (files: Files) => releaseOf(manifest(files));

/** A web server that answers as told; `asked` are the paths in order, `requests` the requests. */
async function serve(answer: (path: string, response: ServerResponse, count: number) => void) {
  const asked: string[] = [];
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    asked.push(pathname);
    requests.push(request);
    answer(decodeURIComponent(pathname), response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, requests };
}

/** Serves files as web hosts do, under a prefix. */
const asHost =
  (files: Files, prefix = "/") =>
  (path: string, response: ServerResponse) => {
    const name = path.slice(prefix.length);
    const content = files[name === "" || name.endsWith("/") ? `${name}index.html` : name];
    response.writeHead(content === undefined ? 404 : 200).end(content ?? "not here");
  };

function confirm(url: string, files: Files, changes: Partial<ConfirmOptions> = {}) {
  const lines: string[] = [];
  const options = {
    url,
    release: release(files),
    previous: null,
    waitMs: 200,
    say: (line: string) => lines.push(line),
  };
  return confirmLive({ ...options, ...changes }).then(() => lines);
}

test("A site that shows the release is confirmed, folders by their address", async () => {
  const files = { "index.html": "home", "about/index.html": "about", "ä b/c#d.html": "odd" };
  const host = await serve(asHost(files, "/sub/"));
  await confirm(`${host.url}/sub`, files);
  expect(host.asked).toEqual(["/sub/", "/sub/about/", "/sub/%C3%A4%20b/c%23d.html"]);
});

test("Caches on the way are asked for the thing itself", async () => {
  const host = await serve(asHost({ "index.html": "home" }));
  await confirm(host.url, { "index.html": "home" });
  expect(host.requests[0]?.headers).toMatchObject({ "accept-encoding": "identity", "cache-control": "no-cache" });
  expect(host.requests[0]?.url).toMatch(/^\/\?slipway=[0-9a-f]{7}-1$/);
});

test("The entry page and at most four changed files are looked at, pages first, none that a server runs or hides", async () => {
  const before = { "index.html": "home", "same.html": "same" };
  const files = {
    ...before,
    ".htaccess": "x",
    _headers: "x",
    "form.php": "x",
    "a.css": "x",
    "b.css": "x",
    "c.css": "x",
    "d.css": "x",
    "new.html": "new",
    ".well-known/x.html": "x",
  };
  const host = await serve(asHost(files));
  await confirm(host.url, files, { previous: manifest(before) });
  expect(host.asked).toEqual(["/", "/new.html", "/.well-known/x.html", "/a.css", "/b.css"]);
});

test("A site that needs a moment is looked at again, and only what was wrong", async () => {
  const files = { "index.html": "home", "a.html": "a" };
  const host = await serve((path, response, count) =>
    asHost(count < 3 ? { ...files, "a.html": "old" } : files)(path, response),
  );
  const lines = await confirm(host.url, files, { waitMs: 10_000 });
  expect(host.asked).toEqual(["/", "/a.html", "/a.html"]);
  expect(lines[0]).toMatch(/a\.html shows other content than release [0-9a-f]{7}; looking again$/);
});

test.each<[string, (path: string, response: ServerResponse) => void, RegExp]>([
  ["a missing page", (_, response) => response.writeHead(404).end(), /^http:\/\/127\.0\.0\.1:\d+\/ answers 404$/],
  ["other content", (_, response) => response.end("else"), /\/ shows other content than release [0-9a-f]{7}$/],
  ["more content", (_, response) => response.end("home and more"), /shows other content/],
  ["less content", (_, response) => response.end("ho"), /shows other content/],
  ["no answer", () => {}, /does not answer in time$/],
  ["a closed door", (_, response) => response.destroy(), /cannot be reached \(\w+\)$/],
  ["an endless redirect", (path, response) => response.writeHead(302, { location: path }).end(), /cannot be reached/],
])("A site that has %s fails for good, with what was seen", async (_, answer, message) => {
  const host = await serve(answer);
  const error = await confirm(host.url, { "index.html": "home" }, { fetchTimeoutMs: 300 }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PermanentError);
  expect(error).toHaveProperty("message", expect.stringMatching(message));
});

test("A host that does not listen fails with the reason", async () => {
  const host = await serve(() => {});
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
  const url = host.url.replace(/\d+$/, String(port));
  await expect(confirm(url, { "index.html": "home" })).rejects.toThrow("cannot be reached (ECONNREFUSED)");
});

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { type FileEntry, releaseOf } from "../../src/model/release.ts";
import { type ConfirmOptions, confirmLive } from "../../src/pipeline/confirm.ts";

type Files = Readonly<Record<string, string>>;

const digest = (content: string) => createHash("sha256").update(content).digest("hex");
const entryOf = (content: string): FileEntry => ({ sha256: digest(content), size: Buffer.byteLength(content) });
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

function confirm(
  url: string,
  files: Files,
  { before, ...changes }: Partial<Omit<ConfirmOptions, "previous">> & { before?: Files } = {},
) {
  const lines: string[] = [];
  const stored = new Map([...Object.values(files), ...Object.values(before ?? {})].map((it) => [digest(it), it]));
  const options: ConfirmOptions = {
    url,
    contents: { open: (sha256) => Readable.from([Buffer.from(stored.get(sha256) ?? "")]) },
    release: release(files),
    previous: before ? manifest(before) : null,
    waitMs: 200,
    say: (line) => lines.push(line),
  };
  return confirmLive({ ...options, ...changes }).then((sight) => ({ ...sight, lines }));
}

test("A site that shows the release is confirmed, folders by their address", async () => {
  const files = { "index.html": "home", "about/index.html": "about", "ä b/c#d.html": "odd" };
  const host = await serve(asHost(files, "/sub/"));
  const { kind, detail } = await confirm(`${host.url}/sub`, files);
  expect([kind, detail]).toEqual(["seen", expect.stringMatching(/shows release [0-9a-f]{7} \(3 files looked at\)$/)]);
  expect(host.asked.sort()).toEqual(["/sub/", "/sub/%C3%A4%20b/c%23d.html", "/sub/about/"]);
});

test("Caches on the way are asked for the thing itself", async () => {
  const host = await serve(asHost({ "index.html": "home" }));
  await confirm(host.url, { "index.html": "home" });
  expect(host.requests[0]?.headers).toMatchObject({ "accept-encoding": "identity", "cache-control": "no-cache" });
  expect(host.requests[0]?.url).toMatch(/^\/\?slipway=[0-9a-f]{7}-1$/);
});

test("The entry page and a few changed files are looked at, pages first, none that is large or that a server runs or hides", async () => {
  const before = { "index.html": "home", "same.html": "same" };
  const styles = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`${index}.css`, "x"]));
  const files = {
    ...before,
    ".htaccess": "x",
    _headers: "x",
    "form.php": "x",
    "a-film.mp4": "x".repeat(2 * 1024 * 1024 + 1),
    ...styles,
    "new.html": "new",
    ".well-known/x.html": "x",
  };
  const host = await serve(asHost(files));
  await confirm(host.url, files, { before });
  const expected = ["/", "/new.html", "/.well-known/x.html", "/0.css", "/1.css", "/2.css", "/3.css", "/4.css"];
  expect(host.asked.sort()).toEqual(expected.sort());
});

test("Several files are looked at at the same time, and not more than four", async () => {
  const files = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`${index}.html`, `page ${index}`]));
  let [open, most] = [0, 0];
  const waiting: Array<() => void> = [];
  const host = await serve((path, response, count) => {
    open++;
    most = Math.max(most, open);
    waiting.push(() => {
      open--;
      asHost(files)(path, response);
    });
    // The first four are held back until all of them are here.
    if (count >= 4) for (const answer of waiting.splice(0)) answer();
  });
  expect(await confirm(host.url, files, { waitMs: 5000 })).toMatchObject({ kind: "seen" });
  expect(most).toBe(4);
});

test("A site that needs a moment is looked at again, and only what was wrong", async () => {
  const files = { "index.html": "home", "a.html": "a new page" };
  const before = { "index.html": "home", "a.html": "an old one" };
  const host = await serve((path, response, count) => asHost(count < 3 ? before : files)(path, response));
  const { kind, lines } = await confirm(host.url, files, { before, waitMs: 10_000 });
  expect(kind).toBe("seen");
  expect(host.asked.slice(2)).toEqual(["/a.html"]);
  expect(lines[0]).toMatch(/a\.html still shows what was live before; looking again$/);
});

type Answer = (path: string, response: ServerResponse) => void;
const page = (words: string) => `<html><body><p>${words}</p></body></html>`;
const now = { "index.html": page("fresh bread every morning"), "about.html": page("who we are"), "a.png": "PNG new" };
const before = { "index.html": page("stale bread every evening"), "a.png": "PNG old" };

test.each<[string, string, Answer, RegExp]>([
  [
    "shows a page minified and with a banner",
    "altered",
    asHost({ ...now, "index.html": "<p>fresh bread   every morning</p><script src=/banner.js></script>" }),
    /\/ is the new one, but the host changes it on its way \(\d+ B more than was published\)$/,
  ],
  ["shows the release before", "old", asHost(before), /\/ still shows what was live before$/],
  [
    "shows a page of the release before with a banner",
    "old",
    asHost({ ...now, "index.html": `${before["index.html"]}<b>banner</b>` }),
    /\/ still shows what was live before$/,
  ],
  ["shows an old picture", "old", asHost({ ...now, "a.png": "PNG old" }), /a\.png still shows/],
  ["shows a picture that nobody knows", "other", asHost({ ...now, "a.png": "PNG odd" }), /a\.png shows other content/],
  ["shows something else", "other", (_, response) => response.end("Welcome to nginx!"), /shows other content than/],
  ["shows more than a page can be", "other", (_, r) => r.end("x".repeat(3e6)), /shows other content than/],
  ["lacks a page", "broken", asHost({ ...now, "about.html": undefined } as never), /about\.html answers 404$/],
  ["fails", "broken", (_, response) => response.writeHead(500).end(), /\/ answers 500$/],
  [
    "fails for one page",
    "broken",
    (path, response) => (path === "/" ? asHost(now)(path, response) : response.writeHead(503).end()),
    /answers 503$/,
  ],
  ["lacks every page", "unreachable", (_, response) => response.writeHead(404).end(), /\/ answers 404$/],
  ["wants a password", "unreachable", (_, response) => response.writeHead(401).end(), /\/ answers 401$/],
  ["is not reached by its gateway", "unreachable", (_, response) => response.writeHead(502).end(), /answers 502$/],
  ["does not answer", "unreachable", () => {}, /does not answer in time$/],
  ["closes the door", "unreachable", (_, response) => response.destroy(), /cannot be reached \(\w+\)$/],
  [
    "redirects for ever",
    "unreachable",
    (path, response) => response.writeHead(302, { location: path }).end(),
    /cannot be reached/,
  ],
])("A site that %s is %s", async (_, kind, answer, detail) => {
  const host = await serve(answer);
  // Patient, so that only a host that never answers is late, however busy this machine is.
  const fetchTimeoutMs = detail.test("does not answer in time") ? 300 : 20_000;
  const sight = await confirm(host.url, now, { before, fetchTimeoutMs });
  expect([sight.kind, sight.detail]).toEqual([kind, expect.stringMatching(detail)]);
});

describe("A page that the host alters", () => {
  test("is no failure, and the transcript says so", async () => {
    const files = { "index.html": page("fresh bread every morning") };
    const host = await serve(asHost({ "index.html": "<p>fresh bread every morning" }));
    const { kind, lines } = await confirm(host.url, files, { waitMs: 10_000 });
    expect(kind).toBe("altered");
    expect(lines).toEqual([expect.stringContaining("less than was published")]);
    expect(host.asked).toHaveLength(1);
  });

  test("is recognised by itself when the release before is no longer stored", async () => {
    const files = { "index.html": page("fresh bread every morning") };
    const host = await serve(asHost({ "index.html": `${files["index.html"]}<b>banner</b>` }));
    const gone = { "index.html": page("stale bread every evening") };
    const contents: ConfirmOptions["contents"] = {
      open: (sha256) =>
        sha256 === digest(files["index.html"])
          ? Readable.from([Buffer.from(files["index.html"])])
          : new Readable({ read: (it) => it }).destroy(new Error("ENOENT")),
    };
    expect(await confirm(host.url, files, { before: gone, contents })).toMatchObject({ kind: "altered" });
  });
});

test("A host that does not listen is unreachable, with the reason", async () => {
  const host = await serve(() => {});
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
  const url = host.url.replace(/\d+$/, String(port));
  const { kind, detail } = await confirm(url, { "index.html": "home" });
  expect([kind, detail]).toEqual(["unreachable", expect.stringContaining("cannot be reached (ECONNREFUSED)")]);
});

test("A look that is cancelled ends with the reason for it", async () => {
  const host = await serve(() => {});
  const cancel = new AbortController();
  const looked = confirm(host.url, { "index.html": "home" }, { signal: cancel.signal });
  cancel.abort(new Error("cancelled"));
  await expect(looked).rejects.toThrow("cancelled");
});

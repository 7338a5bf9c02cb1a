/** The way from GitHub to the store, and what may go wrong on it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type DownloadOptions, downloadArtifact } from "../../src/artifacts/download-artifact.ts";
import { findArtifact } from "../../src/artifacts/find-artifact.ts";
import { PermanentError, RetryLaterError } from "../../src/errors.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { HEAD, startGithubWorld, wanted } from "./github.ts";

const ZIP = Buffer.alloc(300_000, "an artifact ");
const ARTIFACT = { id: 7, name: "site", sizeBytes: 10, sha256: null };
const TOKEN = "ghs_very-secret";

/** The options of a download, into a folder of its own. */
function download(options: Partial<DownloadOptions> & Pick<DownloadOptions, "access">) {
  const zipPath = join(temporaryFolder(), "artifact.zip");
  const signal = new AbortController().signal;
  const all = { artifact: ARTIFACT, zipPath, maxBytes: 1024 ** 2, signal, timeoutMs: 20_000, ...options };
  return { zipPath, ended: downloadArtifact(all) };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An API that sends every download to a store, which does as it is told. */
async function startStore(store: Handler, { redirect }: { redirect?: (store: string) => string } = {}) {
  const seen: Array<{ readonly at: "api" | "store"; readonly authorization: string | undefined }> = [];
  const listen = async (at: "api" | "store", handler: Handler) => {
    const server = createServer((request, response) => {
      seen.push({ at, authorization: request.headers.authorization });
      handler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise<unknown>((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const storeUrl = await listen("store", store);
  const location = redirect?.(storeUrl) ?? `${storeUrl}/blob?sig=x`;
  const apiUrl = await listen("api", (_, response) => response.writeHead(302, { location }).end());
  return { seen, access: { apiUrl, token: TOKEN, repoName: "acme/shop" } };
}

describe("an artifact", () => {
  it("comes whole from the store, for which the token is not meant", async () => {
    const { github, access } = await startGithubWorld();
    const { id } = github.workflowRun({ commit: HEAD });
    github.addArtifact(id, { name: "site", zip: ZIP });
    const never = new AbortController().signal;
    const found = await findArtifact(access, wanted(), never);
    if ("skipped" in found) throw new Error(found.skipped);
    expect(found.artifact.sha256).not.toBeNull();
    github.rename(900_123, "store");
    const counts: number[] = [];
    const { ended, zipPath } = download({
      access,
      artifact: found.artifact,
      onProgress: (bytes) => counts.push(bytes),
    });
    expect(await ended).toEqual({ zipPath, sizeBytes: ZIP.length });
    expect(readFileSync(zipPath).equals(ZIP)).toBe(true);
    expect(statSync(zipPath).mode & 0o777).toBe(0o600);
    expect(counts.at(-1)).toBe(ZIP.length);
  });

  it("that expired between two looks is a clear failure", async () => {
    const { github, access } = await startGithubWorld();
    const { id } = github.workflowRun({ commit: HEAD });
    const artifact = { ...ARTIFACT, id: github.addArtifact(id, { name: "site", zip: ZIP, isExpired: true }) };
    const failed = download({ access, artifact }).ended;
    await expect(failed).rejects.toThrow("it has expired. Run the workflow again");
    await expect(failed).rejects.toBeInstanceOf(PermanentError);
    await expect(download({ access }).ended).rejects.toThrow("there is no such thing any more");
  });

  it("shows the token to GitHub alone", async () => {
    const { seen, access } = await startStore((_, response) => response.end(ZIP));
    await download({ access }).ended;
    expect(seen).toEqual([
      { at: "api", authorization: `Bearer ${TOKEN}` },
      { at: "store", authorization: undefined },
    ]);
  });

  it("shows the token to no store, though it has GitHub's own address, as on a server of one's own", async () => {
    const seen: Array<string | undefined> = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === "/blob") response.end(ZIP);
      else response.writeHead(302, { location: "/blob" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await download({ access: { apiUrl, token: TOKEN, repoName: "acme/shop" } }).ended;
    expect(seen).toEqual([`Bearer ${TOKEN}`, undefined]);
  });

  it("shows the token to no other host, even where a redirect for good leads there", async () => {
    const { seen, access } = await startStore((_, response) => response.end(ZIP));
    const moved = createServer((_, response) => response.writeHead(301, { location: `${access.apiUrl}/moved` }).end());
    await new Promise<void>((resolve) => moved.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void moved.close());
    const apiUrl = `http://127.0.0.1:${(moved.address() as AddressInfo).port}`;
    await download({ access: { ...access, apiUrl } }).ended;
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });
});

describe("a download fails, and leaves nothing behind, when", () => {
  const sha256 = "0".repeat(64);
  it.each<[string, Handler, Partial<DownloadOptions>, unknown, RegExp]>([
    ["the store forbids it: the link was too old", (_, it) => it.writeHead(403).end(), {}, Error, /is 403$/],
    ["the store is out of order", (_, it) => it.writeHead(500).end(), {}, Error, /store.* is 500$/],
    ["the store has it no more", (_, it) => it.writeHead(404).end(), {}, PermanentError, /no such thing any more/],
    [
      "the store asks to wait",
      (_, it) => it.writeHead(503, { "retry-after": "3" }).end(),
      {},
      RetryLaterError,
      /wait 3 s/,
    ],
    [
      "it is cut off",
      (_, it) => it.writeHead(200, { "content-length": 99 }).write("x", () => it.destroy()),
      {},
      Error,
      /did not come/,
    ],
    [
      "its digest does not fit",
      (_, it) => it.end(ZIP),
      { artifact: { ...ARTIFACT, sha256 } },
      Error,
      /GitHub has it as 000/,
    ],
    [
      "it says that it is larger than allowed",
      (_, it) => it.end(ZIP),
      { artifact: { ...ARTIFACT, sizeBytes: 2 ** 30 } },
      PermanentError,
      /limits\.output of the site allows \(1 MB\)/,
    ],
    [
      "it is larger than it says",
      (_, it) => it.end(ZIP),
      { maxBytes: 1000 },
      PermanentError,
      /limits\.output of the site allows/,
    ],
    ["nothing comes", () => {}, { idleTimeoutMs: 100 }, Error, /nothing came for 100 milliseconds/],
    ["nothing more comes", (_, it) => void it.write("x"), { idleTimeoutMs: 100 }, Error, /nothing came for 100 milli/],
    ["it takes too long", (_, it) => void it.write("x"), { timeoutMs: 100 }, Error, /not there after 100 milliseconds/],
  ])("%s", async (_, store, options, kind, message) => {
    const { access } = await startStore(store);
    const { ended, zipPath } = download({ access, ...options });
    await expect(ended).rejects.toThrow(message);
    await expect(ended).rejects.toSatisfy((error: Error) => error.constructor === kind);
    await expect(ended).rejects.not.toThrow(TOKEN);
    expect(existsSync(zipPath)).toBe(false);
  });

  it("the store is not there", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const { access } = await startStore(() => {}, { redirect: () => `http://127.0.0.1:${port}/blob` });
    await expect(download({ access }).ended).rejects.toBeInstanceOf(RetryLaterError);
  });

  it.each(["http://store.example/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])(
    "it would come from %s",
    async (address) => {
      const { access } = await startStore(() => {}, { redirect: () => address });
      const failed = download({ access }).ended;
      await expect(failed).rejects.toThrow("which is not https");
      await expect(failed).rejects.toBeInstanceOf(PermanentError);
    },
  );

  it("the deployment is cancelled", async () => {
    const cancelled = new Error("cancelled");
    const abort = new AbortController();
    const { access } = await startStore((_, response) => void response.write("x"));
    const onProgress = () => abort.abort(cancelled);
    const { ended, zipPath } = download({ access, signal: abort.signal, onProgress });
    await expect(ended).rejects.toBe(cancelled);
    expect(existsSync(zipPath)).toBe(false);
  });
});

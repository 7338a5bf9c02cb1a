/** A small npm registry on loopback: real documents, real archives with their digests, and the faults that a test asks for. */
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { writeTar } from "../artifacts/write-tar.ts";

export type PublishedPackage = {
  readonly name: string;
  readonly version: string;
  /** Path in the package → content. */
  readonly files: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
};

/** What becomes of a request for an archive. */
type Fault = "none" | "other content" | "cut off" | "stalled";

export type NpmRegistryServer = {
  readonly url: string;
  publish(...packages: readonly PublishedPackage[]): void;
  /** Archives that were asked for, as NAME@VERSION, in order. */
  readonly archives: readonly string[];
  /** Names whose documents were asked for, in order. */
  readonly documents: readonly string[];
  setFault(fault: Fault): void;
  /** Resolves when the next archive is asked for. */
  nextArchive(): Promise<void>;
  stop(): Promise<void>;
};

export async function startNpmRegistry(): Promise<NpmRegistryServer> {
  const published = new Map<string, PublishedPackage[]>();
  const archives: string[] = [];
  const documents: string[] = [];
  let fault: Fault = "none";
  let waiting: Array<() => void> = [];

  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", url).pathname).slice(1);
    const [name = "", archive] = path.split("/-/");
    const packages = published.get(name) ?? [];
    const wanted = packages.find(({ version }) => archive === `${version}.tgz`);
    if (wanted) {
      archives.push(`${name}@${wanted.version}`);
      for (const resolve of waiting.splice(0)) resolve();
      return sendArchive(response, archiveOf(wanted), fault);
    }
    if (archive === undefined) documents.push(name);
    if (archive !== undefined || packages.length === 0) return sendJson(response, 404, { error: "Not found" });
    sendJson(response, 200, documentOf(name, packages, url));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  async function stop(): Promise<void> {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
  onTestFinished(stop);
  return {
    ...{ url, archives, documents, stop },
    publish(...packages) {
      for (const one of packages) published.set(one.name, [...(published.get(one.name) ?? []), one]);
    },
    setFault(wanted) {
      fault = wanted;
    },
    nextArchive: () =>
      new Promise((resolve) => {
        waiting = [...waiting, resolve];
      }),
  };
}

function archiveOf({ name, version, files, bin, engines }: PublishedPackage): Buffer {
  const manifest = JSON.stringify({ name, version, bin, engines });
  const all = Object.entries({ "package.json": manifest, ...files });
  return gzipSync(writeTar(all.map(([path, content]) => ({ name: `package/${path}`, content }))));
}

function documentOf(name: string, packages: readonly PublishedPackage[], url: string) {
  const versions = packages.map((one) => {
    const { version, bin, engines } = one;
    const integrity = `sha512-${createHash("sha512").update(archiveOf(one)).digest("base64")}`;
    return [version, { name, version, bin, engines, dist: { tarball: `${url}${name}/-/${version}.tgz`, integrity } }];
  });
  return { name, "dist-tags": { latest: packages.at(-1)?.version }, versions: Object.fromEntries(versions) };
}

function sendArchive(response: ServerResponse, archive: Buffer, fault: Fault): void {
  const half = archive.subarray(0, archive.length / 2);
  if (fault === "none") return void response.end(archive);
  if (fault === "other content") return void response.end(gzipSync(writeTar([{ name: "package/x", content: "x" }])));
  response.writeHead(200, { "content-length": archive.length });
  response.write(half, () => fault === "cut off" && response.destroy());
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** A tiny web server over a folder, such as a web host runs one over the folder that FTP leads to. */
import { type FileHandle, open, realpath } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";

export type WebServer = {
  /** "http://127.0.0.1:4711" */
  readonly url: string;
  stop(): Promise<void>;
};

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".xml": "application/xml; charset=utf-8",
};

/**
 * Serves the files under `root`. A folder is its index.html; hidden files and folders are not there, except .well-known
 * (RFC 8615). The root itself may come later.
 */
export async function startWebServer({ root }: { readonly root: string }): Promise<WebServer> {
  const server = createServer((request, response) => {
    respond(root, request.method ?? "", request.url ?? "/", response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(root: string, method: string, url: string, response: ServerResponse): Promise<void> {
  if (method !== "GET" && method !== "HEAD") return answer(response, 405, { allow: "GET, HEAD" });
  const [rawPath = "/", ...query] = url.split("?");
  const segments = readPath(rawPath);
  if (segments === null) return answer(response, 404);
  const found = await find(root, segments);
  if (found === null) return answer(response, 404);
  if (found === "folder") {
    // Relative links on the page would lead astray without the slash. One slash only: two would name another host.
    const path = `/${segments.map(encodeURIComponent).join("/")}/`;
    return answer(response, 301, { location: [path, ...query].join("?") });
  }
  try {
    response.writeHead(200, {
      "content-type": TYPES[extname(found.name).toLowerCase()] ?? "application/octet-stream",
      "content-length": found.size,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    // No more than was announced, should the file grow meanwhile.
    const bytes = method === "HEAD" || found.size === 0 ? null : { start: 0, end: found.size - 1, autoClose: false };
    if (bytes === null) response.end();
    else await pipeline(found.file.createReadStream(bytes), response);
  } finally {
    await found.file.close();
  }
}

/** The names in a path, decoded; null when one of them must not be served. An empty last one asks for the folder. */
function readPath(path: string): string[] | null {
  try {
    const segments = path.split("/").slice(1).map(decodeURIComponent);
    const isBad = (name: string, at: number) =>
      (name === "" && at < segments.length - 1) ||
      (name.startsWith(".") && name !== ".well-known") ||
      /[/\\\0]/.test(name);
    return segments.some(isBad) ? null : segments;
  } catch {
    return null;
  }
}

type Found = { readonly file: FileHandle; readonly name: string; readonly size: number };

async function find(root: string, segments: readonly string[]): Promise<Found | "folder" | null> {
  const isFolder = segments.at(-1) === "";
  const name = isFolder ? "index.html" : (segments.at(-1) ?? "");
  const path = join(root, ...segments.slice(0, -1), name);
  let file: FileHandle | undefined;
  try {
    const [realRoot, real] = [await realpath(root), await realpath(path)];
    // A link may lead out of the root.
    if (!real.startsWith(realRoot + sep)) return null;
    file = await open(real, "r");
    const stat = await file.stat();
    if (stat.isFile()) {
      const found = { file, name, size: stat.size };
      file = undefined;
      return found;
    }
    return stat.isDirectory() && !isFolder ? "folder" : null;
  } catch {
    return null;
  } finally {
    await file?.close();
  }
}

function answer(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  const text = status === 404 ? "Not found\n" : `${status}\n`;
  response
    .writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers })
    .end(text);
}

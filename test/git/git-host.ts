/** A real git server over https on loopback: git-http-backend(1) behind a few lines of Node. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./git-repository.ts";

export type GitHost = {
  readonly url: string;
  /** The host's certificate, for GIT_SSL_CAINFO. */
  readonly cert: string;
  /** What was asked, and with which credentials. */
  readonly seen: Array<{ request: string; authorization: string | undefined }>;
};

export type GitHostOptions = {
  /** Repositories are served from here; by default there are none. */
  readonly folder?: string;
  /** The only `Authorization` header that is let in; without it everybody is. */
  readonly authorization?: string;
  /** All requests are sent on to the same path of this host. */
  readonly redirectTo?: string;
  /** Serves as git before 2.18 does, which gives out no commit by name that it does not advertise. */
  readonly isOld?: boolean;
  /** Serves the files of the repository as any web server would, which knows no shallow fetches (gitprotocol-http(5), "dumb"). */
  readonly isDumb?: boolean;
  /** Answers what is no business of git; true when it did. */
  answer?(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
};

/** Makes the keys of hosts. A machine that has none skips these tests, except where all have to run. */
export const canServe = spawnSync("openssl", ["version"]).status === 0 || Boolean(process.env.CI);

/** Starts a host that is gone after the test. */
export async function createGitHost(options: GitHostOptions = {}): Promise<GitHost> {
  const { authorization, redirectTo, isDumb, folder = temporaryFolder() } = options;
  const { key, cert } = createCertificate();
  const seen: GitHost["seen"] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
    seen.push({ request: `${request.method} ${request.url}`, authorization: request.headers.authorization });
    if (redirectTo !== undefined) response.writeHead(301, { location: `${redirectTo}${request.url}` }).end();
    else if (authorization !== undefined && request.headers.authorization !== authorization)
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    else if (await options.answer?.(request, response)) return;
    else if (isDumb) serveFile(folder, request, response);
    else serveGit(folder, options.isOld ?? false, request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, cert, seen };
}

function createCertificate(): { key: string; cert: string } {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", ...made, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { key, cert };
}

/** One request to git-http-backend(1), which speaks CGI (RFC 3875). */
function serveGit(folder: string, isOld: boolean, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "https://host");
  const header = (name: string) => request.headers[name]?.toString() ?? "";
  const backend = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env.PATH,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: isOld ? "" : header("git-protocol"),
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
    },
  });
  backend.stdin.on("error", () => {});
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf("\r\n\r\n");
    for (const line of output.subarray(0, Math.max(end, 0)).toString().split("\r\n")) {
      const [name = "", value = ""] = line.split(": ");
      if (name === "Status") response.statusCode = Number(value.slice(0, 3));
      else if (name !== "") response.setHeader(name, value);
    }
    response.end(output.subarray(end + 4));
  });
}

function serveFile(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? "/", "https://host");
  try {
    response.end(readFileSync(resolve(folder, `.${pathname}`)));
  } catch {
    response.writeHead(404).end();
  }
}

/**
 * The front door: one node:http server. It matches the path, guards against slow and oversized requests, and turns
 * whatever a route answers or throws into an HTTP answer. What a request means is the routes' business.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describeError, SenderError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type BodyMeter, isAcceptable, readBody } from "./read-body.ts";

export type HttpRequest = {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Each header with all its values, which `headers` joins or drops. */
  readonly distinctHeaders: Readonly<Record<string, readonly string[] | undefined>>;
  /** The address of whoever opened the connection; "" on a socket of the file system. */
  readonly peer: string;
  /** What stood in place of each `:name` in the route's path. */
  readonly params: Readonly<Record<string, string>>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /**
   * The raw bytes, counted by `meter` while they come. Throws SenderError 413 above `maxBytes`, 408 when they come too
   * slowly, 503 when the meter takes no more.
   */
  body(maxBytes: number, meter?: BodyMeter): Promise<Buffer>;
};

export type HttpAnswer = {
  readonly status: number;
  readonly type: "application/json" | "text/plain; charset=utf-8" | "text/html; charset=utf-8" | "text/event-stream";
  /** A stream is sent piece by piece as it comes. */
  readonly body: string | AsyncIterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "OPTIONS";
  /** "/healthz", or with parameters "/deployments/:id/log". */
  readonly path: string;
  /** Whoever is told which methods are allowed is not told of it: it takes what other routes do not, or its path is secret. */
  readonly isFallback?: boolean;
  handle(request: HttpRequest): Promise<HttpAnswer>;
};

export type HttpServer = {
  /** Starts to listen; answers with the port. */
  listen(address: { host: string; port: number } | { socketPath: string }): Promise<number>;
  /** Takes no new connections, lets the requests under way finish for up to `graceMs`, then closes them. */
  close(graceMs: number): Promise<void>;
};

/** A client has this long for its headers. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Node looks for slow clients only every 30 s unless told otherwise. */
const CHECK_INTERVAL_MS = 1000;
/** The longest any request may take to arrive; slow bodies are closed long before by their rate. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Longer than the pause between two deliveries in a burst, shorter than what counts as a slow client. */
const KEEP_ALIVE_MS = 8000;
/** After an early refusal the client may still be sending; it gets this long to read the answer. */
const LINGER_MS = 1000;

/** Creates the server; it listens once `listen` is called. */
export function createHttpServer(routes: readonly Route[], log: Log): HttpServer {
  const match = createMatcher(routes);

  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => void answer(request, response),
  );
  // A big body announced with "Expect: 100-continue" is refused before it is sent, or asked for by reading it.
  server.on("checkContinue", (request, response) => server.emit("request", request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await send(request, response, await route(request, response));
    } catch (error) {
      if (response.headersSent || response.destroyed) return void response.destroy();
      await send(request, response, answerFor(error, log)).catch(() => response.destroy());
    }
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<HttpAnswer> {
    const url = request.url ?? "/";
    const cut = url.indexOf("?");
    const path = cut < 0 ? url : url.slice(0, cut);
    const found = match(request.method ?? "", path);
    if ("status" in found) return found;
    return found.route.handle(new RouteRequest(path, found.params, request, response));
  }

  return {
    listen(address) {
      return new Promise((resolve, reject) => {
        server.once("error", reject);
        const listening = () => {
          server.off("error", reject);
          const bound = server.address();
          resolve(bound !== null && typeof bound === "object" ? (bound as AddressInfo).port : 0);
        };
        if ("socketPath" in address) server.listen(address.socketPath, listening);
        else server.listen(address.port, address.host, listening);
      });
    },
    close(graceMs) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** What a route sees of a request. A class, since an object literal with getters costs 15 µs to make. */
class RouteRequest implements HttpRequest {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #distinct: Readonly<Record<string, readonly string[] | undefined>> | undefined;

  constructor(path: string, params: Readonly<Record<string, string>>, request: IncomingMessage, to: ServerResponse) {
    this.path = path;
    this.params = params;
    this.headers = request.headers;
    this.#request = request;
    this.#response = to;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get target(): string {
    return this.#request.url ?? "/";
  }

  get distinctHeaders(): Readonly<Record<string, readonly string[] | undefined>> {
    this.#distinct ??= distinctHeaders(this.#request);
    return this.#distinct;
  }

  get peer(): string {
    return this.#request.socket.remoteAddress ?? "";
  }

  get query(): URLSearchParams {
    const { target } = this;
    return target.length === this.path.length ? NO_QUERY : new URLSearchParams(target.slice(this.path.length + 1));
  }

  /** A signal is made only for the routes that ask for one. */
  get signal(): AbortSignal {
    const controller = new AbortController();
    this.#response.once("close", () => controller.abort());
    return controller.signal;
  }

  body(maxBytes: number, meter?: BodyMeter): Promise<Buffer> {
    const read = readBody(this.#request, maxBytes, meter);
    // Asked for only when it is wanted: a body that is announced too large was refused above and is never sent.
    if (this.headers.expect !== undefined && isAcceptable(this.#request, maxBytes)) this.#response.writeContinue();
    return read;
  }
}

/** Of nearly all requests; whoever is given one only reads it. */
const NO_QUERY = new URLSearchParams();

/** What Node makes of all headers a second time is what it has made already, where none came twice. */
function distinctHeaders(request: IncomingMessage): Readonly<Record<string, readonly string[] | undefined>> {
  const { headers, rawHeaders } = request;
  const names = Object.keys(headers);
  if (names.length * 2 !== rawHeaders.length) return request.headersDistinct;
  const distinct: Record<string, readonly string[]> = Object.create(null);
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) distinct[name] = typeof value === "string" ? [value] : value;
  }
  return distinct;
}

type Found = { readonly route: Route; readonly params: Record<string, string> };

/** Finds the route for a method and path; the answer to give where there is none. */
function createMatcher(routes: readonly Route[]): (method: string, path: string) => Found | HttpAnswer {
  const fixed = new Map(routes.filter((it) => !it.path.includes(":")).map((it) => [`${it.method} ${it.path}`, it]));
  const noParams = {};
  return (method, path) => {
    const exact = fixed.get(`${method} ${path}`);
    if (exact) return { route: exact, params: noParams };
    const allowed: string[] = [];
    for (const route of routes) {
      const params = matchPath(route.path, path);
      if (params && route.method === method) return { route, params };
      if (params && !route.isFallback) allowed.push(route.method);
    }
    if (allowed.length === 0) return plainAnswer(404, "not found");
    return { ...plainAnswer(405, "method not allowed"), headers: { allow: [...new Set(allowed)].sort().join(", ") } };
  };
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith(":")) params[segment.slice(1)] = value;
    else if (segment !== value) return undefined;
  }
  return params;
}

async function send(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): Promise<void> {
  const headers: Record<string, string | number> = {
    "content-type": answer.type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...answer.headers,
  };
  const isEarly = !request.complete;
  if (isEarly) headers.connection = "close";
  if (typeof answer.body === "string") {
    headers["content-length"] = Buffer.byteLength(answer.body);
    response.writeHead(answer.status, headers).end(answer.body);
  } else {
    response.writeHead(answer.status, headers).flushHeaders();
    await pipeline(Readable.from(answer.body), response);
  }
  if (isEarly) lingerThenClose(request, response);
}

/** Closing at once while the client still sends would make it lose the answer (RFC 9112, section 9.6). */
function lingerThenClose(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  request.on("error", () => {});
  request.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  response.once("close", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
}

function answerFor(error: unknown, log: Log): HttpAnswer {
  if (error instanceof SenderError) {
    const answer = plainAnswer(error.status, error.message);
    const { retryAfterSeconds: seconds } = error;
    return seconds === null ? answer : { ...answer, headers: { "retry-after": String(seconds) } };
  }
  log.error({ error: describeError(error) }, "a request could not be answered");
  return { ...plainAnswer(503, "try again later"), headers: { "retry-after": "30" } };
}

/** An answer that carries one word or sentence. */
export function plainAnswer(status: number, error: string): HttpAnswer {
  return { status, type: "application/json", body: JSON.stringify({ error }) };
}

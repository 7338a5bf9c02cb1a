/**
 * A front: an HTTP server on 127.0.0.1 that serves some routes of a partner's API itself and hands on the rest. It
 * counts what comes, remembers what had an effect, and misbehaves on command.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describeError } from "../errors.ts";

export type FrontRequest = {
  readonly method: string;
  /** As it was sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** What stood in place of each `:name` in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

export type FrontAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes are sent as they are, anything else as JSON; undefined is an empty body. */
  readonly body?: unknown;
};

export type FrontRoute = {
  readonly method: string;
  /** "/repos/:owner/:repo/deployments" */
  readonly path: string;
  handle(request: FrontRequest): FrontAnswer | Promise<FrontAnswer>;
};

/** Thrown by a route: the request gets this answer instead. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly answer: FrontAnswer;

  constructor(status: number, body: unknown) {
    super(`answered ${status}`);
    this.answer = { status, body };
  }
}

/** What happens to a request instead of what should. */
export type Fault =
  | { readonly answer: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  /** No answer, and the connection stays open. */
  | { readonly hang: true }
  /** The connection is reset. */
  | { readonly cut: true }
  /** The right answer, but only when the promise is settled. */
  | { readonly holdUntil: Promise<unknown> };

export type Misbehaviour = {
  /** Absent: any method. */
  readonly method?: string;
  /** A route's path, "/repos/:owner/:repo/deployments", or "*" for every path. */
  readonly path: string;
  /** Narrows it further. */
  readonly when?: (request: FrontRequest) => boolean;
  readonly fault: Fault;
  /** Whether the request has its effect before the fault; by default it has none. */
  readonly afterEffect?: boolean;
  /** How many requests it concerns; absent: all until `end`. */
  readonly times?: number;
};

export type MisbehaviourUnderWay = {
  /** Resolves when the first request was hit (after its effect, where it has one). */
  readonly hit: Promise<void>;
  hits(): number;
  end(): void;
};

/** One request that came; `answered` is the status, or what happened instead. */
export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly answered: number | "nothing yet" | "hang" | "cut";
};

/** One request that changed something here, whether or not the client was told. */
export type SeenEffect = {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly answer: unknown;
};

export type Front = {
  /** "http://127.0.0.1:4711" */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  readonly effects: readonly SeenEffect[];
  /** How many requests of this method and path came; the path may be a route's, "/repos/:owner/:repo/deployments". */
  count(method: string, path: string): number;
  misbehave(misbehaviour: Misbehaviour): MisbehaviourUnderWay;
  /** Stops listening and cuts every connection, as a server that is down does. */
  goDown(): Promise<void>;
  /** Listens again, on the same port. */
  comeUp(): Promise<void>;
  stop(): Promise<void>;
};

export type FrontOptions = {
  readonly routes: readonly FrontRoute[];
  /** Answers what no route matches. */
  readonly otherwise: (request: FrontRequest) => Promise<FrontAnswer>;
  /** Whether an answered request changed something. */
  readonly isEffect: (request: FrontRequest, answer: FrontAnswer) => boolean;
  /** Whether a request may see a path under another name; by default it stays. */
  readonly rewritePath?: (request: { method: string; path: string }) => string | FrontAnswer;
};

/** Far above anything a test sends; a front buffers whole requests. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Starts a front on a free port. The options may need its address, so they are made from it. */
export async function startFront(createOptions: (url: string) => FrontOptions): Promise<Front> {
  const requests: Array<{ -readonly [key in keyof SeenRequest]: SeenRequest[key] }> = [];
  const effects: SeenEffect[] = [];
  const rules: Array<{ take(request: FrontRequest): Misbehaviour | undefined; hit(): void }> = [];
  const server = createServer((request, response) => void answer(request, response));
  const port = await listen(server, 0);
  const url = `http://127.0.0.1:${port}`;
  const options = createOptions(url);

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(incoming).catch(() => undefined);
    if (body === undefined) return void response.destroy();
    const cut = (incoming.url ?? "/").indexOf("?");
    const sentPath = cut < 0 ? (incoming.url ?? "/") : (incoming.url ?? "/").slice(0, cut);
    const query = new URLSearchParams(cut < 0 ? "" : (incoming.url ?? "/").slice(cut + 1));
    const method = incoming.method ?? "GET";
    const seen = { method, path: sentPath, answered: "nothing yet" as SeenRequest["answered"] };
    requests.push(seen);
    const rewritten = options.rewritePath?.({ method, path: sentPath }) ?? sentPath;
    const path = typeof rewritten === "string" ? rewritten : sentPath;
    const request = { method, path, query, headers: incoming.headers, params: {}, body };

    let rule: Misbehaviour | undefined;
    const hit = rules.find((one) => {
      rule = one.take(request);
      return rule !== undefined;
    });
    const fault = rule?.fault;
    if (fault && "holdUntil" in fault) {
      hit?.hit();
      await fault.holdUntil.catch(() => undefined);
    }
    const isSpoiled = fault !== undefined && !("holdUntil" in fault);
    let right: FrontAnswer | undefined;
    if (!isSpoiled || rule?.afterEffect) right = typeof rewritten === "string" ? await serve(request) : rewritten;
    if (isSpoiled) {
      seen.answered = "answer" in fault ? fault.answer : "cut" in fault ? "cut" : "hang";
      if ("cut" in fault) incoming.socket.resetAndDestroy();
      else if ("answer" in fault) send(response, { status: fault.answer, ...fault });
      hit?.hit();
    } else if (right) {
      seen.answered = right.status;
      send(response, right);
    }
  }

  async function serve(request: FrontRequest): Promise<FrontAnswer> {
    const given = await route(request).catch((error: unknown): FrontAnswer => {
      if (error instanceof Refusal) return error.answer;
      return { status: 500, body: { message: describeError(error) } };
    });
    if (options.isEffect(request, given)) {
      effects.push({ method: request.method, path: request.path, body: parseJson(request.body), answer: given.body });
    }
    return given;
  }

  async function route(request: FrontRequest): Promise<FrontAnswer> {
    for (const one of options.routes) {
      const params = one.method === request.method ? matchPath(one.path, request.path) : undefined;
      if (params) return one.handle({ ...request, params });
    }
    return options.otherwise(request);
  }

  async function goDown(): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  return {
    url,
    requests,
    effects,
    count: (method, path) =>
      requests.filter((one) => one.method === method && (one.path === path || matchPath(path, one.path))).length,
    misbehave(misbehaviour) {
      let left = misbehaviour.times ?? Number.POSITIVE_INFINITY;
      let hits = 0;
      const { promise, resolve } = Promise.withResolvers<void>();
      const rule = {
        take(request: FrontRequest) {
          const { method, path, when } = misbehaviour;
          if (left <= 0 || (method !== undefined && method !== request.method)) return undefined;
          if (path !== "*" && !matchPath(path, request.path)) return undefined;
          if (when && !when(request)) return undefined;
          left--;
          hits++;
          return misbehaviour;
        },
        hit: resolve,
      };
      rules.push(rule);
      return { hit: promise, hits: () => hits, end: () => void (left = 0) };
    },
    goDown,
    async comeUp() {
      if (!server.listening) await listen(server, port);
    },
    stop: goDown,
  };
}

/** A request's body as an object: JSON, or what a form holds. Anything else is an empty one. */
export function readFields(request: FrontRequest): Record<string, unknown> {
  if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
  }
  const json = parseJson(request.body);
  return json !== null && typeof json === "object" && !Array.isArray(json) ? (json as Record<string, unknown>) : {};
}

function parseJson(body: Buffer): unknown {
  const text = body.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The parameters when `path` fits `pattern`, otherwise undefined. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (!segment.startsWith(":")) {
      if (segment !== value) return undefined;
      continue;
    }
    try {
      params[segment.slice(1)] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return params;
}

function send(response: ServerResponse, answer: FrontAnswer): void {
  if (response.destroyed) return;
  const isBytes = Buffer.isBuffer(answer.body);
  const bytes = isBytes
    ? (answer.body as Buffer)
    : Buffer.from(answer.body === undefined ? "" : JSON.stringify(answer.body));
  const type = isBytes || answer.body === undefined ? {} : { "content-type": "application/json; charset=utf-8" };
  response.writeHead(answer.status, { ...type, "content-length": bytes.length, ...answer.headers }).end(bytes);
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error("the request is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

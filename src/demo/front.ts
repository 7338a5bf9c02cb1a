/**
 * A front: an HTTP server on 127.0.0.1 that serves some routes of a partner's API itself and hands on the rest. It
 * counts what comes, remembers what had an effect, and misbehaves on command.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describeError } from "../errors.ts";
import {
  type FrontAnswer,
  type FrontRequest,
  type FrontRoute,
  matchPath,
  parseJson,
  Refusal,
  readFields,
} from "./front-request.ts";
import { createMisbehaviours, type Misbehaviour, type MisbehaviourUnderWay } from "./misbehaviour.ts";

/** One request that came; `answered` is the status, or what happened instead. */
type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly answered: number | "nothing yet" | "hang" | "cut";
};

/** One request that changed something here, whether or not the client was told. */
type SeenEffect = {
  readonly method: string;
  readonly path: string;
  /** The request's body: JSON or a form. */
  readonly fields: Readonly<Record<string, unknown>>;
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

/** What a front serves. */
export type Serving = {
  readonly routes: readonly FrontRoute[];
  /** Answers what no route matches. */
  readonly otherwise: (request: FrontRequest) => Promise<FrontAnswer>;
  /** Whether an answered request changed something. */
  readonly isEffect: (request: FrontRequest, answer: FrontAnswer) => boolean;
  /** The path that a request means, or the redirect it gets. */
  readonly findPath?: (request: { readonly method: string; readonly path: string }) => string | FrontAnswer;
};

/** Far above anything a test sends; a front buffers whole requests. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Listens on a free port. What is served may need the address, so it comes after: until `serve` every answer is 503. */
export async function startFront(): Promise<Front & { serve(serving: Serving): void }> {
  const requests: Array<{ -readonly [key in keyof SeenRequest]: SeenRequest[key] }> = [];
  const effects: SeenEffect[] = [];
  const misbehaviours = createMisbehaviours();
  const server = createServer((incoming, response) => void handle(incoming, response));
  const port = await listen(server, 0);
  let serving: Serving = {
    routes: [],
    otherwise: async () => ({ status: 503, body: { message: "starting" } }),
    isEffect: () => false,
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(incoming).catch(() => undefined);
    if (body === undefined) return void response.destroy();
    const sent = new URL(incoming.url ?? "/", "http://127.0.0.1");
    const method = incoming.method ?? "GET";
    const seen: (typeof requests)[number] = { method, path: sent.pathname, answered: "nothing yet" };
    requests.push(seen);
    const meant = serving.findPath?.({ method, path: sent.pathname }) ?? sent.pathname;
    const path = typeof meant === "string" ? meant : sent.pathname;
    const request = { method, path, query: sent.searchParams, headers: incoming.headers, params: {}, body };
    const answer = async () => (typeof meant === "string" ? perform(request) : meant);

    const taken = misbehaviours.take(request);
    if (!taken) {
      const right = await answer();
      seen.answered = right.status;
      return send(response, right);
    }
    const { fault, afterEffect } = taken.misbehaviour;
    if ("holdUntil" in fault) {
      taken.happened();
      await fault.holdUntil.catch(() => undefined);
      const right = await answer();
      seen.answered = right.status;
      return send(response, right);
    }
    if (afterEffect) await answer();
    seen.answered = "answer" in fault ? fault.answer : "cut" in fault ? "cut" : "hang";
    if ("cut" in fault) incoming.socket.resetAndDestroy();
    else if ("answer" in fault) send(response, { ...fault, status: fault.answer });
    taken.happened();
  }

  /** Lets the request have its effect, and forms the right answer. */
  async function perform(request: FrontRequest): Promise<FrontAnswer> {
    const given = await route(request).catch((error: unknown): FrontAnswer => {
      if (error instanceof Refusal) return error.answer;
      return { status: 500, body: { message: describeError(error) } };
    });
    if (serving.isEffect(request, given)) {
      const answer = Buffer.isBuffer(given.body) ? parseJson(given.body) : structuredClone(given.body);
      effects.push({ method: request.method, path: request.path, fields: readFields(request), answer });
    }
    return given;
  }

  async function route(request: FrontRequest): Promise<FrontAnswer> {
    for (const one of serving.routes) {
      const params = one.method === request.method ? matchPath(one.path, request.path) : undefined;
      if (params) return one.handle({ ...request, params });
    }
    return serving.otherwise(request);
  }

  async function goDown(): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    serve(next) {
      serving = next;
    },
    requests,
    effects,
    count: (method, path) => requests.filter((one) => one.method === method && matchPath(path, one.path)).length,
    misbehave: misbehaviours.add,
    goDown,
    async comeUp() {
      if (!server.listening) await listen(server, port);
    },
    stop: goDown,
  };
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

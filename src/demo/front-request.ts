/** What a front's routes are given and give back. */
import type { IncomingHttpHeaders } from "node:http";

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

/** A request's body as an object: JSON, or what a form holds. Anything else is an empty one. */
export function readFields(request: FrontRequest): Record<string, unknown> {
  if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
  }
  const json = parseJson(request.body);
  return json !== null && typeof json === "object" && !Array.isArray(json) ? (json as Record<string, unknown>) : {};
}

/** What the bytes say as JSON; when they are none, as text. */
export function parseJson(body: Buffer): unknown {
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

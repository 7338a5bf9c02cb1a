/**
 * The door before the sources: who asks, how much of what is not verified is read, what is remembered of those who were
 * turned away. Nothing of it keeps out what is verified.
 */
import { SenderError } from "../errors.ts";
import type { BodyBudget } from "../http/body-budget.ts";
import type { Limited, RateLimits } from "../http/rate-limit.ts";
import type { HttpRequest } from "../http/server.ts";
import type { AddressGuard } from "../sources/declared/address-guard.ts";
import type { Arrival, Proof, Source, SourceAnswer } from "../sources/source.ts";
import { type Captures, MAX_CAPTURED_BYTES } from "./captures.ts";
import type { Rejections } from "./rejections.ts";

export type DoorDeps = {
  /** The address of whoever sends; "" where that is a socket of the file system. */
  readonly clientOf: (request: HttpRequest) => string;
  /** Which addresses may send, for the sources that say so. */
  readonly guards: ReadonlyMap<string, Pick<AddressGuard, "isAllowed">>;
  readonly limits: RateLimits;
  readonly budget: BodyBudget;
  readonly rejections: Rejections;
  readonly captures: Captures;
};

/** What came in: the bytes and who sent them, or the answer to what goes no further. */
type Entered =
  | { readonly named: Arrival | null; readonly body: Buffer; readonly proof: Proof }
  | { readonly answer: SourceAnswer };

export type Door = {
  /** Reads and verifies. Throws SenderError for what is turned away. */
  enter(source: Source, request: HttpRequest): Promise<Entered>;
  /** Somebody asks for a source that there is not. Throws SenderError 404, unless a window is open for it. */
  knock(name: string, request: HttpRequest): Promise<SourceAnswer>;
  /** Remembers what was turned away after its sender was known to be nobody in particular. */
  turnedAway(source: string, request: HttpRequest, status: number): void;
};

export function createDoor(deps: DoorDeps): Door {
  const { clientOf, guards, limits, budget, rejections, captures } = deps;

  async function capture(name: string, request: HttpRequest): Promise<SourceAnswer | null> {
    const claim = captures.claim(name);
    if (!claim) return null;
    try {
      const body = await request.body(MAX_CAPTURED_BYTES);
      const { method, target, distinctHeaders: headers, query, params } = request;
      claim.give({ method, target, headers, query, token: params.token ?? "", body });
    } catch (error) {
      claim.release();
      throw error;
    }
    return { status: 200, type: "application/json", body: '{"status":"captured"}' };
  }

  /** Counts it, remembers it, and says 429 where it was one too many. */
  function turnAway(source: Source, request: HttpRequest, error: SenderError, body: Buffer | null): SenderError {
    const client = clientOf(request);
    const limited = limits.before(source.name, client);
    if (error.status < 500) void limits.failed(source.name, client);
    // 404 hides whether a secret in the path was nearly right, and looks like any other.
    const told = limited !== "ok" && error.status === 401 ? tooMany(limited) : error;
    const explain = body !== null && error.status < 500 ? source.explain : undefined;
    rejections.add({
      source: source.name,
      client,
      status: told.status,
      headers: request.headers,
      bytes: body?.length ?? 0,
      ...(explain && body && { explain: () => explain(request, body) }),
    });
    return told;
  }

  return {
    async enter(source, request) {
      const captured = await capture(source.name, request);
      if (captured) return { answer: captured };
      if (source.knowsPath?.(request) === false) throw turnAway(source, request, notFound(), NOTHING);
      const client = clientOf(request);
      if (source.isOpen) {
        const allowed = await limits.allowForm(source.name, client);
        if (allowed !== "ok") {
          rejections.add({ source: source.name, client, status: 429, headers: request.headers, bytes: 0 });
          const answer = source.refuse?.(request, "too_many");
          if (answer) return { answer };
          throw tooMany(allowed);
        }
      }
      const lease = budget.open(client);
      let body: Buffer | null = null;
      try {
        if (guards.get(source.name)?.isAllowed(client) === false) throw new SenderError(403, "forbidden");
        const named = source.readHeaders(request);
        const limited = limits.before(source.name, client);
        if (limited !== "ok" && source.couldBeVerified?.(request) === false) throw tooMany(limited);
        body = await request.body(source.maxBytes, lease);
        const proof = await source.verify(request, body);
        if (!source.isOpen) budget.verified(client);
        return { named, body, proof };
      } catch (error) {
        throw error instanceof SenderError ? turnAway(source, request, error, body) : error;
      } finally {
        lease.close();
      }
    },
    async knock(name, request) {
      const captured = await capture(name, request);
      if (captured) return captured;
      this.turnedAway(name, request, 404);
      throw notFound();
    },
    turnedAway(source, request, status) {
      rejections.add({ source, client: clientOf(request), status, headers: request.headers, bytes: 0 });
    },
  };
}

const NOTHING = Buffer.alloc(0);
const notFound = () => new SenderError(404, "not found");
const tooMany = ({ retryAfterSeconds }: Limited) => new SenderError(429, "too many requests", retryAfterSeconds);

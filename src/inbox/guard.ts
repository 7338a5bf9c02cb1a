/**
 * The guards of a source in their order: address, limit, room for the body; and what becomes of whoever could not be
 * verified. Whoever can be verified is never refused for what others sent, from the same address or elsewhere.
 */
import type { SourceDefinition } from "../config/source-definition.ts";
import { SenderError } from "../errors.ts";
import type { BodyBudget } from "../http/body-budget.ts";
import { clientAddress } from "../http/client-address.ts";
import type { Limited, RateLimits } from "../http/rate-limit.ts";
import type { HttpRequest } from "../http/server.ts";
import type { Ranges } from "../model/address.ts";
import type { AddressGuard } from "../sources/declared/address-guard.ts";
import { couldBeVerified } from "../sources/declared/plausible-signature.ts";
import type { Refused, Rejections } from "./rejections.ts";

export type GuardDeps = {
  readonly trusted: Ranges;
  readonly limits: RateLimits;
  readonly budget: BodyBudget;
  readonly rejections: Rejections;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

export type GuardedSource = {
  readonly name: string;
  readonly verify: SourceDefinition["verify"];
  readonly addresses: AddressGuard;
};

export type Admitted = {
  /** Where it comes from, as `clientAddress` names it. */
  readonly client: string;
  /** The body. Throws SenderError as `HttpRequest.body` does; that is remembered already. */
  body(maxBytes: number): Promise<Buffer>;
  /** It is verified: its bytes count no more. */
  verified(): void;
  /** It was refused after its body was read, with this error. Answers with the error to throw instead. */
  refused(error: SenderError, explain?: Refused["explain"]): SenderError;
  /** To be called in any case, once the request is over. */
  close(): void;
};

export type Guard = {
  /** `token`: the last part of the path, where the source has its secret there. Throws SenderError 403 or 429. */
  admit(request: HttpRequest, source: GuardedSource, token?: string): Admitted;
};

export function createGuard({ trusted, limits, budget, rejections, now }: GuardDeps): Guard {
  return {
    admit(request, { name, verify, addresses }, token = "") {
      // Node joins several headers of that name, in their order.
      const forwardedFor = request.headers["x-forwarded-for"];
      const client = clientAddress(
        { peer: request.peer, forwardedFor: forwardedFor ? [forwardedFor].flat() : [] },
        trusted,
      );
      let bytes = 0;
      function remembered(error: SenderError, explain?: Refused["explain"]): SenderError {
        const { headers } = request;
        rejections.add({ source: name, client, status: error.status, headers, bytes, ...(explain && { explain }) });
        return error;
      }

      if (!addresses.isAllowed(client)) throw remembered(new SenderError(403, "forbidden"));
      const limit = limits.before(name, client);
      if (limit !== "ok" && !couldBeVerified({ verify }, headOf(request, token), now()))
        throw remembered(tooMany(limit));
      const lease = budget.open(client);
      return {
        client,
        async body(maxBytes) {
          try {
            const body = await request.body(maxBytes, lease);
            bytes = body.length;
            return body;
          } catch (error) {
            throw error instanceof SenderError ? remembered(error) : error;
          }
        },
        verified() {
          budget.verified(client);
          lease.close();
        },
        refused(error, explain) {
          // 404 hides whether a secret in the path was nearly right, and looks like any other.
          const isUnverified = error.status === 401 || error.status === 404;
          if (isUnverified) void limits.failed(name, client);
          return remembered(limit !== "ok" && error.status === 401 ? tooMany(limit) : error, explain);
        },
        close: () => lease.close(),
      };
    },
  };
}

const tooMany = ({ retryAfterSeconds }: Limited) => new SenderError(429, "too many requests", retryAfterSeconds);

function headOf({ method, target, query, distinctHeaders }: HttpRequest, token: string) {
  return { method, target, query, token, headers: distinctHeaders };
}

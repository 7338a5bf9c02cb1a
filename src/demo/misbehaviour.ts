/** What a front does on command instead of what it should: wrong answers, no answers, cut connections, waiting. */
import { type FrontRequest, matchPath } from "./front-request.ts";

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

export type Misbehaviours = {
  add(misbehaviour: Misbehaviour): MisbehaviourUnderWay;
  /** The oldest one that concerns this request, which uses it up once; `happened` is to be called when it is done. */
  take(request: FrontRequest): { readonly misbehaviour: Misbehaviour; happened(): void } | undefined;
};

export function createMisbehaviours(): Misbehaviours {
  const rules: Array<{ readonly misbehaviour: Misbehaviour; left: number; hits: number; happened(): void }> = [];
  return {
    add(misbehaviour) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const rule = { misbehaviour, left: misbehaviour.times ?? Number.POSITIVE_INFINITY, hits: 0, happened: resolve };
      rules.push(rule);
      return {
        hit: promise,
        hits: () => rule.hits,
        end() {
          rule.left = 0;
        },
      };
    },
    take(request) {
      const rule = rules.find(({ misbehaviour, left }) => left > 0 && concerns(misbehaviour, request));
      if (!rule) return undefined;
      rule.left--;
      rule.hits++;
      return rule;
    },
  };
}

function concerns({ method, path, when }: Misbehaviour, request: FrontRequest): boolean {
  if (method !== undefined && method !== request.method) return false;
  if (path !== "*" && !matchPath(path, request.path)) return false;
  return when?.(request) ?? true;
}

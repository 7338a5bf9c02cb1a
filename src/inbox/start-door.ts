/** The door with all that stands behind it, from the configuration: limits, budgets, addresses, refusals, windows. */
import { join } from "node:path";
import type { Environment } from "../config/load-environment.ts";
import type { Config } from "../config/schema.ts";
import { startMetaRanges } from "../github/meta-ranges.ts";
import { createBodyBudget } from "../http/body-budget.ts";
import { clientAddress } from "../http/client-address.ts";
import { createRateLimits } from "../http/rate-limit.ts";
import type { HttpRequest } from "../http/server.ts";
import type { Log } from "../log.ts";
import { readRanges } from "../model/address.ts";
import { type ResolvedSource, takesSecret } from "../presets/resolve-source.ts";
import { type AddressGuard, createAddressGuard } from "../sources/declared/address-guard.ts";
import { type Captures, createCaptures } from "./captures.ts";
import { createDoor, type Door } from "./door.ts";
import { createRejections, type Rejections } from "./rejections.ts";
import { slowRefusals } from "./slow-refusals.ts";

export type StartedDoor = {
  readonly door: Door;
  readonly rejections: Rejections;
  readonly captures: Captures;
  stop(): Promise<void>;
};

/** Sources that are there whatever slipway.yaml says. */
const BUILT_IN = ["github", "slack"];

export async function startDoor(options: {
  readonly config: Pick<Config, "trustedProxies" | "limits">;
  readonly environment: Pick<Environment, "redisUrl" | "githubApiUrl" | "dataDir">;
  readonly sources: readonly ResolvedSource[];
  readonly log: Log;
  /** How long whoever is limited waits for an answer; for tests. */
  readonly waitMs?: number;
}): Promise<StartedDoor> {
  const { config, environment, sources, log, waitMs } = options;
  const now = Date.now;
  const trusted = readRanges(config.trustedProxies);
  const limits = await createRateLimits({ limits: config.limits, redisUrl: environment.redisUrl, log, now });
  const rejections = createRejections({ log, now, sources: [...BUILT_IN, ...sources.map((it) => it.name)] });
  const captures = createCaptures({ now });
  const metaRanges = sources.some((it) => rangesOf(it).includes("github"))
    ? startMetaRanges({
        apiUrl: environment.githubApiUrl,
        file: join(environment.dataDir, "github-ranges.json"),
        log,
        random: Math.random,
      })
    : null;
  const githubRanges = () => metaRanges?.hooks() ?? null;
  const guards = new Map(sources.map((it) => [it.name, guardOf(it, githubRanges)]));
  const clientOf = (request: HttpRequest) =>
    clientAddress({ peer: request.peer, forwardedFor: forwardedFor(request) }, trusted);
  const door = createDoor({
    clientOf,
    guards,
    limits,
    budget: createBodyBudget({ maxBytes: config.limits.buffered, now }),
    rejections,
    captures,
  });
  return {
    door: slowRefusals({ door, limits, clientOf, ...(waitMs !== undefined && { waitMs }) }),
    rejections,
    captures,
    async stop() {
      rejections.stop();
      limits.close();
      await metaRanges?.stop();
    },
  };
}

/** Node joins several headers of that name, in their order. */
function forwardedFor({ headers }: HttpRequest): string[] {
  const values = headers["x-forwarded-for"];
  return values ? [values].flat() : [];
}

/** Both `allow` and a verification by address have to let an address in. */
function guardOf(source: ResolvedSource, githubRanges: Parameters<typeof createAddressGuard>[0]["githubRanges"]) {
  const { verify } = source.definition;
  const isSigned = verify.some((it) => takesSecret(it) || "sns" in it);
  const lists = [source.settings.allow ?? [], ...verify.flatMap((it) => ("ip" in it ? [it.ip] : []))];
  const guards = lists.map((allow) => createAddressGuard({ allow, githubRanges, isSigned }));
  return { isAllowed: (client: string) => guards.every((guard: AddressGuard) => guard.isAllowed(client)) };
}

function rangesOf({ settings, definition }: ResolvedSource): string[] {
  return [...(settings.allow ?? []), ...definition.verify.flatMap((it) => ("ip" in it ? it.ip : []))];
}

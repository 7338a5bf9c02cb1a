/**
 * The status page, `GET /` and `GET /status`. Slipway's address is known to GitHub and Slack, and so to anybody: without
 * a key the page says no more than that Slipway runs and how much it has to do: no name of a site, a repository or a
 * person. The whole page is for who has its key, as a transcript is; `slipway status-page` prints the link. It leads to the
 * transcripts, but shows no secret, no account and no address of a host.
 */
import type { Config } from "../config/schema.ts";
import type { Route } from "../http/server.ts";
import { slipwayVersion } from "../process/version.ts";
import type { LogKeys } from "../secrets/log-keys.ts";
import { type ActiveCounts, countActive } from "../store/count-deployments.ts";
import type { Store } from "../store/store.ts";
import { readStatus } from "./status-facts.ts";
import { publicPage, statusPage } from "./status-page.ts";

export type StatusDeps = {
  readonly store: Store;
  readonly config: Pick<Config, "sites">;
  readonly logKeys: LogKeys;
  /** What separates the site's builds from Slipway, in words; null where nobody can tell. */
  isolationOf(site: string): Promise<string | null>;
};

/** No deployment is called that: their ids begin with "d-". */
const STATUS = "status";

/** The link to the status page, good for 30 days; `url` is where people reach Slipway. */
export function statusLink(url: string, logKeys: LogKeys, nowMs: number): string {
  return `${url.replace(/\/+$/, "")}/status?key=${logKeys.sign(STATUS, nowMs)}`;
}

/** What anybody may ask for is worked out at most this often. */
const PUBLIC_FOR_MS = 1000;

export function statusRoutes(deps: StatusDeps): Route[] {
  const version = slipwayVersion();
  const publicCounts = createPublicCounts(deps.store);
  const handle: Route["handle"] = async ({ query }) => {
    const nowMs = Date.now();
    const key = query.get("key");
    if (key === null) return publicPage(await publicCounts());
    if (!deps.logKeys.check(STATUS, key, nowMs)) return publicPage({ ...(await publicCounts()), isExpired: true });
    const facts = await deps.store.transact((tx) => readStatus(tx, deps.config));
    const isolation = await Promise.all(facts.sites.map(({ name }) => deps.isolationOf(name)));
    return statusPage({ facts, isolation, version, nowMs, keyOf: (id) => deps.logKeys.sign(id, nowMs) });
  };
  return ["/", "/status"].map((path) => ({ method: "GET", path, handle }));
}

function createPublicCounts(store: Store) {
  let last: { readonly counts: Promise<ActiveCounts>; readonly atMs: number } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > PUBLIC_FOR_MS) {
      last = { counts: store.transact(countActive), atMs: performance.now() };
    }
    return last.counts;
  };
}

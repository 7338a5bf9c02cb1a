/** What every deed is given: the configuration, who asks for what, and the moment. */
import { nearest } from "../config/problem.ts";
import type { Config, SiteConfig } from "../config/schema.ts";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { type Telling, tellDeployment } from "../notify/tell.ts";
import type { Tx, Work } from "../store/work.ts";

export type DeedContext = { readonly config: Config; readonly telling: Telling };

/** Who asks: `by` as records name them, `cause` identifies the request. */
export type DeedAsked = { readonly site: string; readonly by: string; readonly cause: string };

/** Time and chance, taken once before the transaction. */
export type DeedMoment = { readonly nowMs: number; readonly random: () => number };

/** The site of that name. Throws PermanentError, with the name that may have been meant. */
export function requireSite({ config }: Pick<DeedContext, "config">, name: string): SiteConfig {
  const site = Object.hasOwn(config.sites, name) ? config.sites[name] : undefined;
  if (site) return site;
  const guess = nearest(name, Object.keys(config.sites));
  throw new PermanentError(`there is no site ${name}${guess ? `; did you mean ${guess}?` : ""}`);
}

/** Tells everybody concerned how these deployments stand now. */
export function* tellAll(
  tx: Tx,
  { telling }: Pick<DeedContext, "telling">,
  deployments: readonly Deployment[],
  { nowMs }: Pick<DeedMoment, "nowMs">,
): Work<void> {
  for (const deployment of deployments) yield* tellDeployment(tx, telling, deployment, { nowMs });
}

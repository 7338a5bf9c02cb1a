/** What a schema cannot say of the configuration: small named rules across fields. Each answers with its problems. */
import type { Problem } from "./problem.ts";
import type { Config } from "./schema.ts";

type Rule = (config: Config) => Problem[];

/** Two sites in one place would remove each other's files. */
const oneSitePerTarget: Rule = (config) => {
  const owners = new Map<string, string>();
  return Object.entries(config.sites).flatMap(([name, site]) => {
    const place = site.publish.replace(/\/+$/, "");
    const owner = owners.get(place);
    owners.set(place, name);
    return owner ? [{ key: `sites.${name}.publish`, message: `is where sites.${owner} is published already` }] : [];
  });
};

export const rules: readonly Rule[] = [oneSitePerTarget];

/** Keys that are understood but have no effect yet, so that nobody believes they do. */
export function keysWithoutEffect(config: Config): string[] {
  const keys = Object.entries(config.sites).flatMap(([name, site]) => [
    ...(site.prerender ? [`sites.${name}.prerender`] : []),
    ...(site.keep.length > 0 ? [`sites.${name}.keep`] : []),
    ...(site.deployers.length > 0 ? [`sites.${name}.deployers`] : []),
  ]);
  return [...keys, ...Object.keys(config.sources).map((name) => `sources.${name}`)];
}

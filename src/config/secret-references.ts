/** Every reference to a secret that the configuration has. */

import type { WantedSecret } from "../secrets/secret-keeper.ts";
import type { SecretReference } from "../secrets/secret-reference.ts";
import type { Config } from "./schema.ts";

/** All of them, with their keys. Those that Slipway logs in to Vault with are not among them: they are asked for when it does. */
export function wantedSecrets(config: Pick<Config, "sites" | "sources" | "webhooks">): WantedSecret[] {
  return [...ofSites(config.sites), ...ofSources(config.sources), ...ofWebhooks(config.webhooks)];
}

function ofSites(sites: Config["sites"]): WantedSecret[] {
  return Object.entries(sites).flatMap(([name, site]) => [
    ...(["password", "privateKey", "passphrase", "gitToken", "deployKey"] as const).flatMap((key) =>
      used(`sites.${name}.${key}`, site[key]),
    ),
    ...Object.entries(site.build.secrets).flatMap(([variable, reference]) =>
      used(`sites.${name}.build.secrets.${variable}`, reference),
    ),
  ]);
}

function ofSources(sources: Config["sources"]): WantedSecret[] {
  return Object.entries(sources).flatMap(([name, { secret, secrets, silence, poll }]) => {
    const key = `sources.${name}`;
    return [
      ...verifiedWith(`${key}.secret`, secret),
      ...(secrets ?? []).flatMap(({ use }, index) => verifiedWith(`${key}.secrets.${index}`, use)),
      ...used(`${key}.silence.token`, silence?.token),
      ...used(`${key}.silence.basic`, silence?.basic),
      ...used(`${key}.poll.token`, poll?.token),
    ];
  });
}

function ofWebhooks(webhooks: Config["webhooks"]): WantedSecret[] {
  return webhooks.flatMap(({ secrets }, index) => secrets.flatMap(({ use }) => used(`webhooks.${index}.secret`, use)));
}

type Maybe = SecretReference | undefined;

const used = (key: string, reference: Maybe): WantedSecret[] =>
  reference === undefined ? [] : [{ key, reference, isKept: false }];
const verifiedWith = (key: string, reference: Maybe): WantedSecret[] =>
  reference === undefined ? [] : [{ key, reference, isKept: true }];

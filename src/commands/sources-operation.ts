/** `slipway sources`: the senders that slipway.yaml declares, and which of their secrets are in use. */
import { z } from "zod";
import { sourceSecrets } from "../config/source-secrets.ts";
import type { RouteSettings } from "../config/source-settings.ts";
import { printExtractor } from "../model/extractor.ts";
import { resolveSource } from "../presets/resolve-source.ts";
import { secretName } from "../secrets/secret-reference.ts";
import { listSecretUses, type SecretUse } from "../store/secret-uses.ts";
import type { OperationDeps } from "./operation.ts";

export type ListedSource = {
  readonly name: string;
  /** What people call the sender, and its kind in slipway.yaml. */
  readonly label: string;
  readonly kind: string;
  /** The path of its address. */
  readonly path: string;
  readonly secrets: readonly ListedSecret[];
  /** What its deliveries do, in words. */
  readonly routes: readonly string[];
};

export type ListedSecret = {
  /** The reference. */
  readonly name: string;
  /** The moment from which it is accepted no more; null: no end. */
  readonly untilMs: number | null;
  /** When a delivery last fitted it; null: never. */
  readonly lastAtMs: number | null;
};

/** All sources, in the order of slipway.yaml. */
export async function sources({ store, config }: OperationDeps, given: unknown): Promise<ListedSource[]> {
  z.strictObject({}).parse(given);
  const uses = await store.transact(listSecretUses);
  return Object.entries(config.sources).map(([name, settings]): ListedSource => {
    const found = resolveSource(name, settings);
    // slipway.yaml was checked for problems when it was read.
    const resolved = "definition" in found ? found : null;
    const isInPath = resolved?.definition.verify.some((it) => "token" in it && it.token.in.from === "path");
    return {
      name,
      label: resolved?.label ?? name,
      kind: settings.kind,
      path: `/hooks/${name}${isInPath ? "/SECRET" : ""}`,
      secrets: sourceSecrets(settings).map(({ use, until }) => {
        const secret = secretName(use);
        return { name: secret, untilMs: until, lastAtMs: lastUse(uses, name, secret) };
      }),
      routes: resolved?.routes.map(routeText) ?? [],
    };
  });
}

function lastUse(uses: readonly SecretUse[], source: string, secret: string): number | null {
  return uses.find((it) => it.source === source && it.secret === secret)?.lastAtMs ?? null;
}

/** "entry.publish, entry.delete, where json:/status is live: rebuild shop" */
function routeText({ when, ...actions }: RouteSettings): string {
  const events = when?.event?.length ? when.event.join(", ") : "all";
  const wheres = [
    ...Object.entries(when?.is ?? {}).map(([place, values]) => `${place} is ${values.join(" or ")}`),
    ...(when?.exists ?? []).map((place) => `${printExtractor(place)} is there`),
  ];
  return `${events}${wheres.length > 0 ? `, where ${wheres.join(" and ")}` : ""}: ${actionText(actions)}`;
}

function actionText({ rebuild, deploy, alert, notice }: Omit<RouteSettings, "when">): string {
  if (rebuild) return `rebuild ${rebuild.sites.join(", ")}`;
  if (deploy) return `deploy ${deploy.sites?.join(", ") ?? "the sites of the pushed repository"}`;
  if (alert) return `alert ${alert.channel ?? "the channel of its sites"}`;
  return notice ? `tell ${notice.channel ?? "Slipway's own channel"}` : "keep";
}

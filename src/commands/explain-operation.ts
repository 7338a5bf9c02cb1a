/** Why requests of a source are refused, and the whole story of one delivery. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { Delivery } from "../model/delivery.ts";
import type { RejectionReport } from "../model/rejection.ts";
import { findDelivery } from "../store/deliveries.ts";
import {
  deploymentsIn,
  type LastAccepted,
  lastAcceptedOf,
  type NamedDeployment,
  secretUsesOf,
} from "../store/delivery-story.ts";
import type { Tx, Work } from "../store/work.ts";
import { named, type OperationDeps } from "./operation.ts";
import { adviceFor } from "./refusal-advice.ts";

export type SourceStory = {
  readonly name: string;
  readonly isConfigured: boolean;
  /** Null while Slipway is stopped: what was refused is kept in memory alone. */
  readonly refused: RejectionReport | null;
  readonly advice: readonly string[];
  readonly lastAccepted: LastAccepted | null;
  /** By the references that slipway.yaml has, the one that was used last first. */
  readonly secrets: ReadonlyArray<{ readonly secret: string; readonly atMs: number }>;
};

export type DeliveryStory = Omit<Delivery, "body"> & {
  readonly bytes: number;
  /** Those that it caused or joined, as they stand now. */
  readonly deployments: readonly NamedDeployment[];
};

export type Explanation =
  | { readonly about: "sources"; readonly sources: readonly SourceStory[] }
  | { readonly about: "delivery"; readonly delivery: DeliveryStory };

/** Those that are no entry under `sources`. */
const BUILT_IN = ["github", "slack"];

const input = z.strictObject({ name: named.name.optional() });

/** Of a source, or of a delivery by its number or the sender's id; of all sources where no name is given. */
export async function explain(deps: OperationDeps, given: unknown): Promise<Explanation> {
  const { name } = input.parse(given);
  const configured = [...BUILT_IN, ...Object.keys(deps.config.sources)];
  return deps.store.transact(function* (tx): Work<Explanation> {
    if (name === undefined) {
      const sources: SourceStory[] = [];
      for (const source of configured) sources.push(yield* storyOf(tx, deps, source, true));
      return { about: "sources", sources };
    }
    if (configured.includes(name)) return { about: "sources", sources: [yield* storyOf(tx, deps, name, true)] };
    const delivery = yield* findDelivery(tx, name);
    if (delivery) {
      const { body, ...rest } = delivery;
      const deployments = yield* deploymentsIn(tx, delivery.outcome);
      return { about: "delivery", delivery: { ...rest, bytes: body.length, deployments } };
    }
    const story = yield* storyOf(tx, deps, name, false);
    if (story.refused?.last.length) return { about: "sources", sources: [story] };
    throw new PermanentError(`there is no source and no delivery ${name}`);
  });
}

function* storyOf(tx: Tx, { live, config }: OperationDeps, name: string, isConfigured: boolean): Work<SourceStory> {
  const refused = live?.rejections.report(name) ?? null;
  const isForm = Object.hasOwn(config.sources, name) && config.sources[name]?.form !== undefined;
  return {
    ...{ name, isConfigured, refused },
    advice: adviceFor(refused?.counts ?? {}, { isForm }),
    lastAccepted: yield* lastAcceptedOf(tx, name),
    secrets: yield* secretUsesOf(tx, name),
  };
}

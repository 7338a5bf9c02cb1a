/** To see which alerts of monitoring fire, from the command line. */
import { z } from "zod";
import { firingAlerts, type KnownAlert } from "../store/alerts.ts";
import type { OperationDeps } from "./operation.ts";

const input = z.strictObject({ limit: z.int().min(1).max(1000).default(20) });

/** Those that fire, the newest first. */
export async function alerts({ store }: OperationDeps, given: unknown): Promise<KnownAlert[]> {
  const { limit } = input.parse(given);
  return store.transact((tx) => firingAlerts(tx, limit));
}

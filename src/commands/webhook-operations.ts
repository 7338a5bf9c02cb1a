/** Outgoing webhooks that were given up: what they are, and to send them again. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import { listDeadWebhooks, reviveWebhooks } from "../store/webhooks-out.ts";
import { asking, type OperationDeps, perform } from "./operation.ts";

const limit = z.int().min(1).max(1000).default(20);

export async function deadWebhooks({ store }: OperationDeps, input: unknown): Promise<unknown> {
  const { limit: count } = z.strictObject({ limit }).parse(input);
  return store.transact((tx) => listDeadWebhooks(tx, count));
}

/** Without an id: all of them. */
export async function resendWebhooks(deps: OperationDeps, input: unknown): Promise<unknown> {
  const { id = null, by } = z.strictObject({ id: z.int().optional(), ...asking }).parse(input);
  const what = id === null ? "send all webhooks again that were given up" : `send webhook ${id} again`;
  return perform(deps, { site: null, by, verb: "resend", what }, function* (tx) {
    const count = yield* reviveWebhooks(tx, id);
    if (count === 0 && id !== null) throw new PermanentError(`there is no webhook ${id} that was given up`);
    return { result: { resent: count }, says: `${count} webhooks are sent again`, deployment: null };
  });
}

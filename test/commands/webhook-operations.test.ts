/** Webhooks that were given up are listed, and sent again on command, which is written down. */
import { expect, it } from "vitest";
import { wish } from "../../src/store/outbox.ts";
import { outWish } from "../../src/store/webhooks-out.ts";
import type { Work } from "../../src/store/work.ts";
import { createOperations } from "./operations-world.ts";

async function withDead(...ids: string[]) {
  const world = await createOperations();
  await world.deps.store.transact(function* (tx): Work<void> {
    for (const id of ids) {
      const data = { id, site: "shop", state: "live" } as never;
      const event = { type: "deployment.live", timestamp: "2026-12-01T12:00:00.000Z", data } as const;
      const about = { subject: id, version: "1", deploymentId: id };
      yield* wish(tx, outWish({ endpoint: "0123456789ab", host: "a.example.com", event }, about), 1);
    }
    yield tx.db.updateTable("outbox").set({ state: "dead", attempts: 10, last_error: "answered 500" }).compile();
  });
  return world;
}

it("They are listed with what they are and why, and sent again one by one or all together", async () => {
  const { ask, audit, refusal, told } = await withDead("d-1", "d-2", "d-3");
  const dead = await ask<Array<{ id: number }>>("deadWebhooks", {});
  expect(dead).toMatchObject([
    { host: "a.example.com", type: "deployment.live", about: "shop", messageId: "msg_0123456789ab_d-3_1" },
    { error: "answered 500" },
    { createdAtMs: 1 },
  ]);
  expect(await ask("resendWebhooks", { id: dead[2]?.id, by: "ada" })).toEqual({ resent: 1 });
  expect(await refusal("resendWebhooks", { id: dead[2]?.id })).toBe(
    `there is no webhook ${dead[2]?.id} that was given up`,
  );
  expect(await ask("resendWebhooks", { by: "ada" })).toEqual({ resent: 2 });
  expect(await ask("resendWebhooks", {})).toEqual({ resent: 0 });
  expect(await told()).toHaveLength(3);
  expect((await audit()).map(({ verb, result, who }) => `${verb} ${result} ${who}`)).toContain(
    "resend done ada (command line)",
  );
});

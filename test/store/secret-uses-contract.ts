/** What every store does about which secrets are in use. */
import { beforeEach, describe, expect, it } from "vitest";
import { createSecretUses, listSecretUses } from "../../src/store/secret-uses.ts";
import { all, type Tx, type Work } from "../../src/store/work.ts";
import type { StoreUnderTest } from "./builds-contract.ts";

export function secretUsesContract({ transact }: Pick<StoreUnderTest, "transact">): void {
  describe("the uses of secrets", () => {
    beforeEach(() => transact((tx) => all(tx.db.deleteFrom("secret_uses"))));
    const written = () => transact(listSecretUses);

    it("are written once a minute for each secret, and whole in the end", async () => {
      let nowMs = 1_000_000;
      const uses = createSecretUses({ now: () => nowMs });
      const flush = (isLast = false) => transact((tx) => uses.flush(tx, { isLast }));
      const lastOf = async (secret: string) => (await written()).find((it) => it.secret === secret)?.lastAtMs;
      await flush();
      expect(await written()).toEqual([]);
      uses.note("shop", "env:NEW");
      uses.note("shop", "env:OLD");
      await flush();
      expect(await written()).toEqual([
        { source: "shop", secret: "env:NEW", lastAtMs: 1_000_000 },
        { source: "shop", secret: "env:OLD", lastAtMs: 1_000_000 },
      ]);
      nowMs += 59_999;
      uses.note("shop", "env:NEW");
      await flush();
      expect(await lastOf("env:NEW")).toBe(1_000_000);
      nowMs += 1;
      await flush();
      expect(await lastOf("env:NEW")).toBe(1_059_999);
      uses.note("shop", "env:OLD");
      await flush(true);
      expect(await lastOf("env:OLD")).toBe(1_060_000);
    });

    it("are not lost with a transaction that fails, and never go back in time", async () => {
      const uses = createSecretUses({ now: () => 5000 });
      uses.note("shop", "env:NEW");
      const failing = transact(function* (tx: Tx): Work<void> {
        yield* uses.flush(tx);
        throw new Error("no room left");
      });
      await expect(failing).rejects.toThrow("no room left");
      expect(await written()).toEqual([]);
      await transact((tx) => uses.flush(tx));
      const earlier = createSecretUses({ now: () => 4000 });
      earlier.note("shop", "env:NEW");
      await transact((tx) => earlier.flush(tx, { isLast: true }));
      expect(await written()).toEqual([{ source: "shop", secret: "env:NEW", lastAtMs: 5000 }]);
    });
  });
}

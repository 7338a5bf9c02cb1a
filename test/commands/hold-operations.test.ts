/** Pauses and locks as they are asked for: what they change, who made them and why, and what is refused in which words. */
import { describe, expect, test } from "vitest";
import type { HoldsChanged } from "../../src/commands/hold-site.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { claimDeployment } from "../../src/store/deployments.ts";
import { findSite, setGithubPause } from "../../src/store/sites.ts";
import { createOperations } from "./operations-world.ts";

const shop = (part: object = {}) => ({ name: "shop", by: "ada", ...part });

describe("A pause", () => {
  test("holds the push that waits, and the next one, and says who made it and why", async () => {
    const { ask, queue, store, find } = await createOperations();
    const push = await queue();
    const result = await ask<HoldsChanged>("pause", shop({ reason: "the\n fair" }));
    const reason =
      "paused by ada (command line): the fair; `slipway resume shop` deploys it, `slipway deploy shop` does so at once";
    expect(result).toMatchObject({ changed: [{ id: push.id, state: "held", reason }], running: null, still: reason });
    const later = await queue({ commit: "b".repeat(40) });
    expect(later).toMatchObject({ state: "held", reason });
    expect(await find(push.id)).toMatchObject({ state: "superseded", supersededBy: later.id });
    const paused = (await store.transact((tx) => findSite(tx, "shop")))?.paused;
    expect(paused).toMatchObject({ by: "ada (command line)", reason: "the fair" });
    expect(paused?.atMs).toBeGreaterThan(1_700_000_000_000);
  });

  test("lets people deploy, and ends with what was pushed meanwhile", async () => {
    const { ask, queue } = await createOperations();
    await ask("pause", shop());
    const push = await queue();
    const rollback = await queue({ trigger: "rollback", askedRelease: "r-1" });
    expect(rollback.state).toBe("queued");
    await ask("cancel", { name: rollback.id });
    const { changed, still } = await ask<HoldsChanged>("resume", shop());
    expect([changed, still]).toMatchObject([[{ id: push.id, state: "queued", reason: null }], null]);
  });

  test("leaves what runs alone, and names it", async () => {
    const { ask, queue, store } = await createOperations();
    const push = await queue();
    const nowMs = Date.now();
    await store.transact((tx) => claimDeployment(tx, { boot: "b", nowMs, untilMs: nowMs + 60_000 }));
    expect(await ask("pause", shop())).toMatchObject({ changed: [], running: { id: push.id, state: "building" } });
  });
});

describe("A lock", () => {
  test("holds everything, and refuses commands, until anybody ends it", async () => {
    const { ask, queue, refusal } = await createOperations();
    const command = await ask<Deployment>("deploy", shop());
    const locked = await ask<HoldsChanged>("lock", shop({ reason: "the host moves" }));
    const reason = "locked by ada (command line): the host moves; `slipway unlock shop` lets it go on";
    expect(locked.changed).toMatchObject([{ id: command.id, state: "held", reason }]);
    for (const name of ["deploy", "rollback", "redeploy"] as const)
      expect(await refusal(name, shop())).not.toBe("it did not");
    expect(await refusal("deploy", shop())).toBe(
      "shop is locked by ada (command line): the host moves; unlock ends that",
    );
    await ask("deploy", { name: "docs" });
    const push = await queue();
    const { changed } = await ask<HoldsChanged>("unlock", shop({ by: "bo" }));
    expect(changed).toMatchObject([{ id: push.id, state: "queued", reason: null }]);
  });

  test("stands beside a pause: the end of one says that the other still holds", async () => {
    const { ask, queue } = await createOperations();
    const push = await queue();
    await ask("pause", shop());
    await ask("lock", shop({ by: "bo" }));
    const { changed, still } = await ask<HoldsChanged>("resume", shop());
    expect(still).toBe("locked by bo (command line); `slipway unlock shop` lets it go on");
    expect(changed).toEqual([]);
    expect((await ask<HoldsChanged>("unlock", shop())).changed).toMatchObject([{ id: push.id, state: "queued" }]);
  });
});

test("Everybody who follows the site learns of a pause, a lock and their ends, and by whom", async () => {
  const { ask, told } = await createOperations();
  await ask("pause", shop({ reason: "the fair" }));
  await ask("lock", shop({ by: "" }));
  await ask("unlock", shop({ by: "bo" }));
  await ask("resume", shop());
  const notices = (await told()).map(({ desired }) => (desired as { notice: object }).notice);
  expect(notices).toEqual([
    { about: "site_paused", site: "shop", reason: "by ada (command line): the fair" },
    { about: "site_locked", site: "shop", reason: "by somebody (command line)" },
    { about: "site_unlocked", site: "shop", reason: "by bo (command line)" },
    { about: "site_resumed", site: "shop", reason: "by ada (command line)" },
  ]);
});

test("What cannot be done is refused in words that say what can", async () => {
  const { ask, refusal, store } = await createOperations();
  expect(await refusal("pause", { name: "shpo" })).toBe("there is no site shpo; did you mean shop?");
  expect(await refusal("unlock", { name: "elsewhere" })).toBe("there is no site elsewhere");
  expect(await refusal("resume", shop())).toBe("shop is not paused");
  await ask("lock", shop({ reason: "the host moves" }));
  expect(await refusal("lock", shop({ by: "bo" }))).toBe(
    "shop is locked already, by ada (command line): the host moves",
  );
  expect(await refusal("resume", shop())).toBe(
    "shop is not paused; it is locked by ada (command line): the host moves; unlock ends that",
  );
  await ask("unlock", shop());
  await ask("pause", shop());
  expect(await refusal("pause", shop({ by: "bo" }))).toBe("shop is paused already, by ada (command line)");
  expect(await refusal("unlock", shop())).toBe(
    "shop is not locked; it is paused by ada (command line); resume ends that",
  );
  await store.transact((tx) => setGithubPause(tx, "docs", "the GitHub App is suspended"));
  expect(await refusal("resume", { name: "docs" })).toBe(
    "docs is not paused; it does not deploy since the GitHub App is suspended, which GitHub ends",
  );
});

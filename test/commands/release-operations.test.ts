/** What may be asked about releases, on a real store: what is queued, and what is refused with which words. */
import { describe, expect, test } from "vitest";
import type { NamedDiff } from "../../src/commands/diff-releases.ts";
import type { ListedRelease } from "../../src/commands/release-operations.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { claimDeployment, listDeployments } from "../../src/store/deployments.ts";
import { forgetOldReleases } from "../../src/store/releases.ts";
import { setGithubPause } from "../../src/store/sites.ts";
import { createOperations } from "./operations-world.ts";

type Rollback = { deployment: Deployment; from: { id: string } | null; to: { id: string }; pushes: string };

describe("A rollback", () => {
  test("goes to the release that was live before the present one, without a name", async () => {
    const { goLive, ask } = await createOperations();
    const first = await goLive("shop", { "index.html": "a" }, "1111111");
    const second = await goLive("shop", { "index.html": "b" }, "2222222");
    const { deployment, from, to } = await ask<Rollback>("rollback", { name: "shop" });
    expect([from?.id, to.id]).toEqual([second, first]);
    expect(deployment).toMatchObject({ trigger: "rollback", state: "queued", askedRelease: first, commit: "1111111" });
    expect(deployment).toMatchObject({ author: "Ada", title: "Title of 1111111", adopt: false, allowRemovals: false });
  });

  test("twice goes back to where it came from", async () => {
    const { goLive, ask } = await createOperations();
    await goLive("shop", { "index.html": "a" }, "1111111");
    const second = await goLive("shop", { "index.html": "b" }, "2222222");
    await goLive("shop", { "index.html": "a" }, "1111111");
    expect((await ask<Rollback>("rollback", { name: "shop" })).to.id).toBe(second);
  });

  test("goes to the release whose id or commit begins as named, with what was agreed to", async () => {
    const { goLive, ask } = await createOperations();
    const first = await goLive("shop", { "index.html": "a" }, "1111111");
    await goLive("shop", { "index.html": "b" }, "2222222");
    await goLive("shop", { "index.html": "c" }, "3333333");
    for (const release of [first.slice(0, 8), first.slice(0, 8).toUpperCase(), "1111"]) {
      const { deployment, to } = await ask<Rollback>("rollback", { name: "shop", release, adopt: true });
      expect([to.id, deployment.adopt]).toEqual([first, true]);
    }
  });

  test("works on a paused site, and supersedes a push that waits", async () => {
    const { store, goLive, ask } = await createOperations();
    await goLive("shop", { "index.html": "a" }, "1111111");
    await goLive("shop", { "index.html": "b" }, "2222222");
    const waiting = await ask<Deployment>("deploy", { name: "shop" });
    await store.transact((tx) => setGithubPause(tx, "shop", "the GitHub App is suspended"));
    await expect(ask("deploy", { name: "shop" })).rejects.toThrow("shop is paused: the GitHub App is suspended");
    const { deployment } = await ask<Rollback>("rollback", { name: "shop" });
    const listed = await store.transact((tx) => listDeployments(tx, { limit: 5 }));
    expect(listed.find(({ id }) => id === waiting.id)).toMatchObject({
      state: "superseded",
      reason: `superseded by the rollback ${deployment.id}`,
    });
    const claim = { boot: "b", nowMs: Date.now(), untilMs: Date.now() + 1000 };
    expect(await store.transact((tx) => claimDeployment(tx, claim))).toMatchObject({ id: deployment.id });
  });

  test("is refused in clear words where there is nothing to go to", async () => {
    const { store, goLive, ask } = await createOperations();
    const refusal = (input: object) =>
      ask("rollback", { name: "shop", ...input }).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await refusal({})).toBe("no release was live on shop before the present one");
    expect(await refusal({ name: "shpo" })).toBe("there is no site shpo; did you mean shop?");
    expect(await refusal({ name: "toString" })).toBe("there is no site toString");
    const only = await goLive("shop", { "index.html": "a" }, "1111111");
    expect(await refusal({})).toBe("no release was live on shop before the present one");
    expect(await refusal({ release: only.slice(0, 6) })).toBe(
      `${only.slice(0, 12)} is the release that is live on shop; \`redeploy shop\` publishes it again`,
    );
    expect(await refusal({ release: "zzz" })).toBe("shop has no kept release zzz; `releases shop` lists them");
    await goLive("docs", { "index.html": "d" }, "4444444");
    expect(await refusal({ release: "4444444" })).toContain("shop has no kept release 4444444");
    await goLive("shop", { "index.html": "b" }, "1111112");
    expect(await refusal({ release: "11111" })).toMatch(
      /^11111 is the beginning of several releases of shop \([0-9a-f]{12}, [0-9a-f]{12}\); `releases shop`/,
    );
    await store.transact((tx) => forgetOldReleases(tx, "shop", 1));
    expect(await refusal({})).toBe(
      `the release ${only.slice(0, 12)} that was live on shop before is no longer kept (sites.shop.releases)`,
    );
    expect(await store.transact((tx) => listDeployments(tx, { limit: 5 }))).toEqual([]);
  });
});

describe("A redeploy", () => {
  test("is of whatever is live when its turn comes, or of a named release", async () => {
    const { goLive, ask } = await createOperations();
    await expect(ask("redeploy", { name: "shop" })).rejects.toThrow("nothing is live on shop yet");
    const first = await goLive("shop", { "index.html": "a" }, "1111111");
    await goLive("shop", { "index.html": "b" }, "2222222");
    const live = await ask<Deployment>("redeploy", { name: "shop" });
    expect(live).toMatchObject({ trigger: "redeploy", askedRelease: null, commit: "2222222" });
    const named = await ask<Deployment>("redeploy", { name: "shop", release: first, allowRemovals: true });
    expect(named).toMatchObject({ trigger: "redeploy", askedRelease: first, commit: "1111111", allowRemovals: true });
  });
});

test("A deploy carries what somebody agreed to, this once", async () => {
  const { ask } = await createOperations();
  expect(await ask("deploy", { name: "shop", adopt: true })).toMatchObject({ adopt: true, allowRemovals: false });
  expect(await ask("deploy", { name: "shop", allowRemovals: true })).toMatchObject({
    adopt: false,
    allowRemovals: true,
  });
  expect(await ask("deploy", { name: "shop" })).toMatchObject({
    trigger: "command",
    adopt: false,
    allowRemovals: false,
  });
});

test("Releases are listed, the live one first, with how many files differ from it", async () => {
  const { goLive, ask } = await createOperations();
  expect(await ask("releases", { name: "shop" })).toEqual([]);
  const first = await goLive("shop", { "index.html": "a", "old.html": "o", "same.css": "s" }, "1111111");
  const second = await goLive("shop", { "index.html": "b", "new.html": "n", "same.css": "s" }, "2222222");
  expect(await ask<ListedRelease[]>("releases", { name: "shop" })).toMatchObject([
    { id: second, isLive: true, differs: 0, commit: "2222222", files: 3, bytes: 30, liveAtMs: 2000 },
    { id: first, isLive: false, differs: 3, commit: "1111111", title: "Title of 1111111", liveAtMs: 1000 },
  ]);
  expect(await ask("releases", { name: "shop", limit: 1 })).toHaveLength(1);
  await expect(ask("releases", { name: "shpo" })).rejects.toThrow("did you mean shop?");
});

test("What differs between the live release and another one is counted, with the first paths", async () => {
  const { goLive, ask } = await createOperations();
  await expect(ask("diff", { name: "shop" })).rejects.toThrow("nothing is live on shop yet");
  const first = await goLive("shop", { "index.html": "a", "old.html": "o", "same.css": "s" }, "1111111");
  const many = Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [`new/${String(n).padStart(2, "0")}.html`, "n"]),
  );
  const second = await goLive("shop", { "index.html": "b", "same.css": "s", ...many }, "2222222");
  const diff = await ask<NamedDiff>("diff", { name: "shop" });
  expect(diff).toMatchObject({ from: { id: second, commit: "2222222" }, to: { id: first, commit: "1111111" } });
  expect(diff).toMatchObject({ added: 1, changed: 1, removed: 30 });
  expect(diff.paths).toHaveLength(20);
  expect(diff.paths.slice(0, 2)).toEqual(["~ index.html", "- new/00.html"]);
  const same = await ask("diff", { name: "shop", release: second.slice(0, 9) });
  expect(same).toMatchObject({ added: 0, changed: 0, removed: 0, paths: [] });
  await expect(ask("diff", { name: "shop", release: "-5" })).rejects.toThrow("no 5 releases were live on shop before");
});

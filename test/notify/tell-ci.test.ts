/** What channels hear of CI: one message from the first failure to the first success, and nothing else. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CiFollow, CiRun } from "../../src/model/ci.ts";
import { tellCiRun } from "../../src/notify/tell-ci.ts";
import { rememberEnvironment } from "../../src/store/ci.ts";
import { aRun, emptyCi } from "../store/ci-contract.ts";
import { openToldWorld, type ToldWorld } from "./outbox-rows.ts";

let world: ToldWorld;
beforeAll(async () => {
  world = await openToldWorld();
});
afterEach(() => world.store.transact(emptyCi));
afterAll(() => world.stop());

const follow = (channel: string, environments: string[] = []): CiFollow => ({
  ...{ channel, setting: "sites.shop.channel", environments },
});
const tell = (run: Partial<CiRun>, follows = [follow("C0SHOP")], nowMs = 1000, hasSlack = true) =>
  world.store.transact((tx) => tellCiRun(tx, { hasSlack }, { do: "ci_run", run: aRun(run), follows }, { nowMs }));

describe("a branch", () => {
  it("that always passed is never spoken of", async () => {
    expect(await tell({ runId: 1, verdict: "passed" })).toBe(
      "skipped: CI on main of acme/shop passed, which is no news",
    );
    expect(await world.notices()).toEqual([]);
  });

  it("that breaks has one message, which is edited until it works again", async () => {
    expect(await tell({ runId: 1 })).toBe("told C0SHOP: CI on main of acme/shop is broken");
    await tell({ runId: 2 }, undefined, 2000);
    expect(await tell({ runId: 2 }, undefined, 2500)).toBe(
      "skipped: run 2 of CI on main of acme/shop is known already",
    );
    expect(await world.notices()).toMatchObject([
      {
        ...{ key: expect.stringMatching(/^notice:ci \d+:C0SHOP$/), versions: 2, channel: "C0SHOP" },
        notice: {
          ...{ about: "ci", setting: "sites.shop.channel" },
          incident: { state: "broken", failures: 2, sinceMs: 1000, run: { runId: 2 } },
        },
      },
    ]);
    expect(await tell({ runId: 3, verdict: "passed" }, undefined, 3000)).toBe(
      "told C0SHOP: CI on main of acme/shop is mended",
    );
    await tell({ runId: 4, verdict: "passed" }, undefined, 4000);
    expect(await world.notices()).toMatchObject([
      { versions: 3, notice: { incident: { state: "mended", mendedAtMs: 3000, run: { runId: 3 } } } },
    ]);
    await tell({ runId: 5 }, undefined, 5000);
    expect(await world.notices()).toHaveLength(2);
  });

  it("is told each channel that follows it, and only those hear its end that heard its beginning", async () => {
    expect(await tell({ runId: 1 }, [follow("C0B"), follow("C0A")])).toContain("told C0A, C0B:");
    expect(await tell({ runId: 2, verdict: "passed" }, [follow("C0C"), follow("C0B")])).toContain("told C0B:");
    const states = (await world.notices()).map(({ channel, notice }) => [
      channel,
      notice.about === "ci" && notice.incident.state,
    ]);
    expect(states).toEqual([
      ["C0A", "broken"],
      ["C0B", "mended"],
    ]);
  });

  it("that nobody follows is remembered, and not broken", async () => {
    expect(await tell({ runId: 1 }, [])).toBe("skipped: CI on main of acme/shop failed, and nobody follows that");
    await tell({ runId: 2 });
    expect(await world.notices()).toMatchObject([{ notice: { incident: { failures: 1 } } }]);
  });

  it("is only remembered where there is no Slack", async () => {
    expect(await tell({ runId: 1 }, undefined, 1, false)).toBe("noted: CI on main of acme/shop is broken");
    expect(await world.notices()).toEqual([]);
  });
});

describe("a channel that follows environments", () => {
  const production = [follow("C0PROD", ["production"])];
  const deploysTo = (runId: number, environment: string) =>
    world.store.transact((tx) => rememberEnvironment(tx, { repoId: 4_000_000_000, runId, environment }, 1));

  it("hears of runs that are known to deploy to one of them, and of their end", async () => {
    await deploysTo(2, "staging");
    await deploysTo(3, "production");
    await tell({ runId: 1 }, production);
    await tell({ runId: 2 }, production);
    expect(await world.notices()).toEqual([]);
    await tell({ runId: 3 }, production);
    expect(await tell({ runId: 4, verdict: "passed" }, production)).toContain("passed, and nobody follows that");
    expect(await world.notices()).toMatchObject([{ notice: { incident: { state: "broken" } } }]);
    await deploysTo(5, "production");
    await tell({ runId: 5, verdict: "passed" }, production);
    expect(await world.notices()).toMatchObject([
      { channel: "C0PROD", versions: 2, notice: { incident: { state: "mended", failures: 1 } } },
    ]);
  });
});

describe("many branches that break at once", () => {
  it("go into a digest from the sixth on; one that is broken still gets a message of its own once that has ended", async () => {
    for (let n = 1; n <= 8; n++) await tell({ runId: n, branch: `b${n}` });
    await tell({ runId: 11, branch: "b1" }, undefined, 2000);
    const digest = (await world.notices()).at(-1);
    expect(digest).toMatchObject({
      versions: 3,
      notice: {
        about: "digest",
        digest: { groups: [6, 7, 8].map((n) => ({ title: `ci.yml on b${n} of acme/shop`, count: 1 })) },
      },
    });
    expect(await world.notices()).toHaveLength(6);
    expect(await world.threads()).toMatchObject([{ reply: { kind: "worst", title: "ci.yml on b6 of acme/shop" } }]);
    await tell({ runId: 26, branch: "b6", verdict: "passed" }, undefined, 400_000);
    expect((await world.notices()).at(-1)).toMatchObject({
      notice: { about: "ci", incident: { branch: "b6", state: "mended" } },
    });
  });

  it("and whose workflows have one name for people are told apart there, as in messages of their own, by their files", async () => {
    for (let n = 1; n <= 5; n++) await tell({ runId: n, branch: `b${n}` });
    await tell({ runId: 6 });
    await tell({ runId: 7, path: ".github/workflows/nightly.yml@refs/heads/main" });
    await tell({ runId: 8, path: "", workflow: "CircleCI" });
    expect((await world.notices()).at(-1)).toMatchObject({
      notice: {
        digest: {
          groups: ["ci.yml", "nightly.yml", "CircleCI"].map((it) => ({ title: `${it} on main of acme/shop` })),
        },
      },
    });
  });
});

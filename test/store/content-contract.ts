/** What every store does about changed content: gathered for a while, deployed once, named. All times are given. */
import { describe, expect, it } from "vitest";
import { hasBuilt, saveBuilt } from "../../src/store/built-releases.ts";
import { collectContent, type NewContent } from "../../src/store/collect-content.ts";
import {
  changeDeployment,
  claimDeployment,
  findDeployment,
  listDeployments,
  type NewDeployment,
  queueDeployment,
} from "../../src/store/deployments.ts";
import { settleWaiting } from "../../src/store/settle-waiting.ts";
import { setPaused } from "../../src/store/sites.ts";
import type { StoreUnderTest } from "./builds-contract.ts";
import { newDeployment } from "./new-deployment.ts";

const QUIET_MS = 30_000;
const LONGEST_MS = 300_000;
/** When it all begins. */
const T = 1_800_000_000_000;

export function contentContract({ transact, reopen }: StoreUnderTest): void {
  let count = 0;
  const change = (title: string, atMs: number, part: Partial<NewContent> = {}) => {
    count += 1;
    const { id, site, repoId, repoName, installationId, branch } = newDeployment();
    const reported: NewContent = {
      ...{ id, site, repoId, repoName, installationId, branch, cause: `change ${count}` },
      change: { source: "Sanity", titles: [title], by: "Ada" },
      debounce: { quietMs: QUIET_MS, longestMs: LONGEST_MS },
      ...part,
    };
    return transact((tx) => collectContent(tx, reported, atMs));
  };
  const begin = (nowMs: number) =>
    transact((tx) => claimDeployment(tx, { boot: "boot-1", nowMs, untilMs: nowMs + 60_000 }));
  const queue = (part: Partial<NewDeployment>, nowMs: number) =>
    transact((tx) => queueDeployment(tx, newDeployment(part), nowMs));
  const all = () => transact((tx) => listDeployments(tx, { limit: 50 }));

  describe("changed content", () => {
    it("of many changes within the quiet time is one deployment, which names them", async () => {
      const first = await change("About us", T);
      expect(first).toMatchObject({ kind: "new", deployment: { trigger: "content", notBeforeMs: T + QUIET_MS } });
      expect((await change("Prices", T + 20_000)).kind).toBe("joined");
      const last = await change("Jobs", T + 45_000, { change: { source: "Blog", titles: ["Jobs"], by: null } });
      expect(last.deployment).toMatchObject({ id: first.deployment.id, notBeforeMs: T + 75_000 });
      expect(await begin(T + 74_999)).toBeUndefined();
      expect(await begin(T + 75_000)).toMatchObject({
        ...{ id: first.deployment.id, force: true, author: "Ada", commit: "" },
        title: 'Content: "Jobs", "Prices" and 1 more (Blog and Sanity, by Ada)',
        content: { titles: ["Jobs", "Prices", "About us"], sinceMs: T },
      });
      expect(await all()).toHaveLength(1);
    });

    it("is named without what a database refuses", async () => {
      const { deployment } = await change("About\0 us\u001b[2J", T);
      expect(deployment).toMatchObject({ title: 'Content: "About us [2J" (Sanity, by Ada)' });
    });

    it("that does not come to rest is deployed after the longest wait", async () => {
      let nowMs = T;
      for (; nowMs < T + LONGEST_MS; nowMs += 20_000) {
        expect(await begin(nowMs)).toBeUndefined();
        await change(`Change ${nowMs - T}`, nowMs);
      }
      expect(await begin(T + LONGEST_MS - 1)).toBeUndefined();
      expect((await begin(T + LONGEST_MS))?.content?.titles).toHaveLength(15);
    });

    it("that is reported twice counts once, before and after its deployment", async () => {
      const cause = "the same change";
      const first = await change("About", T, { cause });
      expect(await change("About", T + 10_000, { cause })).toMatchObject({ kind: "known", older: [] });
      expect((await all())[0]).toMatchObject({ notBeforeMs: T + QUIET_MS });
      await begin(T + QUIET_MS);
      expect(await change("About", T + 40_000, { cause })).toMatchObject({ kind: "known" });
      await transact((tx) => changeDeployment(tx, first.deployment.id, { state: "failed", reason: "no" }, T + 50_000));
      expect(await change("About", T + 60_000, { cause })).toMatchObject({
        ...{ kind: "known", deployment: { id: first.deployment.id, state: "failed" } },
      });
      expect((await change("About", T + 60_000, { cause, site: "blog" })).kind).toBe("new");
      expect(await all()).toHaveLength(2);
    });

    it("that changes while a deployment is built is brought by another one, after it", async () => {
      const first = await change("About", T);
      await begin(T + QUIET_MS);
      const second = await change("Prices", T + 31_000);
      expect(second).toMatchObject({ kind: "new", deployment: { state: "queued" } });
      expect(second.deployment.content?.titles).toEqual(["Prices"]);
      expect(await begin(T + 100_000)).toBeUndefined();
      const live = { state: "failed", reason: "no" } as const;
      await transact((tx) => changeDeployment(tx, first.deployment.id, live, T + 100_000));
      expect(await begin(T + 100_000)).toMatchObject({ id: second.deployment.id });
    });

    it("goes over to the newer one where the deployment that was to bring it is put back", async () => {
      const first = await change("About", T);
      await begin(T + QUIET_MS);
      const second = await change("Prices", T + 31_000);
      await transact((tx) => changeDeployment(tx, first.deployment.id, { state: "queued" }, T + 32_000));
      const both = await transact((tx) => findDeployment(tx, second.deployment.id));
      expect(both?.content).toMatchObject({ titles: ["Prices", "About"], sinceMs: T });
      expect(both?.title).toContain('"Prices" and "About"');
    });

    it("is brought by a push that waits already, or that comes before it is built", async () => {
      const push = (await queue({}, T)).deployment;
      const joined = await change("About", T + 1);
      expect(joined).toMatchObject({ kind: "joined", deployment: { id: push.id, force: true, title: push.title } });
      expect(joined.deployment.notBeforeMs).toBe(0);

      await change("Elsewhere", T, { site: "blog" });
      const later = await queue({ site: "blog" }, T + 2);
      expect(later.older).toMatchObject([{ trigger: "content", state: "superseded" }]);
      expect(later.deployment).toMatchObject({ notBeforeMs: 0, force: true, content: { titles: ["Elsewhere"] } });
    });

    it("lets a release go that was built without it", async () => {
      const push = (await queue({}, T)).deployment;
      await begin(T);
      await transact((tx) => saveBuilt(tx, push.id, { id: "r", manifest: [], commit: "c", missingLinks: null }));
      await transact((tx) => changeDeployment(tx, push.id, { state: "queued", notBeforeMs: T + 15_000 }, T + 1));
      const joined = await change("About", T + 2);
      expect(joined).toMatchObject({ kind: "joined", deployment: { id: push.id, notBeforeMs: T + 15_000 } });
      expect(await transact((tx) => hasBuilt(tx, push.id))).toBe(false);
    });

    it("is gathered on a paused site too, and deployed at once when that ends", async () => {
      const hold = { by: "ada", reason: null, atMs: T };
      await transact((tx) => setPaused(tx, "shop", hold));
      const first = await change("About", T);
      expect(first.deployment).toMatchObject({ state: "held" });
      await change("Prices", T + 3_600_000);
      expect(await all()).toMatchObject([{ state: "held", content: { titles: ["Prices", "About"] } }]);
      await transact((tx) => setPaused(tx, "shop", null));
      await transact((tx) => settleWaiting(tx, "shop", T + 7_200_000));
      expect(await begin(T + 7_200_000)).toMatchObject({ id: first.deployment.id });
    });

    it("outlasts a restart, with what was gathered and until when", async () => {
      const cause = "before the restart";
      const first = await change("About", T, { cause });
      await reopen();
      expect(await change("About", T + 1, { cause })).toMatchObject({ kind: "known" });
      expect(await change("Prices", T + 10_000)).toMatchObject({
        ...{ kind: "joined", deployment: { id: first.deployment.id, notBeforeMs: T + 40_000 } },
      });
      await reopen();
      expect((await begin(T + 40_000))?.content?.titles).toEqual(["Prices", "About"]);
    });

    it("of a hundred changes is one title within bounds", async () => {
      for (let n = 0; n < 100; n += 1) await change(`Page ${n} ${"x".repeat(500)}`, T + n);
      const [one] = await all();
      expect(one?.content?.titles).toHaveLength(50);
      expect(one?.content?.more).toBe(50);
      expect(one?.title).toMatch(/ and 98 more \(Sanity, by Ada\)$/);
      expect(one?.title.length).toBeLessThan(200);
    });
  });
}

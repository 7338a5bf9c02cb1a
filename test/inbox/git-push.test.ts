/** A push on another git host, from the event to the deployment that is queued. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { applyEffects } from "../../src/inbox/apply-effects.ts";
import { decide } from "../../src/inbox/decide.ts";
import type { GitPushEvent } from "../../src/model/event.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { listDeployments } from "../../src/store/deployments.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Work } from "../../src/store/work.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const config = parseConfig(
  `sites:
  shop: { repo: group/sub/shop, git: "git@lab.example.com:group/sub/shop.git", publish: "dir:/srv/shop" }
  docs: { repo: group/docs, git: "https://lab.example.com/group/docs.git", publish: "dir:/srv/docs" }
  blog: { repo: acme/blog, publish: "dir:/srv/blog" }`,
  "the tests",
);

const push = (part: Partial<GitPushEvent> = {}): GitPushEvent => ({
  ...{ type: "git_push", source: "lab", label: "GitLab", cause: "1", sites: null, repoName: "group/sub/shop" },
  cloneUrls: ["https://lab.example.com/group/sub/shop.git"],
  ...{ ref: "refs/heads/main", before: "1".repeat(40), after: "2".repeat(40) },
  head: { message: "Fix", author: "Ada" },
  ...part,
});

async function createInbox() {
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  onTestFinished(() => store.close());
  const logKeys = createLogKeys([secret("the secret of the tests")]);
  const deps = { config, telling: { config, hasSlack: false, hasGithub: false, logKeys } };
  let count = 0;
  return {
    take: (event: GitPushEvent) =>
      store.transact(function* (tx): Work<string[]> {
        const effects = yield* decide(tx, config, event, { asker: null, nowMs: ++count });
        return yield* applyEffects(tx, deps, effects, { nowMs: count, random: Math.random, cause: String(count) });
      }),
    list: () => store.transact((tx) => listDeployments(tx, { limit: 10 })),
    end: () =>
      store.transact(function* (tx): Work<void> {
        yield tx.db.updateTable("deployments").set({ state: "live", finished_at: 1 }).compile();
      }),
  };
}

it("It deploys its site once, however often and by whom it is reported", async () => {
  const { take, list, end } = await createInbox();
  expect(await take(push())).toEqual([expect.stringMatching(/^queued deployment d-\S+ of shop$/)]);
  expect(await take(push())).toEqual([expect.stringMatching(/^skipped shop: 2222222 is being deployed already by d-/)]);
  await end();
  expect(await take(push({ source: "mirror", label: "Gitea", cause: "2" }))).toEqual([
    expect.stringMatching(/^skipped shop: the same push is deployment d-\S+ already$/),
  ]);
  // Somebody had the delivery worked off again, so that it runs although it looks like a replay.
  expect(await take(push({ isReleased: true }))).toEqual([expect.stringMatching(/^queued deployment d-\S+ of shop$/)]);
  expect(await list()).toMatchObject([
    { site: "shop" },
    { site: "shop", repoName: "group/sub/shop", repoId: null, installationId: null },
  ]);
});

it("It clones what the site's own settings say, also where the source names the site", async () => {
  const { take, list } = await createInbox();
  await take(push({ sites: ["blog"], repoName: "evil/other", cloneUrls: ["https://evil.example.com/other.git"] }));
  expect(await list()).toMatchObject([{ site: "blog", repoName: "acme/blog", commit: "2".repeat(40) }]);
});

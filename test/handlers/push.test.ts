/** What a push to the branch of a site does, and what the record of one that does nothing says. */
import { expect, it } from "vitest";
import { handlePush } from "../../src/handlers/push.ts";
import type { PushEvent } from "../../src/model/event.ts";
import type { SiteFacts } from "../../src/model/site.ts";

const AFTER = "1".repeat(40);
const push = (message: string): PushEvent => ({
  ...{ type: "push", repoId: 42, repoName: "acme/shop", installationId: 9, ref: "refs/heads/main" },
  ...{ before: "0".repeat(40), after: AFTER, deleted: false, head: { message, author: "Ada" }, cause: "push 1" },
});
const site = (workflow: string | null): SiteFacts => ({
  ...{ name: "shop", repo: "acme/shop", branch: "main", workflow, repoId: 42, boundAs: "acme/shop", githubPause: null },
});
const effects = (message: string, workflow: string | null = null) =>
  handlePush(push(message), { sites: [site(workflow)], activeOnCommit: new Map() }).slice(1);

it("A push deploys its commit", () => {
  expect(effects("Fix\n\nLong text")).toMatchObject([{ do: "deploy", site: "shop", commit: AFTER, title: "Fix" }]);
});

it.each<[string, string, string | null, string]>([
  ["of a commit that says so", "Fix [CI skip]", null, "[ci skip]; `slipway deploy shop` deploys it anyway"],
  ["of one that says so below", "Fix\n\n[skip deploy]", null, "[skip deploy]; `slipway deploy shop` deploys it anyway"],
  [
    "of one that says so, where a workflow builds",
    "[no ci]",
    "ci.yml",
    "[no ci]; `slipway deploy shop` deploys it once ci.yml has succeeded for it",
  ],
  ["where a workflow builds", "Fix", "ci.yml", "it waits for the workflow ci.yml, which deploys it by succeeding"],
])(
  "A push %s is recorded as skipped, with the reason and the way to have it all the same",
  (_, message, ci, reason) => {
    const expected = reason.startsWith("[") ? `the commit message says ${reason}` : reason;
    expect(effects(message, ci)).toMatchObject([
      { do: "skip_deployment", site: "shop", commit: AFTER, trigger: "push", reason: expected },
    ]);
  },
);

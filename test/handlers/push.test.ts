/** What a push to the branch of a site does, and what the record of one that does nothing says. */
import { describe, expect, it } from "vitest";
import { handlePush } from "../../src/handlers/push.ts";
import type { CiResult } from "../../src/model/ci.ts";
import type { PushEvent } from "../../src/model/event.ts";
import type { SiteFacts } from "../../src/model/site.ts";

const AFTER = "1".repeat(40);
const push = (message: string): PushEvent => ({
  ...{ type: "push", repoId: 42, repoName: "acme/shop", installationId: 9, ref: "refs/heads/main" },
  ...{ before: "0".repeat(40), after: AFTER, deleted: false, head: { message, author: "Ada" }, cause: "push 1" },
});
const site = (workflow: string | null, after: readonly string[] = []): SiteFacts => ({
  ...{ name: "shop", repo: "acme/shop", branch: "main", workflow, after, repoId: 42, boundAs: "acme/shop" },
  githubPause: null,
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

it("A branch that is deleted is forgotten, whether or not it is deployed", () => {
  const deleted = (ref: string) =>
    handlePush({ ...push(""), ref, deleted: true, head: null }, { sites: [site(null)], activeOnCommit: new Map() });
  for (const branch of ["main", "release/2"]) {
    const gone = deleted(`refs/heads/${branch}`);
    expect(gone).toContainEqual({ do: "forget_branch", repoId: 42, branch });
    expect(gone).not.toContainEqual(expect.objectContaining({ do: "deploy" }));
  }
  expect(deleted("refs/tags/v1")).not.toContainEqual(expect.objectContaining({ do: "forget_branch" }));
});

describe("A push to a site that waits for CI", () => {
  const result = (part: Partial<CiResult> = {}): CiResult => ({
    ...{ workflow: "CI", path: ".github/workflows/ci.yml", branch: "main", commit: AFTER, runId: 5, order: 1 },
    ...{ verdict: "passed", ...part },
  });
  const lint = (part: Partial<CiResult> = {}) => result({ workflow: "Lint", path: "lint.yml", runId: 6, ...part });
  const waiting = (after: readonly string[], ofCommit: CiResult[], newer: CiResult[] = [], message = "Fix") =>
    handlePush(push(message), {
      sites: [site(null, after)],
      activeOnCommit: new Map(),
      ci: { ofCommit, newer },
    }).slice(1);
  const ANYWAY = "; `slipway deploy shop` deploys it anyway";
  const skipped = (reason: string) => [{ do: "skip_deployment", site: "shop", commit: AFTER, trigger: "push", reason }];

  it("is recorded as skipped, with what deploys it", () => {
    expect(waiting(["CI"], [])).toMatchObject(skipped(`it waits for CI, which deploys it by succeeding${ANYWAY}`));
    expect(waiting(["CI", "lint.yml"], [result()])).toMatchObject(
      skipped(`it waits for CI and lint.yml, which deploy it by succeeding${ANYWAY}`),
    );
  });

  it("of a commit that says so is skipped without waiting", () => {
    expect(waiting(["CI"], [result()], [], "[skip deploy]")).toMatchObject(
      skipped("the commit message says [skip deploy]; `slipway deploy shop` deploys it anyway"),
    );
  });

  it("that CI was faster than builds this very commit, once", () => {
    const deploy = { do: "deploy", trigger: "workflow", askedCommit: AFTER, cause: `after ${AFTER} 5.1 6.1` };
    expect(waiting(["CI", "Lint"], [lint(), result()])).toMatchObject([deploy]);
    expect(waiting(["Lint", "CI"], [result(), lint()])).toMatchObject([deploy]);
    expect(waiting(["CI"], [result()])[0]).not.toHaveProperty("runId");
  });

  it("that failed already says so; of several runs the newest counts, and other branches do not", () => {
    expect(waiting(["CI"], [result({ verdict: "failed" })])).toMatchObject(
      skipped(`run 5 of CI failed; run again on GitHub, it deploys by succeeding${ANYWAY}`),
    );
    const again = result({ runId: 7 });
    expect(waiting(["CI"], [again, result({ verdict: "failed" })])).toMatchObject([{ do: "deploy" }]);
    expect(waiting(["CI"], [result({ branch: "next" })])).toMatchObject([{ do: "skip_deployment" }]);
  });

  it("is deployed by no file of a name while another file of that name has failed", () => {
    const other = result({ path: "nightly.yml", runId: 4, verdict: "failed" });
    expect(waiting(["CI"], [result(), other])).toMatchObject([
      { reason: expect.stringContaining("run 4 of CI failed") },
    ]);
    expect(waiting(["CI"], [result(), { ...other, runId: 6 }])).toMatchObject([{ do: "skip_deployment" }]);
    expect(waiting(["CI"], [result(), { ...other, verdict: "passed" }])).toMatchObject([{ do: "deploy" }]);
  });

  it("that was overtaken does not take the site back", () => {
    const newer = "2".repeat(40);
    const passed = [result({ runId: 8, commit: newer }), lint({ runId: 9, commit: newer })];
    expect(waiting(["CI", "Lint"], [result(), lint()], passed)).toMatchObject(
      skipped(
        "2222222 was pushed later and has passed already; `slipway deploy shop --commit 1111111` deploys this one",
      ),
    );
    expect(waiting(["CI", "Lint"], [result(), lint()], passed.slice(0, 1))).toMatchObject([{ do: "deploy" }]);
    const older = passed.map((it) => ({ ...it, runId: it.runId - 7 }));
    expect(waiting(["CI", "Lint"], [result(), lint()], older)).toMatchObject([{ do: "deploy" }]);
  });
});

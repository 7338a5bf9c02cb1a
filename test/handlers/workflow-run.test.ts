/** Which runs of workflows deploy which sites. */
import { describe, expect, it } from "vitest";
import { handleWorkflowRun } from "../../src/handlers/workflow-run.ts";
import type { CiResult } from "../../src/model/ci.ts";
import type { WorkflowRunEvent } from "../../src/model/event.ts";
import type { SiteFacts } from "../../src/model/site.ts";
import { isWorkflow } from "../../src/model/workflow.ts";

const run = (part: Partial<WorkflowRunEvent> = {}): WorkflowRunEvent => ({
  ...{ type: "workflow_run", isCheckSuite: false },
  ...{ repoId: 42, repoName: "acme/shop", installationId: 9 },
  action: "completed",
  workflow: { name: "CI", path: ".github/workflows/ci.yml" },
  ...{
    runId: 5,
    runNumber: 7,
    attempt: 1,
    actorLogin: "alice",
    url: null,
    event: "push",
    status: "completed",
    conclusion: "success",
  },
  ...{ headBranch: "main", headSha: "1".repeat(40), headRepoId: 42 },
  head: { message: "Fix the footer\n\nLong text", author: "Alice" },
  cause: "workflow_run 5 attempt 1",
  ...part,
});

const site = (part: Partial<SiteFacts> = {}): SiteFacts => ({
  ...{ name: "shop", repo: "acme/shop", branch: "main", workflow: "CI", repoId: 42, boundAs: "acme/shop" },
  ...{ after: [], githubPause: null },
  ...part,
});

const remember = { do: "remember_repository", repoId: 42, repoName: "acme/shop", installationId: 9 };

/** What becomes of the run, besides that the repository is remembered. */
function effects(event: WorkflowRunEvent, ...sites: SiteFacts[]) {
  const [first, ...rest] = handleWorkflowRun(event, { sites: sites.length > 0 ? sites : [site()] });
  expect(first).toEqual(remember);
  return rest;
}

describe("a run that succeeded for a push to the site's branch", () => {
  it("deploys its commit", () => {
    expect(effects(run())).toEqual([
      {
        ...{ do: "deploy", site: "shop", trigger: "workflow", cause: "workflow_run 5 attempt 1", runId: 5 },
        ...{ repoId: 42, repoName: "acme/shop", installationId: 9, branch: "main", commit: "1".repeat(40) },
        ...{ author: "Alice", title: "Fix the footer" },
      },
    ]);
  });

  it("deploys every site that waits for it, and no other", () => {
    const built = site({ name: "blog", workflow: null });
    const other = site({ name: "docs", workflow: "docs.yml" });
    const byFile = site({ name: "byfile", workflow: "ci.yml" });
    const elsewhere = site({ name: "elsewhere", repoId: 43 });
    expect(effects(run(), site(), built, other, byFile, elsewhere)).toMatchObject([
      { do: "deploy", site: "shop" },
      { do: "skip", site: "docs", reason: "CI is not docs.yml, the workflow that the site waits for" },
      { do: "deploy", site: "byfile" },
    ]);
  });

  it("ties a site to its repository, as a push does", () => {
    expect(effects(run(), site({ repoId: null, boundAs: null }))).toMatchObject([
      { do: "bind_site", site: "shop", repoId: 42, boundAs: "acme/shop" },
      { do: "deploy", site: "shop" },
    ]);
  });

  it("is named where GitHub tells little of the commit", () => {
    expect(effects(run({ head: null }))).toMatchObject([{ do: "deploy", author: "unknown", title: "" }]);
  });
});

describe("a run that deploys nothing says why", () => {
  it.each<[string, Partial<WorkflowRunEvent>, string]>([
    ["of a fork whose branch is called main", { headRepoId: 7 }, "run 5 of CI is about a commit of a fork"],
    ["of a fork that is gone", { headRepoId: null }, "run 5 of CI is about a commit of a fork"],
    ["for a pull request", { event: "pull_request" }, "run 5 of CI was started by pull_request, not by a push"],
    ["that somebody started by hand", { event: "workflow_dispatch" }, "started by workflow_dispatch"],
    ["that begins", { action: "requested", conclusion: null }, "run 5 of CI has not ended yet"],
    ["of another branch", { headBranch: "next" }, "run 5 of CI is about next, not main, the branch that is deployed"],
    ["of no branch", { headBranch: null }, "run 5 of CI is about no branch, not main"],
    ["of another workflow", { workflow: { name: "Lint", path: "lint.yml" } }, "Lint is not CI, the workflow"],
    [
      "of a workflow with a very long name",
      { workflow: { name: "x".repeat(500), path: "" } },
      `${"x".repeat(100)} is not CI`,
    ],
  ])("%s", (_, part, reason) => {
    expect(effects(run(part))).toEqual([{ do: "skip", site: "shop", reason: expect.stringContaining(reason) }]);
  });

  it.each<[string, Partial<WorkflowRunEvent>, string]>([
    [
      "that failed",
      { conclusion: "failure" },
      "run 5 of CI ended with failure; run again on GitHub, it deploys by succeeding",
    ],
    [
      "that failed again",
      { conclusion: "timed_out", attempt: 3 },
      "run 5 of CI, attempt 3, ended with timed_out; run again on GitHub, it deploys by succeeding",
    ],
    [
      "that was cancelled",
      { conclusion: "cancelled" },
      "run 5 of CI ended with cancelled; run again on GitHub, it deploys by succeeding",
    ],
    [
      "with a marker",
      { head: { message: "x [Skip Deploy]", author: "a" } },
      "the commit message says [skip deploy]; `slipway deploy shop` deploys it anyway",
    ],
    [
      "that failed, with a marker",
      { head: { message: "[skip ci]", author: "a" }, conclusion: "failure" },
      "the commit message says [skip ci]; `slipway deploy shop` deploys it once CI has succeeded for it",
    ],
  ])("in the site's history, where people wait for it: %s", (_, part, reason) => {
    expect(effects(run(part))).toMatchObject([
      { do: "skip_deployment", site: "shop", trigger: "workflow", commit: "1".repeat(40), reason },
    ]);
  });

  it("once, where no site of the repository waits for a workflow", () => {
    for (const sites of [
      [],
      [site({ workflow: null })],
      [site({ repo: "acme/other", repoId: 43, boundAs: "acme/other" })],
    ]) {
      expect(handleWorkflowRun(run(), { sites })).toEqual([
        { do: "skip", site: null, reason: "no site waits for a workflow of acme/shop" },
      ]);
    }
  });
});

describe("a run that a site waits for before Slipway builds it", () => {
  const waiting = (after: string[], event: WorkflowRunEvent, ofCommit: CiResult[] = [], newer: CiResult[] = []) =>
    handleWorkflowRun(event, { sites: [site({ workflow: null, after })], ci: { ofCommit, newer } }).slice(1);
  const result = (part: Partial<CiResult> = {}): CiResult => ({
    ...{ workflow: "Lint", path: "lint.yml", branch: "main", commit: "1".repeat(40), runId: 6, order: 1 },
    ...{ verdict: "passed", ...part },
  });
  const skips = (reason: string) => [{ do: "skip", site: "shop", reason }];

  it("builds this very commit when all have succeeded, whichever comes last, and once", () => {
    const [byRun] = waiting(["CI", "Lint"], run(), [result()]);
    expect(byRun).toMatchObject({ do: "deploy", trigger: "workflow", askedCommit: "1".repeat(40), author: "Alice" });
    expect(byRun).not.toHaveProperty("runId");
    const ci = result({ workflow: "CI", path: "ci.yml", runId: 5 });
    const last = run({ runId: 6, workflow: { name: "Lint", path: "lint.yml" }, cause: "workflow_run 6 attempt 1" });
    expect(waiting(["CI", "Lint"], last, [ci])).toEqual([byRun]);
    expect(waiting(["CI", "Lint"], last, [ci, result()])).toEqual([byRun]);
  });

  it("waits for the others", () => {
    expect(waiting(["CI", "Lint", "types.yml"], run())).toEqual(skips("it waits for Lint and types.yml too"));
    expect(waiting(["CI", "Lint"], run(), [result({ verdict: "failed" })])).toEqual(
      skips("run 6 of Lint failed for the same commit"),
    );
  });

  it.each(["failure", "cancelled", "skipped"])("and that ends with %s stays in the site's history", (conclusion) => {
    expect(waiting(["CI"], run({ conclusion }))).toMatchObject([
      {
        ...{ do: "skip_deployment", cause: "workflow_run 5 attempt 1" },
        reason: `run 5 of CI ended with ${conclusion}; run again on GitHub, it deploys by succeeding; \`slipway deploy shop\` deploys it anyway`,
      },
    ]);
  });

  it("and that was run again since changes nothing", () => {
    const again = result({ workflow: "CI", path: "ci.yml", runId: 5, order: 2 });
    expect(waiting(["CI"], run({ conclusion: "failure" }), [again])).toEqual(skips("run 5 of CI was run again since"));
  });

  it("and that comes after a newer commit passed does not take the site back", () => {
    const newer = result({ workflow: "CI", path: "ci.yml", runId: 9, commit: "2".repeat(40) });
    expect(waiting(["CI"], run(), [], [newer])).toMatchObject([
      { do: "skip_deployment", reason: expect.stringMatching(/^2222222 was pushed later and has passed already/) },
    ]);
  });

  it.each<[string, Partial<WorkflowRunEvent>, string]>([
    ["of a fork", { headRepoId: 7 }, "run 5 of CI is about a commit of a fork"],
    ["of a pull request", { event: "pull_request" }, "run 5 of CI was started by pull_request, not by a push"],
    [
      "of another workflow",
      { workflow: { name: "Docs", path: "d.yml" } },
      "Docs is not CI or Lint, one of the workflows",
    ],
    ["with a marker", { head: { message: "[skip deploy]", author: "a" } }, "the commit message says [skip deploy]"],
  ])("but %s deploys nothing", (_, part, reason) => {
    expect(waiting(["CI", "Lint"], run(part), [result()])).toEqual(skips(expect.stringContaining(reason) as string));
  });
});

it.each<[string, string, string, boolean]>([
  ["CI", "CI", "", true],
  ["ci", "CI", ".github/workflows/build.yml", false],
  ["ci.yml", "CI", ".github/workflows/ci.yml", true],
  [".github/workflows/ci.yml", "CI", ".github/workflows/ci.yml", true],
  ["ci.yml", "CI", "acme/shop/.github/workflows/ci.yml@main", true],
  ["ci.yaml", "", ".github/workflows/ci.yaml@refs/heads/x/lint.yml", true],
  ["lint.yml", "", ".github/workflows/ci.yaml@refs/heads/x/lint.yml", false],
  ["ci.yml", "CI", ".github/workflows/my-ci.yml", false],
  ["", "", "", false],
])("The workflow %j is the one called %j in the file %j: %s", (wanted, name, path, expected) => {
  expect(isWorkflow(wanted, { name, path })).toBe(expected);
});

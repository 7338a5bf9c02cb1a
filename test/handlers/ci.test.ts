/** Which channels follow which runs, and which runs are remembered. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { type CiFacts, handleCi, handleRunEnvironment } from "../../src/handlers/ci.ts";
import type { WorkflowRunEvent } from "../../src/model/event.ts";
import type { SiteFacts } from "../../src/model/site.ts";

const run = (part: Partial<WorkflowRunEvent> = {}): WorkflowRunEvent => ({
  ...{ type: "workflow_run", isCheckSuite: false, repoId: 42, repoName: "acme/shop", installationId: 9 },
  ...{ action: "completed", workflow: { name: "CI", path: ".github/workflows/ci.yml" }, runId: 5, runNumber: 7 },
  ...{ attempt: 1, actorLogin: "alice", url: "https://github.com/acme/shop/actions/runs/5", event: "push" },
  ...{ status: "completed", conclusion: "failure", headBranch: "main", headSha: "1".repeat(40), headRepoId: 42 },
  ...{ head: { message: "Fix\n\nmore", author: "Alice" }, cause: "workflow_run 5 attempt 1", ...part },
});

const site = (part: Partial<SiteFacts> = {}): SiteFacts => ({
  ...{ name: "shop", repo: "acme/shop", branch: "main", workflow: null, after: [], repoId: 42, boundAs: "acme/shop" },
  ...{ githubPause: null, ...part },
});

const CHANNELS = new Map([
  ["shop", { channel: "C0SHOP", setting: "sites.shop.channel" }],
  ["docs", { channel: "C0OPS", setting: "channel" }],
]);

const SITES = 'sites: { shop: { repo: acme/shop, publish: "dir:/a" }, docs: { repo: acme/shop, publish: "dir:/b" } }';

/** The facts, with `ci` as it would stand in slipway.yaml; null: nothing stands there. */
function facts(ci: string | null, part: Partial<CiFacts> = {}): CiFacts {
  const { ci: rules } = parseConfig(`channel: C0OPS\n${SITES}\n${ci === null ? "" : `ci: ${ci}`}`, "the tests");
  return { sites: [site()], rules, channels: CHANNELS, hasWorkflows: false, ...part };
}

const followsOf = (event: WorkflowRunEvent, known: CiFacts) =>
  handleCi(event, known).flatMap((effect) => (effect.do === "ci_run" ? effect.follows : []));
const channelsOf = (event: WorkflowRunEvent, known: CiFacts) => followsOf(event, known).map(({ channel }) => channel);

describe("a run that failed", () => {
  it("is followed by the site's channel, on its branch, where nothing is said", () => {
    expect(handleCi(run(), facts(null))).toEqual([
      {
        do: "ci_run",
        run: {
          ...{ repoId: 42, repoName: "acme/shop", workflow: "CI", path: ".github/workflows/ci.yml", branch: "main" },
          ...{ runId: 5, runNumber: 7, attempt: 1, event: "push", commit: "1".repeat(40), title: "Fix" },
          ...{ author: "Alice", actorLogin: "alice", url: "https://github.com/acme/shop/actions/runs/5" },
          ...{ verdict: "failed", conclusion: "failure" },
        },
        follows: [{ channel: "C0SHOP", setting: "sites.shop.channel", environments: [] }],
      },
    ]);
    expect(handleCi(run({ headBranch: "next" }), facts(null))).toEqual([]);
    expect(handleCi(run(), facts("[]"))).toEqual([]);
    expect(handleCi(run(), facts(null, { channels: new Map() }))).toEqual([]);
    expect(handleCi(run({ repoId: 43, headRepoId: 43, repoName: "acme/other" }), facts(null))).toEqual([]);
  });

  it("is told a channel once, however many rules and sites name it", () => {
    const ci = "[{ channel: C0CI, environments: [production] }, { channel: C0CI, environments: [staging] }]";
    const sites = [site(), site({ name: "docs" })];
    expect(followsOf(run(), facts(ci, { sites }))).toEqual([
      { channel: "C0CI", setting: "ci.0.channel", environments: ["production", "staging"] },
    ]);
    const all = "[{ channel: C0CI, environments: [production] }, { channel: C0CI }]";
    expect(followsOf(run(), facts(all, { sites }))).toMatchObject([{ channel: "C0CI", environments: [] }]);
    expect(channelsOf(run(), facts(null, { sites }))).toEqual(["C0SHOP", "C0OPS"]);
  });

  it.each<[string, string, Partial<WorkflowRunEvent>, boolean]>([
    ["a site that is named", "sites: [shop]", {}, true],
    ["a site that is not", "sites: [docs]", {}, false],
    ["a branch by pattern", 'branches: ["release/*"]', { headBranch: "release/2" }, true],
    ["a branch that no pattern matches", 'branches: ["release/*"]', {}, false],
    ["a branch that is taken out", 'branches: ["**", "!wip/**"]', { headBranch: "wip/a/b" }, false],
    ["a branch that is called like a pattern", 'branches: ["a[b"]', { headBranch: "a[b" }, true],
    ["a workflow by name", "workflows: [CI]", {}, true],
    ["a workflow by file", "workflows: [ci.yml]", {}, true],
    ["another workflow", "workflows: [Lint]", {}, false],
    ["a conclusion", "conclusions: [timed_out]", { conclusion: "timed_out" }, true],
    ["another conclusion", "conclusions: [timed_out]", {}, false],
    ["everybody but one", 'actors: ["!dependabot[bot]"]', {}, true],
    ["not that one", 'actors: ["!dependabot[bot]"]', { actorLogin: "dependabot[bot]" }, false],
    ["no one who is merely called alike", 'actors: ["!dependabot[bot]"]', { actorLogin: "dependabotb" }, true],
    ["somebody, however they are spelled", "actors: [Alice]", {}, true],
    ["bots of a kind", 'actors: ["*[bot]"]', { actorLogin: "renovate[bot]" }, true],
    ["nobody else", "actors: [bob]", {}, false],
  ])("is filtered by %s", (_, rule, part, isTold) => {
    expect(channelsOf(run(part), facts(`[{ ${rule} }]`))).toEqual(isTold ? ["C0SHOP"] : []);
  });
});

describe("a run that succeeded", () => {
  it("is told whoever heard of a failure, whoever made it and however it had failed", () => {
    const known = facts("[{ conclusions: [timed_out], actors: [bob] }]");
    expect(channelsOf(run({ conclusion: "success" }), known)).toEqual(["C0SHOP"]);
    expect(channelsOf(run(), known)).toEqual([]);
  });
});

describe("a run that says nothing of a branch", () => {
  it.each<[string, Partial<WorkflowRunEvent>]>([
    ["for a pull request", { event: "pull_request" }],
    ["for a pull request with our secrets", { event: "pull_request_target" }],
    ["of a fork whose branch is called main", { headRepoId: 7 }],
    ["of a fork that is gone", { headRepoId: null }],
    ["of no branch", { headBranch: null }],
    ["that has not ended", { action: "in_progress", conclusion: null }],
    ...["cancelled", "skipped", "neutral", "stale", "something new"].map(
      (conclusion): [string, Partial<WorkflowRunEvent>] => [`that ended with ${conclusion}`, { conclusion }],
    ),
  ])("%s is not remembered, even where a site waits for CI", (_, part) => {
    expect(handleCi(run(part), facts(null, { sites: [site({ after: ["CI"] })] }))).toEqual([]);
  });
});

it("A run that nobody follows is remembered where a site of its repository waits for CI", () => {
  const waiting = { sites: [site({ after: ["CI"] })] };
  expect(handleCi(run(), facts("[]", waiting))).toMatchObject([{ do: "ci_run", follows: [] }]);
  expect(handleCi(run({ repoId: 43, headRepoId: 43 }), facts("[]", waiting))).toEqual([]);
});

it("A suite of checks counts where no workflow was ever seen, or where it is named", () => {
  const suite = run({ isCheckSuite: true, workflow: { name: "CircleCI", path: "" }, order: 61 });
  expect(handleCi(suite, facts(null))).toMatchObject([{ run: { order: 61, workflow: "CircleCI" } }]);
  expect(handleCi(suite, facts(null, { hasWorkflows: true }))).toEqual([]);
  expect(channelsOf(suite, facts("[{ workflows: [CircleCI] }]", { hasWorkflows: true }))).toEqual(["C0SHOP"]);
});

it("Environments are remembered where a rule names them", () => {
  const event = {
    type: "run_environment",
    repoId: 42,
    repoName: "acme/shop",
    runId: 5,
    environment: "production",
  } as const;
  const known = facts("[{ environments: [production] }]");
  const remember = { do: "remember_environment", repoId: 42, runId: 5, environment: "production" };
  expect(handleRunEnvironment(event, known)).toEqual([remember]);
  expect(handleRunEnvironment({ ...event, environment: "x" }, known)).toMatchObject([{ do: "skip" }]);
  expect(handleRunEnvironment({ ...event, repoId: 1 }, known)).toMatchObject([{ do: "skip" }]);
  const untied = { ...known, sites: [site({ repoId: null, boundAs: null })] };
  expect(handleRunEnvironment(event, untied)).toEqual([remember]);
});

it("Texts from outside are cut", () => {
  const long = "x".repeat(5000);
  const event = run({ workflow: { name: long, path: long }, actorLogin: long, head: { message: long, author: long } });
  const [effect] = handleCi({ ...event, url: `https://e.example/${long}` }, facts(null));
  expect(JSON.stringify(effect).length).toBeLessThan(1500);
});

/** Deliveries of workflow_run, from the signed request to the deployment that waits. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { type InboxWorld, push, startInbox } from "./world.ts";

const config = parseConfig(
  `
sites:
  shop: { repo: acme/shop, publish: "dir:/srv/shop", build: { from: workflow, workflow: CI } }
  blog: { repo: acme/shop, publish: "dir:/srv/blog" }
`,
  "the tests",
);
const HEAD = "1".repeat(40);

let world: InboxWorld;
beforeEach(async () => {
  world = await startInbox({ config });
});
afterEach(() => world.stop());

/** A run of CI that succeeded for a push, as far as we look at it, with whatever else is given. */
const run = (given: Record<string, unknown> = {}) => ({
  action: "completed",
  workflow: { name: "CI", path: ".github/workflows/ci.yml" },
  workflow_run: {
    ...{ id: 289_782_451_001, name: "CI", path: ".github/workflows/ci.yml", run_attempt: 1, event: "push" },
    ...{ status: "completed", conclusion: "success", head_branch: "main", head_sha: HEAD },
    head_commit: { message: "Fix the footer\n\nLong text", author: { name: "Alice" } },
    head_repository: { id: 42 },
    ...given,
  },
  repository: { id: 42, full_name: "acme/shop" },
  installation: { id: 9 },
});

/** Sends it, and answers with what became of it once it is worked off. */
async function sent(event: string, payload: unknown): Promise<string> {
  expect(await world.send(event, payload)).toBe(200);
  return vi.waitFor(
    async () => {
      const [newest] = await world.deliveries();
      expect(newest?.state).toBe("done");
      return (newest?.outcome ?? []).join("; ");
    },
    { timeout: 60_000, interval: 20 },
  );
}

const deploymentsOf = async (site: string) => (await world.deployments()).filter((one) => one.site === site);

describe("a site that waits for a workflow", () => {
  it("is deployed by the run, which the deployment remembers, once however often it is reported", async () => {
    expect(await sent("workflow_run", run())).toMatch(/^queued deployment d-\S+ of shop$/);
    expect(await sent("workflow_run", run())).toMatch(/^skipped shop: the same workflow is deployment d-/);
    expect(await deploymentsOf("shop")).toMatchObject([
      {
        ...{ state: "queued", trigger: "workflow", runId: 289_782_451_001, commit: HEAD, branch: "main" },
        ...{ author: "Alice", title: "Fix the footer", repoId: 42, installationId: 9 },
      },
    ]);
    expect(await deploymentsOf("blog")).toEqual([]);
    expect(await sent("workflow_run", run({ run_attempt: 2 }))).toMatch(/^queued deployment/);
  });

  it("is not deployed by the push itself, while other sites of the repository are", async () => {
    await sent("push", push());
    const [record] = await deploymentsOf("shop");
    expect(record).toMatchObject({ state: "skipped", commit: HEAD, runId: null });
    expect(record?.reason).toContain("it waits for the workflow CI");
    expect(await deploymentsOf("blog")).toMatchObject([{ state: "queued", trigger: "push" }]);
    await sent("workflow_run", run());
    expect((await deploymentsOf("shop")).map(({ state }) => state).sort()).toEqual(["queued", "skipped"]);
  });

  it("shows in its history that the run failed", async () => {
    await sent("workflow_run", run({ conclusion: "failure" }));
    const [record] = await deploymentsOf("shop");
    expect(record).toMatchObject({ state: "skipped", trigger: "workflow" });
    expect(record?.reason).toContain("run 289782451001 of CI ended with failure");
  });

  it("takes no notice of a fork whose branch is called main", async () => {
    expect(await sent("workflow_run", run({ head_repository: { id: 7 } }))).toContain("a commit of a fork");
    expect(await world.deployments()).toEqual([]);
  });
});

describe("a site that waits for CI before Slipway builds it", () => {
  const waiting = parseConfig(
    `sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop", channel: C0SHOP, after: [CI, lint.yml] } }`,
    "the tests",
  );
  beforeEach(async () => {
    await world.stop();
    world = await startInbox({ config: waiting });
  });
  const lint = (given: Record<string, unknown> = {}) => ({
    ...run({ id: 7, name: "Lint", path: ".github/workflows/lint.yml", ...given }),
    workflow: { name: "Lint", path: ".github/workflows/lint.yml" },
  });
  const states = async () => (await deploymentsOf("shop")).map(({ trigger, state }) => `${trigger} ${state}`).sort();

  const deliver = {
    push: () => sent("push", push()),
    ci: () => sent("workflow_run", run()),
    lint: () => sent("workflow_run", lint()),
  };

  it.each<[string, Array<keyof typeof deliver>]>([
    ["after the push", ["push", "ci", "lint"]],
    ["before the push", ["lint", "ci", "push"]],
    ["on both sides of the push", ["ci", "push", "lint"]],
    ["twice, and the push too", ["ci", "lint", "ci", "push", "push"]],
  ])("is built once when CI comes %s", async (_, deliveries) => {
    for (const name of deliveries) await deliver[name]();
    const queued = (await deploymentsOf("shop")).filter(({ state }) => state === "queued");
    expect(queued).toMatchObject([{ trigger: "workflow", runId: null, askedCommit: HEAD, commit: HEAD, force: false }]);
    expect((await states()).filter((it) => it !== "workflow queued").every((it) => it === "push skipped")).toBe(true);
  });

  it("is not built when one fails, and is when that is run again", async () => {
    await sent("push", push());
    await sent("workflow_run", run());
    await sent("workflow_run", lint({ conclusion: "failure" }));
    expect(await states()).toEqual(["push skipped", "workflow skipped"]);
    expect((await deploymentsOf("shop")).map(({ reason }) => reason)).toContain(
      "run 7 of Lint ended with failure; run again on GitHub, it deploys by succeeding; `slipway deploy shop` deploys it anyway",
    );
    expect(await sent("workflow_run", lint({ run_attempt: 2 }))).toMatch(
      /told C0SHOP: Lint on main.*; queued deployment/,
    );
  });

  it("is not built for what others wrote into a fork or a pull request", async () => {
    await sent("workflow_run", run());
    expect(await sent("workflow_run", lint({ head_repository: { id: 7 } }))).toContain("a commit of a fork");
    expect(await sent("workflow_run", lint({ event: "pull_request" }))).toContain("started by pull_request");
    expect(await world.deployments()).toEqual([]);
  });

  it("does not go back to an older commit whose CI took longer", async () => {
    const newer = "2".repeat(40);
    await sent("workflow_run", run());
    await sent("workflow_run", run({ id: 289_782_451_002, head_sha: newer }));
    await sent("workflow_run", lint({ id: 9, head_sha: newer }));
    const late = await sent("workflow_run", lint({ id: 8 }));
    expect(late).toContain("2222222 was pushed later and has passed already");
    const queued = (await deploymentsOf("shop")).filter(({ state }) => state === "queued");
    expect(queued).toMatchObject([{ commit: newer }]);
  });
});

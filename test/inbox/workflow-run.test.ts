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
    { timeout: 20_000, interval: 20 },
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

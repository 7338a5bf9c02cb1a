/** GitHub's deliveries of workflow_run, read into our own words by way of Probot. */
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { UnparseableError } from "../../src/errors.ts";
import { createGithub } from "../../src/github/probot.ts";
import { createGithubReader } from "../../src/github/reader.ts";
import type { Delivery } from "../../src/model/delivery.ts";
import { secret } from "../../src/secrets/secret.ts";

type Payload = Record<string, unknown> & { workflow_run: Record<string, unknown> };
const examples = createRequire(import.meta.url)("@octokit/webhooks-examples") as Array<{
  name: string;
  examples: Payload[];
}>;
const published = examples.find(({ name }) => name === "workflow_run")?.examples ?? [];

const secrets = { webhookSecrets: [secret("a secret for the tests")] };
const github = createGithub({ githubApp: null, githubApiUrl: "http://127.0.0.1:1", ...secrets });
const read = createGithubReader((emit) => github.load(emit));
let lastId = 0;

const delivery = (payload: unknown): Delivery => ({
  ...{ id: ++lastId, source: "github", key: `1/guid-${lastId}`, event: "workflow_run", digest: "" },
  ...{ body: Buffer.from(JSON.stringify(payload)), receivedAtMs: 0, state: "received", verdict: "new", attempts: 1 },
  ...{ outcome: [], finishedAtMs: null, seen: 1, releasedBy: null },
});

/** The example of a run that succeeded, with whatever else is given. */
function payload(run: Record<string, unknown> = {}): Payload {
  const example = published.find((one) => one.workflow_run.conclusion === "success");
  if (!example) throw new Error("there is no such example");
  return { ...example, workflow_run: { ...example.workflow_run, ...run } };
}

describe("a delivery of workflow_run", () => {
  it("means what GitHub documents", async () => {
    expect(await read(delivery(payload()))).toEqual([
      {
        ...{ type: "workflow_run", isCheckSuite: false },
        ...{ repoId: 300_029_405, repoName: "octo-org/octo-repo", installationId: null, action: "completed" },
        workflow: { name: "test", path: ".github/workflows/test.yml" },
        ...{ actorLogin: "Codertocat", runNumber: 163 },
        url: "https://github.com/octo-org/octo-repo/actions/runs/289782451",
        ...{ runId: 289_782_451, attempt: 1, event: "repository_dispatch", status: "completed", conclusion: "success" },
        ...{ headBranch: "master", headSha: "3484a3fb816e0859fd6e1cea078d76385ff50625", headRepoId: 300_029_405 },
        head: { message: "build(test): check workflow run event payload", author: "Matthias Fax" },
        cause: "workflow_run 289782451 attempt 1",
      },
    ]);
  });

  it("of every kind that GitHub publishes an example of is read", async () => {
    expect(published.length).toBeGreaterThan(3);
    for (const example of published) {
      expect(await read(delivery(example))).toMatchObject([{ type: "workflow_run", action: example.action }]);
    }
  });

  it("of another attempt has another cause", async () => {
    const again = payload({ run_attempt: 2 });
    expect(await read(delivery(again))).toMatchObject([{ cause: "workflow_run 289782451 attempt 2", attempt: 2 }]);
  });

  it("without a fork that is still there, a branch, a commit or a workflow is read all the same", async () => {
    const bare = payload({ head_repository: null, head_branch: null, head_commit: null, path: null, name: null });
    expect(await read(delivery({ ...bare, workflow: null }))).toMatchObject([
      { headRepoId: null, headBranch: null, head: null, workflow: { name: "", path: "" } },
    ]);
  });

  it.each([{ id: "7" }, { head_sha: "main" }, { event: null }])("with %o is unparseable", async (run) => {
    await expect(read(delivery(payload(run)))).rejects.toBeInstanceOf(UnparseableError);
  });
});

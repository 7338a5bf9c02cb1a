/** A warm build of the example Angular application gives what a clean one gives, whatever happened in between. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { siteFolder } from "../../src/demo/world.ts";
import type { DeploymentJob } from "../../src/pipeline/job.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { createJob } from "./deployment-job.ts";
import { runJob } from "./run-job.ts";

const PAGE = "src/app/pages/about.ts";

async function build(job: DeploymentJob) {
  const { outcome, transcript } = await runJob(job, () => {}, process.env);
  if (outcome.kind !== "live") throw new Error(transcript);
  return {
    manifest: outcome.manifest,
    isWarm: transcript.includes("The dependencies are those of an earlier deployment"),
  };
}

test("A warm build gives the release of a clean one, after a changed source and a build that was killed", {
  timeout: 280_000,
}, async () => {
  const repository = createGitRepository();
  const folder = fileURLToPath(repository.url);
  cpSync(siteFolder("angular"), folder, { recursive: true });
  repository.commit({ "README.md": "Tidewater" });
  const { job } = createJob(repository.url, { site: { timeoutMs: 250_000, idleTimeoutMs: 250_000 } });
  const cold = await build(job);
  expect(cold.isWarm).toBe(false);

  const page = readFileSync(join(folder, PAGE), "utf8");
  repository.commit({ [PAGE]: page.replace("Tidewater has recorded", "Since 1871 Tidewater has recorded") });
  const cancel = new AbortController();
  const killed = await runJob(
    job,
    (message) => {
      if (message.type === "line" && message.text.includes("ng build")) cancel.abort(new Error("cancelled"));
    },
    process.env,
    cancel.signal,
  );
  expect(killed.outcome, killed.transcript).toEqual({ kind: "cancelled", stage: "build" });

  const warm = await build(job);
  expect(warm.isWarm).toBe(true);
  expect(warm.manifest).not.toEqual(cold.manifest);
  const clean = await build({ ...job, cleanCaches: true });
  expect(clean.isWarm).toBe(false);
  expect(warm.manifest).toEqual(clean.manifest);
});

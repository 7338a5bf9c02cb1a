/** In place of a build: what a workflow of GitHub Actions built for this commit. */
import { join } from "node:path";
import { downloadArtifact } from "../artifacts/download-artifact.ts";
import { findArtifact } from "../artifacts/find-artifact.ts";
import { unpackArtifact } from "../artifacts/unpack-artifact.ts";
import { folderInside } from "../build/folder-inside.ts";
import { OperatorError } from "../errors.ts";
import { skippedBecause } from "../model/deployment.ts";
import { bytesText, filesText } from "../model/quantities.ts";
import type { Skipped } from "./check-out.ts";
import type { ArtifactJob } from "./job.ts";
import { enter, everySoOften, retrying, type StageRun } from "./stage-run.ts";
import { removeFolder, type Workspace } from "./workspace.ts";

/** Where the built files lie, and how that was found out. */
export type BuiltFolder = { readonly folder: string; readonly because: string };

/** Downloads and unpacks the artifact; or says why there is nothing to publish. */
export async function fetchArtifact(
  run: StageRun,
  workspace: Workspace,
  artifact: ArtifactJob,
  commit: string,
): Promise<BuiltFolder | Skipped> {
  enter(run, "build");
  const { job, say, signal } = run;
  const { token } = job.git;
  const key = `sites.${job.site.name}.build.from`;
  if (token === null)
    throw new OperatorError(
      key,
      "workflow needs the GitHub App (APP_ID and PRIVATE_KEY), installed on the repository: it reads the artifact",
    );
  const access = { apiUrl: artifact.apiUrl, token, repoName: artifact.repoName };
  const wanted = { ...artifact, branch: job.branch, commit };
  const found = await retrying(run, () => findArtifact(access, wanted, signal));
  if ("skipped" in found) return { commit, skipped: skippedBecause(job.site.name, found.skipped, artifact.workflow) };

  say(`Downloading the artifact ${JSON.stringify(found.artifact.name)} of run ${found.run.id} of ${artifact.workflow}`);
  const zipPath = join(workspace.temporary, "artifact.zip");
  const { outputBytes } = job.sandbox.limits;
  const progress = everySoOften(say);
  await retrying(run, () =>
    downloadArtifact({
      ...{ access, artifact: found.artifact, zipPath, signal },
      // What is packed is hardly ever larger than what it holds.
      maxBytes: outputBytes,
      timeoutMs: job.site.timeoutMs,
      onProgress: (bytes) => progress(`${bytesText(bytes)} downloaded`),
    }),
  );
  await removeFolder(workspace.source);
  const { files, bytes } = await unpackArtifact(zipPath, workspace.source, job.sandbox.limits, signal);
  say(`Unpacked ${filesText(files)}, ${bytesText(bytes)}`);
  const output = job.site.output ?? ".";
  const folder = await folderInside(workspace.source, output, "the folder of the artifact");
  return { folder, because: output === "." ? "the whole artifact" : "build.output of slipway.yaml" };
}

/** The first stage of a deployment: which commit it is about, and whether there is anything to do. */
import { type Mirror, openMirror } from "../git/open-mirror.ts";
import type { Head } from "../git/read-commit.ts";
import { skippedBecause } from "../model/deployment.ts";
import { decidePaths } from "../model/paths.ts";
import { enter, retrying, type StageRun } from "./stage-run.ts";

export type CheckedOut = {
  readonly head: Head;
  readonly mirror: Mirror;
};

/** Nothing is to be deployed: why, and what deploys it all the same. */
export type Skipped = { readonly commit: string; readonly skipped: string };

/** Fetches the head of the branch, or the commit that was asked for by name. No file is laid out yet. */
export async function checkOut(run: StageRun): Promise<CheckedOut | Skipped> {
  enter(run, "checkout");
  const { job, signal, gone, onGroup, env, say } = run;
  const mirror = openMirror({
    ...{ signal, gone, onGroup, env, say },
    ...job.git,
    ...{ site: job.site.name, dataDir: job.dataDir },
  });
  const head = await retrying(run, () =>
    job.askedCommit === null ? mirror.fetchHead(job.branch) : mirror.fetchCommit(job.askedCommit, job.branch),
  );
  const { commit, author, title } = head;
  say(`${commit.slice(0, 7)} ${title} (${author})`);
  run.send({ type: "head", commit, author, title });
  const skipped = job.force ? null : await whyNothingToDo(run, mirror, commit);
  return skipped === null ? { head, mirror } : { commit, skipped: skippedBecause(job.site.name, skipped) };
}

async function whyNothingToDo({ job }: StageRun, mirror: Mirror, commit: string): Promise<string | null> {
  const live = job.live.commit;
  // What a run made of it anew may differ: content, say, that the workflow reads.
  if (commit === live) return job.artifact === null ? "the head of the branch is already live" : null;
  // Compared with what is live, not with the push alone: an earlier push may have been skipped, or have failed.
  if (live === null || job.paths.length === 0) return null;
  const { deploys, reason } = decidePaths(job.paths, await mirror.changedPaths(live, commit));
  return deploys ? null : reason;
}

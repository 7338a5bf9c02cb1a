/** The ladder: one place turns each way in which a deployment can end into one state and one line of the transcript. */
import type { Deployment } from "../model/deployment.ts";
import { findDeployment } from "../store/deployments.ts";
import { keepRelease } from "../store/releases.ts";
import { setLive } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { changeState, putBack, type StateDeps } from "./change-state.ts";
import type { Outcome, Published } from "./job.ts";
import { handOver } from "./recovery.ts";
import type { Transcript } from "./transcript.ts";

/** A deployment whose worker died, or whose stage failed for the moment, is started this often in all. */
const MAX_ATTEMPTS = 3;
const RETRY_AFTER_MS = 15_000;

/** How a deployment ended: as its worker says, or because Slipway is being stopped. */
export type End = Outcome | "interrupted";

/** Records how a deployment ended, or puts it back to be tried again. */
export async function finish(deps: StateDeps, deployment: Deployment, end: End, transcript: Transcript): Promise<void> {
  const { id, site } = deployment;
  const say = async (line: string) => {
    transcript.write(`\n${line}`);
    await transcript.flush();
    deps.log.info({ deployment: id, site }, line);
  };
  if (end === "interrupted") return handOver(deps, deployment, say);
  switch (end.kind) {
    case "live": {
      const { releaseId, commit, stats } = end;
      await say(`live: release ${releaseId.slice(0, 12)} of commit ${commit.slice(0, 7)}`);
      const to = { state: "live", releaseId, stats, reason: null } as const;
      await changeState(deps, id, to, (tx) => recordPublished(tx, deployment, end));
      return;
    }
    case "skipped":
      await say(`skipped: ${end.reason}`);
      await changeState(deps, id, { state: "skipped", reason: end.reason });
      return;
    case "cancelled": {
      const reason = `${end.reason ?? "cancelled"} during ${end.stage}`;
      await say(reason);
      await changeState(deps, id, { state: "cancelled", reason });
      return;
    }
    case "failed":
      if (!end.retry || deployment.attempts >= MAX_ATTEMPTS) return fail(deps, deployment, end, say);
      await say(`${end.reason}; it is tried again`);
      await putBack(deps, deployment, { reason: end.reason, notBeforeMs: Date.now() + RETRY_AFTER_MS });
  }
}

async function fail(
  deps: StateDeps,
  deployment: Deployment,
  { stage, reason, published, consent }: Extract<Outcome, { kind: "failed" }>,
  say: (line: string) => Promise<void>,
): Promise<void> {
  await say(`failed: ${stage}: ${reason}`);
  const brought = published && { releaseId: published.releaseId, stats: published.stats };
  const to = { state: "failed", stage, reason, ...brought, ...(consent && { consent }) } as const;
  await changeState(deps, deployment.id, to, function* (tx) {
    if (published) yield* recordPublished(tx, deployment, published);
  });
}

/** Keeps a release that is on the host now, and notes that it is: whether it shows there or not, it is what there is. */
function* recordPublished(tx: Tx, { id, site }: Deployment, published: Published): Work<void> {
  const { releaseId, commit, manifest } = published;
  const nowMs = Date.now();
  // As it is by now: author and title came with the head of the branch.
  const { author = "", title = "" } = (yield* findDeployment(tx, id)) ?? {};
  yield* keepRelease(tx, { site, id: releaseId, manifest, commit, author, title, nowMs });
  yield* setLive(tx, site, { deployment: id, release: releaseId, commit, nowMs });
}

/**
 * What becomes of deployments that Slipway's end, orderly or not, left half done. A release that is built is published; a
 * build that was cut is run once more; one that is cut again has to be started by somebody, since it may be what takes
 * Slipway down. One that was to be cancelled is, and is not run again.
 */
import { join } from "node:path";
import { type Deployment, publishesKept, stateDuring } from "../model/deployment.ts";
import { manifestFromJson } from "../model/release.ts";
import { createBlobStore } from "../releases/blob-store.ts";
import { type BuiltRelease, findBuilt, forgetBuilt, hasBuilt } from "../store/built-releases.ts";
import { cancelReasonOf } from "../store/cancel.ts";
import { abandonedDeployments, countCut, remarkOnDeployment } from "../store/deployments.ts";
import { lastTranscriptSeq } from "../store/transcripts.ts";
import { changeState, putBack, type StateDeps } from "./change-state.ts";
import { createTranscript } from "./transcript.ts";

/** How often a build may be cut off by the end of Slipway. */
const MAX_CUTS = 1;
/** A publish goes on each time; only one that keeps taking the service down with it must end. */
const MAX_INTERRUPTIONS = 20;

/** Takes back what an earlier boot, or a machine that went away, left half done. */
export async function takeBackAbandoned(deps: StateDeps & { readonly boot: string }): Promise<void> {
  const abandoned = await deps.store.transact((tx) => abandonedDeployments(tx, { boot: deps.boot, nowMs: Date.now() }));
  for (const deployment of abandoned) {
    const cancelReason = await deps.store.transact((tx) => cancelReasonOf(tx, deployment.id));
    if (cancelReason === null) await takeBack(deps, deployment);
    else await cancel(deps, deployment, cancelReason);
  }
}

async function cancel(deps: StateDeps, { id, site, state }: Deployment, cancelReason: string): Promise<void> {
  const reason = `${cancelReason}; Slipway was restarted meanwhile`;
  deps.log.info({ deployment: id, site }, reason);
  await addToTranscript(deps, id, reason);
  await changeState(deps, id, { state: "cancelled", reason }, function* (tx) {
    // The worker may have been at the very files that visitors see.
    if (state === "publishing") yield* remarkOnDeployment(tx, id, `was cut while it was published; ${MENDS}`);
  });
}

const MENDS = "the next deployment, or a redeploy, makes the site whole";

async function takeBack(deps: StateDeps, deployment: Deployment): Promise<void> {
  const { id, site, attempts } = deployment;
  deps.log.warn({ deployment: id, site }, "was interrupted");
  const next = await whatIsNext(deps, deployment);
  const cuts = next === "build" ? await deps.store.transact((tx) => countCut(tx, id)) : 0;
  if (cuts > MAX_CUTS || attempts >= MAX_INTERRUPTIONS) {
    const reason = cuts > MAX_CUTS ? whyCut(deployment) : `interrupted ${attempts} times, so it was given up`;
    await addToTranscript(deps, id, `failed: ${reason}`);
    await changeState(deps, id, { state: "failed", reason, isInterrupted: true });
    return;
  }
  const reason = `interrupted: Slipway was restarted; ${NEXT[next]}`;
  await addToTranscript(deps, id, reason);
  await putBack(deps, deployment, { reason, notBeforeMs: 0, remark: REMARKS[next], isInterrupted: true });
}

/** Puts a deployment back that is interrupted in good order. That is no fault of its, so the attempt does not count. */
export async function handOver(
  deps: StateDeps,
  deployment: Deployment,
  say: (line: string) => Promise<void>,
): Promise<void> {
  const next = await whatIsNext(deps, deployment);
  const reason = `interrupted: Slipway was stopped; after its start ${NEXT[next]}`;
  await say(reason);
  const to = { reason, notBeforeMs: 0, attempts: deployment.attempts - 1, remark: REMARKS[next], isInterrupted: true };
  await putBack(deps, deployment, to);
}

type Next = "build" | "publish" | "again";

const NEXT: Record<Next, string> = {
  build: "it is built once more",
  publish: "it goes on with the release that was built before",
  again: "it is published again",
};
const REMARKS: Record<Next, string> = {
  build: "built once more, since Slipway was restarted meanwhile",
  publish: "went on with the release built before Slipway was restarted",
  again: "published again, since Slipway was restarted meanwhile",
};

async function whatIsNext({ store }: StateDeps, { id, trigger }: Deployment): Promise<Next> {
  if (publishesKept(trigger)) return "again";
  return (await store.transact((tx) => hasBuilt(tx, id))) ? "publish" : "build";
}

function whyCut({ site, stage }: Deployment): string {
  const during = stage !== null && stateDuring(stage) === "building" ? `, this time during ${stage}` : "";
  return (
    `Slipway ended while this was built, and ended again while it was built once more${during}. Look into Slipway's own ` +
    `log: the build may need more memory or disk than there is. slipway deploy ${site} starts it again`
  );
}

async function addToTranscript(deps: StateDeps, id: string, line: string): Promise<void> {
  const seq = await deps.store.transact((tx) => lastTranscriptSeq(tx, id));
  const transcript = createTranscript(deps, id, seq);
  transcript.write(`\n${line}`);
  await transcript.flush();
}

/**
 * The release that an earlier run of this deployment built, if all its contents are still on this machine; null where it
 * has to be built.
 */
export async function findReleaseToGoOnWith(
  { store, dataDir }: Pick<StateDeps, "store"> & { readonly dataDir: string },
  { id, trigger }: Deployment,
): Promise<BuiltRelease | null> {
  if (publishesKept(trigger)) return null;
  const built = await store.transact((tx) => findBuilt(tx, id));
  if (!built) return null;
  const blobs = createBlobStore({ folder: join(dataDir, "blobs") });
  for (const entry of manifestFromJson(built.manifest).values()) {
    if (await blobs.holds(entry)) continue;
    // Built on another machine that shares the store, or somebody has tidied up.
    await store.transact((tx) => forgetBuilt(tx, id));
    return null;
  }
  return built;
}

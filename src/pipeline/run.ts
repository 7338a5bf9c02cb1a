/**
 * Runs deployments: claims one that waits, has a worker process walk its stages, and saves each change of state
 * together with what is to be told about it. The worker does the work and has no access to the store.
 */
import { describeError, PermanentError } from "../errors.ts";
import { type Deployment, stageOfStart, stateDuring } from "../model/deployment.ts";
import { tellDeployment } from "../notify/tell.ts";
import { createLoop, type Loop } from "../queue/loop.ts";
import { saveBuilt } from "../store/built-releases.ts";
import { cancelsWanted } from "../store/cancel.ts";
import { claimDeployment, renewDeployment } from "../store/deployments.ts";
import { lastTranscriptSeq } from "../store/transcripts.ts";
import type { Work } from "../store/work.ts";
import { changeState, type StateDeps, saveHead } from "./change-state.ts";
import { createCollector } from "./collect-releases.ts";
import { finish } from "./finish.ts";
import type { DeploymentJob, Outcome, WorkerMessage } from "./job.ts";
import { type JobDeps, prepareJob } from "./prepare-job.ts";
import { findReleaseToGoOnWith, takeBackAbandoned } from "./recovery.ts";
import { createSpareWorker, type SpareWorker } from "./spare-worker.ts";
import { startWorker, type Worker } from "./start-worker.ts";
import { createTranscript, type Transcript } from "./transcript.ts";

export type RunnerDeps = JobDeps &
  StateDeps & {
    readonly boot: string;
    /** The service's own environment. */
    readonly env: NodeJS.ProcessEnv;
    /** How many deployments, of different sites, run side by side. */
    readonly parallel: number;
    /** By default one of its own. `stop` ends it. */
    readonly spare?: SpareWorker;
  };

const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 20_000;

/**
 * Starts to run deployments, and cancels those that run here once somebody wants that: `askCancel`. `stop` interrupts
 * them: a publish finishes the files it is sending and a changeover is finished, for some seconds; what they were at goes
 * on at the next start.
 */
export function startRunner(deps: RunnerDeps): Loop {
  const { queue, log } = deps;
  const running = new Map<string, Run>();
  const collector = createCollector(deps);
  const { spare = createSpareWorker(deps.env) } = deps;

  async function round(): Promise<number | undefined> {
    await takeBackAbandoned(deps);
    if (running.size > 0) await cancelWanted(deps, running);
    while (running.size < deps.parallel) {
      const deployment = await claim(deps);
      if (!deployment) break;
      const run = startRun(deps, deployment, spare);
      const done = run.done
        .catch((error: unknown) => {
          log.error({ deployment: deployment.id, error: describeError(error) }, "a deployment could not be recorded");
        })
        .finally(() => {
          running.delete(deployment.id);
          spare.keep();
          queue.nudge("deployments");
          void collector.afterDeployment(deployment.site);
        });
      running.set(deployment.id, { ...run, done });
    }
    return undefined;
  }

  const loop = createLoop({ name: "deployments", log, queue, topic: "deployments", round });
  return {
    async stop() {
      await loop.stop();
      await spare.stop();
      for (const run of running.values()) run.interrupt();
      await Promise.all([...running.values()].map((run) => run.done));
      await collector.stop();
    },
  };
}

/** Cancels what runs here and is to be cancelled. */
async function cancelWanted(deps: RunnerDeps, running: ReadonlyMap<string, Run>): Promise<void> {
  for (const [id, reason] of await deps.store.transact(cancelsWanted)) running.get(id)?.cancel(reason);
}

/** Claims the next deployment and tells that it has begun. */
function claim(deps: RunnerDeps): Promise<Deployment | undefined> {
  const nowMs = Date.now();
  return deps.store.transact(function* (tx): Work<Deployment | undefined> {
    const deployment = yield* claimDeployment(tx, { boot: deps.boot, nowMs, untilMs: nowMs + LEASE_MS });
    if (deployment) yield* tellDeployment(tx, deps.telling, deployment, { nowMs });
    return deployment;
  });
}

/** What the service wants of a deployment that runs. */
type Wanted = "run" | "cancel" | "interrupt";

/** One deployment from its claim to its end. */
type Run = { readonly done: Promise<void>; cancel(reason: string): void; interrupt(): void };

function startRun(deps: RunnerDeps, deployment: Deployment, spare: SpareWorker): Run {
  const { store, log } = deps;
  const { id } = deployment;
  let worker: Worker | undefined;
  let wanted: Wanted = "run";
  let why: string | null = null;
  const isWanted = (what: Wanted) => wanted === what;
  // Messages are saved one after another, in the order in which the worker sent them.
  let saved: Promise<void> = Promise.resolve();

  async function save(transcript: Transcript, message: WorkerMessage): Promise<void> {
    if (message.type === "line") {
      transcript.write(message.text);
    } else if (message.type === "stage") {
      log.info({ deployment: id, site: deployment.site }, message.stage);
      transcript.write(`\n── ${message.stage} ──`);
      await changeState(deps, id, { state: stateDuring(message.stage), stage: message.stage });
    } else if (message.type === "head") {
      await saveHead(deps, id, message);
    } else if (message.type === "built") {
      await store.transact((tx) => saveBuilt(tx, id, message.release));
    }
  }

  async function run(): Promise<void> {
    const seq = await store.transact((tx) => lastTranscriptSeq(tx, id));
    const transcript = createTranscript(deps, id, seq);
    if (seq > 0) transcript.write("\n── started again ──");
    const heart = setInterval(() => {
      store.transact((tx) => renewDeployment(tx, id, Date.now() + LEASE_MS)).catch(() => {});
    }, RENEW_EVERY_MS);
    try {
      const outcome = await work(transcript);
      await saved;
      await finish(
        deps,
        deployment,
        isWanted("interrupt") && isCutShort(outcome) ? "interrupted" : outcome,
        transcript,
      );
    } finally {
      clearInterval(heart);
    }
  }

  async function work(transcript: Transcript): Promise<Outcome> {
    const stage = stageOfStart(deployment.trigger);
    try {
      const job = await makeJob(deps, deployment, transcript);
      if (!isWanted("run")) return { kind: "cancelled", stage, ...(why !== null && { reason: why }) };
      worker = startWorker({
        job,
        child: spare.take(),
        env: deps.env,
        onMessage: (message) => {
          saved = saved.then(() => save(transcript, message));
        },
      });
      const outcome = await worker.done;
      return outcome.kind === "cancelled" && why !== null ? { ...outcome, reason: why } : outcome;
    } catch (error) {
      return { kind: "failed", stage, reason: describeError(error), retry: !(error instanceof PermanentError) };
    }
  }

  return {
    done: run(),
    cancel(reason) {
      why ??= reason;
      wanted = "cancel";
      worker?.cancel();
    },
    interrupt() {
      if (wanted === "run") wanted = "interrupt";
      worker?.interrupt();
    },
  };
}

/** The worker's job: to build, or to publish what is kept or was built before. Throws what `prepareJob` throws. */
async function makeJob(deps: RunnerDeps, deployment: Deployment, transcript: Transcript): Promise<DeploymentJob> {
  const built = await findReleaseToGoOnWith(deps, deployment);
  // What is built needs no token, so GitHub may be away.
  const { job, kept } = await prepareJob(built ? { ...deps, tokenFor: async () => null } : deps, deployment);
  if (kept && kept.commit !== deployment.commit) await saveHead(deps, deployment.id, kept);
  if (built === null) return job;
  const { id, commit } = built;
  transcript.write(`Going on with the release ${id.slice(0, 12)} of ${commit.slice(0, 7)}, which was built before`);
  return { ...job, release: built };
}

/** Whether a deployment that was interrupted ended for that reason, so that it is to go on at the next start. */
function isCutShort(outcome: Outcome): boolean {
  if (outcome.kind !== "failed") return outcome.kind === "cancelled";
  return outcome.published === undefined && (outcome.retry || stateDuring(outcome.stage) === "building");
}

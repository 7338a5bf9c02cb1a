/**
 * Runs deployments: claims one that waits, has a worker process walk its stages, and saves each change of state
 * together with what is to be told about it. The worker does the work; only this file knows the store.
 */
import { describeError, PermanentError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Deployment, stageOfStart, stateDuring } from "../model/deployment.ts";
import { type Telling, tellDeployment } from "../notify/tell.ts";
import { createLoop, type Loop } from "../queue/loop.ts";
import type { Queue } from "../queue/queue.ts";
import {
  abandonedDeployments,
  changeDeployment,
  claimDeployment,
  type DeploymentChange,
  findDeployment,
  hasWaiting,
  renewDeployment,
  setDeploymentHead,
} from "../store/deployments.ts";
import { keepRelease } from "../store/releases.ts";
import { setLive } from "../store/sites.ts";
import type { Store } from "../store/store.ts";
import { lastTranscriptSeq } from "../store/transcripts.ts";
import type { Tx, Work } from "../store/work.ts";
import { createCollector } from "./collect-releases.ts";
import type { Outcome, Published, WorkerMessage } from "./job.ts";
import { type JobDeps, prepareJob } from "./prepare-job.ts";
import { startWorker } from "./start-worker.ts";
import { createTranscript, type Transcript } from "./transcript.ts";

export type RunnerDeps = JobDeps & {
  readonly store: Store;
  readonly queue: Queue;
  readonly log: Log;
  readonly boot: string;
  readonly telling: Telling;
  /** How many deployments, of different sites, run side by side. */
  readonly parallel: number;
};

export type Runner = Loop & {
  /** Cancels a deployment that waits or runs here. Answers false when there is nothing to cancel. */
  cancel(id: string, reason: string): Promise<boolean>;
};

const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 20_000;
/** A deployment whose worker died is started this often in all. */
const MAX_ATTEMPTS = 3;
const RETRY_AFTER_MS = 15_000;
/** Being cut off by a restart is not its fault; only one that keeps taking the service down with it must end. */
const MAX_INTERRUPTIONS = 20;

/** Starts to run deployments. `stop` ends the workers; what they were at waits for the next start. */
export function startRunner(deps: RunnerDeps): Runner {
  const { queue, log } = deps;
  const running = new Map<string, { done: Promise<void>; cancel(): void; interrupt(): void }>();
  const collector = createCollector(deps);

  async function round(): Promise<number | undefined> {
    await takeBackAbandoned(deps);
    while (running.size < deps.parallel) {
      const deployment = await claim(deps);
      if (!deployment) break;
      const run = runOne(deps, deployment);
      const done = run.done
        .catch((error: unknown) => {
          log.error({ deployment: deployment.id, error: describeError(error) }, "a deployment could not be recorded");
        })
        .finally(() => {
          running.delete(deployment.id);
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
      for (const run of running.values()) run.interrupt();
      await Promise.all([...running.values()].map((run) => run.done));
      await collector.stop();
    },
    async cancel(id, reason) {
      const here = running.get(id);
      if (here) here.cancel();
      else if (!(await change(deps, id, { state: "cancelled", reason }))) return false;
      return true;
    },
  };
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

/** Moves a deployment to another state and tells about it. Answers undefined where that state may not follow. */
async function change(deps: RunnerDeps, id: string, to: DeploymentChange, also?: (tx: Tx) => Work<void>) {
  const nowMs = Date.now();
  const deployment = await deps.store.transact(function* (tx): Work<Deployment | undefined> {
    const changed = yield* changeDeployment(tx, id, to, nowMs);
    if (!changed) return undefined;
    if (also) yield* also(tx);
    yield* tellDeployment(tx, deps.telling, changed, { nowMs });
    return changed;
  });
  deps.queue.nudge("outbox");
  deps.queue.nudge("transcripts");
  return deployment;
}

/** What the service wants of a deployment that runs. */
type Wanted = "run" | "cancel" | "interrupt";

/** One deployment from its claim to its end. */
function runOne(deps: RunnerDeps, deployment: Deployment) {
  const { store, log } = deps;
  const { id } = deployment;
  let worker: ReturnType<typeof startWorker> | undefined;
  let wanted: Wanted = "run";
  const isWanted = (what: Wanted) => wanted === what;
  // Messages are saved one after another, in the order in which the worker sent them.
  let saved: Promise<void> = Promise.resolve();

  async function save(transcript: Transcript, message: WorkerMessage): Promise<void> {
    if (message.type === "line") {
      transcript.write(message.text);
    } else if (message.type === "stage") {
      log.info({ deployment: id, site: deployment.site }, message.stage);
      transcript.write(`\n── ${message.stage} ──`);
      await change(deps, id, { state: stateDuring(message.stage), stage: message.stage });
    } else if (message.type === "head") {
      await saveHead(deps, id, message);
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
      await finish(deps, deployment, outcome, transcript);
    } finally {
      clearInterval(heart);
    }
  }

  async function work(transcript: Transcript): Promise<Outcome> {
    try {
      const { job, kept } = await prepareJob(deps, deployment);
      if (kept && kept.commit !== deployment.commit) await saveHead(deps, id, kept);
      if (isWanted("cancel")) return { kind: "cancelled", stage: stageOfStart(deployment.trigger) };
      if (isWanted("interrupt")) return interrupted;
      worker = startWorker({
        job,
        env: deps.env,
        onMessage: (message) => {
          saved = saved.then(() => save(transcript, message));
        },
      });
      const outcome = await worker.done;
      return isWanted("interrupt") && outcome.kind !== "live" ? interrupted : outcome;
    } catch (error) {
      return {
        kind: "failed",
        stage: stageOfStart(deployment.trigger),
        reason: describeError(error),
        retry: !(error instanceof PermanentError),
      };
    }
  }

  return {
    done: run(),
    cancel() {
      wanted = "cancel";
      worker?.cancel();
    },
    interrupt() {
      wanted = "interrupt";
      worker?.kill();
    },
  };
}

const interrupted = {
  kind: "failed",
  stage: "checkout",
  reason: "interrupted: Slipway was stopped",
  retry: true,
} as const satisfies Outcome;

async function saveHead(deps: RunnerDeps, id: string, found: { commit: string; author: string; title: string }) {
  const nowMs = Date.now();
  const head = { commit: found.commit, author: found.author, title: found.title };
  await deps.store.transact(function* (tx): Work<void> {
    const before = yield* findDeployment(tx, id);
    const deployment = yield* setDeploymentHead(tx, id, head);
    if (!before || !deployment) return;
    yield* tellDeployment(tx, deps.telling, deployment, { nowMs, previousCommit: before.commit });
  });
  deps.queue.nudge("outbox");
}

/** The ladder: one place turns each outcome into one state and one line of the transcript. */
async function finish(
  deps: RunnerDeps,
  deployment: Deployment,
  outcome: Outcome,
  transcript: Transcript,
): Promise<void> {
  const { id, site } = deployment;
  const say = async (line: string) => {
    transcript.write(`\n${line}`);
    await transcript.flush();
    deps.log.info({ deployment: id, site }, line);
  };
  switch (outcome.kind) {
    case "live": {
      const { releaseId, commit, stats } = outcome;
      await say(`live: release ${releaseId.slice(0, 12)} of commit ${commit.slice(0, 7)}`);
      const to = { state: "live", releaseId, stats, reason: null } as const;
      await change(deps, id, to, (tx) => recordPublished(tx, deployment, outcome));
      return;
    }
    case "skipped":
      await say(`skipped: ${outcome.reason}`);
      await change(deps, id, { state: "skipped", reason: outcome.reason });
      return;
    case "cancelled":
      await say(`cancelled during ${outcome.stage}`);
      await change(deps, id, { state: "cancelled", reason: `cancelled during ${outcome.stage}` });
      return;
    case "failed": {
      if (outcome === interrupted) {
        await say(interrupted.reason);
        await putBack(deps, deployment, interrupted.reason, 0);
        return;
      }
      if (outcome.retry && deployment.attempts < MAX_ATTEMPTS) {
        await say(`${outcome.reason}; it is tried again`);
        await putBack(deps, deployment, outcome.reason, Date.now() + RETRY_AFTER_MS);
        return;
      }
      const { stage, reason, published, consent } = outcome;
      await say(`failed: ${stage}: ${reason}`);
      const brought = published && { releaseId: published.releaseId, stats: published.stats };
      await change(
        deps,
        id,
        { state: "failed", stage, reason, ...brought, ...(consent && { consent }) },
        function* (tx) {
          if (published) yield* recordPublished(tx, deployment, published);
        },
      );
    }
  }
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

/** Back into the queue, or, where a newer deployment waits there already, superseded by that one. */
async function putBack(deps: RunnerDeps, deployment: Deployment, reason: string, notBeforeMs: number): Promise<void> {
  const { id, site } = deployment;
  const isOvertaken = await deps.store.transact((tx) => hasWaiting(tx, site));
  if (isOvertaken) await change(deps, id, { state: "superseded", reason: `${reason}; a newer deployment waits` });
  else await change(deps, id, { state: "queued", reason, notBeforeMs });
}

/** What an earlier boot, or a machine that went away, left half done. */
async function takeBackAbandoned(deps: RunnerDeps): Promise<void> {
  const abandoned = await deps.store.transact((tx) => abandonedDeployments(tx, { boot: deps.boot, nowMs: Date.now() }));
  for (const deployment of abandoned) {
    deps.log.warn({ deployment: deployment.id, site: deployment.site }, "was interrupted");
    if (deployment.attempts < MAX_INTERRUPTIONS)
      await putBack(deps, deployment, "interrupted: Slipway was restarted", 0);
    else await change(deps, deployment.id, { state: "failed", reason: `interrupted ${deployment.attempts} times` });
  }
}

/** `slipway publish`, and the GitHub Action: a folder goes to a host, with nothing else of Slipway around it. */
import { hostname, userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, OperatorError, PermanentError, RetryLaterError } from "../errors.ts";
import { bytesText, durationText, filesText } from "../model/quantities.ts";
import type { Manifest } from "../model/release.ts";
import { maskSecrets } from "../process/mask.ts";
import { DEFAULT_RULES, NeedsConsentError, type PublishOptions, type PublishRules } from "../publish/options.ts";
import { type HostProfile, UNKNOWN_HOST } from "../publishers/host-profile.ts";
import type { Publisher, Target } from "../publishers/publisher.ts";
import { type FolderRelease, readFolderRelease } from "../releases/folder-release.ts";
import type { ScanWords } from "../releases/scan-folder.ts";
import { CancelledError, listenForCancel } from "./cancel.ts";
import { isGithubActions } from "./github-actions.ts";
import { type EarlyPublisher, openEarly } from "./open-early.ts";
import { claimOwnerId, type OwnerId } from "./owner-id.ts";
import { createProgress, type Progress } from "./progress-bar.ts";
import type { PublishArguments } from "./publish-arguments.ts";
import { type PublishOutcome, tellFailure, tellOutcome } from "./publish-outcome.ts";
import { stateFile } from "./publish-state.ts";
import { nameOption, readAddress, resolveTarget, secretsOf } from "./publish-target.ts";
import { UsageError } from "./usage-error.ts";

export type PublishSurroundings = {
  readonly env: NodeJS.ProcessEnv;
  readonly process: Pick<NodeJS.Process, "stdin" | "stdout" | "stderr" | "on" | "off" | "exit">;
};

/** Pauses before a publish that failed for the moment is tried again; as many tries more. */
const RETRY_PAUSES_MS = [2000, 8000];

/** How long to wait for somebody else's publish to the same target: longer than most take, shorter than a coffee. */
const LOCK_WAIT_MS = 5 * 60_000;

/** One run of the command. */
type Run = PublishSurroundings & {
  readonly given: PublishArguments;
  readonly progress: Progress;
  /** What must not be shown; filled when it is known. */
  readonly secrets: string[];
  readonly startedAtMs: number;
  signal: AbortSignal;
  /** Whether the live site was touched, by this try or an earlier one. */
  hasBegun: boolean;
  /** Why the try before failed. */
  lastProblem: string | null;
  say(line: string): void;
};

/** Publishes and tells how it ended. Answers with the exit code: 0 done, 1 failed, 2 used wrongly. Never throws. */
export async function runPublish(given: PublishArguments, surroundings: PublishSurroundings): Promise<number> {
  const { process, env } = surroundings;
  const output = given.json ? process.stderr : process.stdout;
  const secrets: string[] = [];
  const progress = createProgress(output, given.quiet);
  const run: Run = {
    ...surroundings,
    ...{ given, progress, secrets, startedAtMs: performance.now(), hasBegun: false, lastProblem: null },
    signal: new AbortController().signal,
    say: (line) => progress.say(maskSecrets(line, secrets)),
  };
  try {
    const outcome = await publish(run);
    progress.end();
    tellOutcome(outcome, { given, process, env, elapsedMs: performance.now() - run.startedAtMs });
    return 0;
  } catch (error) {
    progress.end();
    const message = maskSecrets(explain(error, run), secrets);
    tellFailure(message, { given, process, env, isWarning: error instanceof CancelledError });
    if (env.LOG_LEVEL === "debug" && !(error instanceof PermanentError)) console.error(error);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The runbook. */
async function publish(run: Run): Promise<PublishOutcome> {
  const { given, env, process, say } = run;
  const address = readAddress(given);
  const target = await resolveTarget(address, given, { env, terminal: process });
  run.secrets.push(...secretsOf(target));
  const warn = (line: string) => (given.quiet ? void process.stderr.write(`${line}\n`) : say(line));
  if (given.insecure) warn("--insecure: any certificate is accepted, so whoever is in between may read the password.");

  const cancel = listenForCancel({
    ...{ process, timeoutMs: given.timeoutMs, isChangingOver: () => run.hasBegun },
    say: warn,
  });
  run.signal = cancel.signal;
  let owner: OwnerId | undefined;
  let early: EarlyPublisher | null = null;
  try {
    const { label, known, state, ...connection } = await connect(run, target);
    early = connection.early;
    // The folder is read while the connection is made and the rest of the program loads.
    const loading = import("../publish/publish.ts");
    loading.catch(() => {});
    const folder = await readFolder(run);
    const core = await loading;
    owner = await claimOwnerId(label);
    const options = optionsFor(run, folder, known, owner.id, early);
    if (given.dryRun) {
      return {
        kind: "preview",
        label,
        release: folder.release,
        preview: await retrying(run, () => core.previewPublish(options)),
      };
    }
    const result = await retrying(run, () => core.publishRelease(options));
    await state?.write(folder.release, result.profile).catch((error: unknown) => {
      // The release is live, and the host has a record of its own.
      say(describeError(error));
    });
    if (run.signal.aborted) say("It was too late to stop: the release is live.");
    return { kind: "published", label, release: folder.release, result };
  } finally {
    cancel.end();
    await early?.abandon();
    owner?.release();
  }
}

async function readFolder({ given, signal, say }: Run): Promise<FolderRelease> {
  const startedAtMs = performance.now();
  say(`Reading ${given.folder}`);
  const folder = await readFolderRelease({
    ...{ folder: given.folder, exclude: given.exclude, signal },
    words: wordsFor(given.folder),
  });
  for (const warning of folder.warnings) say(warning);
  const { files } = folder.release;
  const bytes = [...files.values()].reduce((sum, { size }) => sum + size, 0);
  say(`${filesText(files.size)}, ${bytesText(bytes)}, read in ${durationText(performance.now() - startedAtMs)}`);
  return folder;
}

function wordsFor(folder: string): ScanWords {
  return {
    missing: `There is no folder ${folder}.`,
    notAFolder: `${folder} is no folder.`,
    empty: `The folder ${folder} has no files to publish.`,
    noPage: (files) => `The folder ${folder} has ${filesText(files)} but no page (.html). Is it the right one?`,
    tooMany: (maxFiles) => `There are more than ${maxFiles} files.`,
    advice: "Change that and publish again.",
  };
}

/** What a run knows of its target beforehand. */
type Known = { readonly target: Target; readonly manifest: Manifest | null; readonly profile: HostProfile | null };

/** Begins to connect; what becomes of that is known to whoever opens `early`. */
async function connect(run: Run, target: Target) {
  const { createPublisher } = await import("../publishers/create-publisher.ts");
  const { given, say } = run;
  const { label } = createPublisher(target);
  const state = given.state === null ? null : stateFile(given.state, label);
  const remembered = (await state?.read(say)) ?? { manifest: null, profile: null };
  const known: Known = {
    ...remembered,
    target: trustKnownKey(target, remembered.profile?.hostKey ?? null),
  };
  // The other strategies begin in the folder above.
  const isDirect = given.strategy === "rename" && !run.signal.aborted;
  const profile = known.profile ?? UNKNOWN_HOST;
  const early = isDirect ? openEarly(createPublisher(known.target), { say, profile }) : null;
  return { label, early, known, state };
}

function optionsFor(
  run: Run,
  { release, open }: FolderRelease,
  { target, manifest, profile }: Known,
  ownerId: string,
  early: Publisher | null,
): PublishOptions {
  const { given, progress, say, signal } = run;
  return {
    target,
    ...(early && { createPublisher: () => early }),
    contents: { open },
    release,
    previous: manifest,
    profile,
    rules: rulesFor(given),
    owner: ownerName(run.env),
    ownerId,
    siteUrl: given.siteUrl,
    lockWaitMs: Math.min(LOCK_WAIT_MS, given.timeoutMs),
    say,
    onPhase(phase) {
      if (phase === "commit") run.hasBegun = true;
      progress.phase(phase);
    },
    onProgress: (uploaded) => progress.upload(uploaded),
    signal,
  };
}

/** A host key that was seen before is trusted, and from then on no other. */
function trustKnownKey(target: Target, hostKey: string | null): Target {
  if (target.protocol !== "sftp" || target.hostKey !== null || hostKey === null) return target;
  return { ...target, hostKey, acceptNewHostKey: false };
}

function rulesFor(given: PublishArguments): PublishRules {
  const { adopt, allowRemovals, keep, strategy, keepAssets } = given;
  const { forMs, releases } = DEFAULT_RULES.keepAssets;
  return {
    ...DEFAULT_RULES,
    ...{ adopt, allowRemovals, keep, strategy },
    keepAssets: { releases: keepAssets ?? releases, forMs },
  };
}

/** Who publishes, for whoever finds the host locked. */
function ownerName(env: NodeJS.ProcessEnv): string {
  if (isGithubActions(env)) return `GitHub Actions, ${env.GITHUB_REPOSITORY}, run ${env.GITHUB_RUN_ID}`;
  let user = "somebody";
  try {
    user = userInfo().username;
  } catch {
    // A container's user may have no entry in /etc/passwd.
  }
  return `slipway publish, ${user} on ${hostname()}`;
}

/** Tries again what may go better then. A publish that was cut off in its change-over is finished by the next try. */
async function retrying<T>(run: Run, work: () => Promise<T>): Promise<T> {
  for (const pauseMs of RETRY_PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      const permanent = permanentIn(error);
      if (permanent !== undefined || run.signal.aborted) throw permanent ?? error;
      const waitMs = Math.max(pauseMs, error instanceof RetryLaterError ? (error.delayMs ?? 0) : 0);
      run.lastProblem = describeError(error);
      run.say(`${run.lastProblem}; trying again in ${durationText(waitMs)}`);
      await delay(waitMs, undefined, { signal: run.signal }).catch(() => run.signal.throwIfAborted());
    }
  }
  return work();
}

/** The error, or the innermost of its causes, that says that trying again cannot help. */
function permanentIn(error: unknown): PermanentError | undefined {
  if (error instanceof PermanentError) return error;
  let found: PermanentError | undefined;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PermanentError) found = cause;
  }
  return found;
}

const CONSENT_ADVICE: Readonly<Record<NeedsConsentError["consent"], string>> = {
  adopt: "Move them away, or add --adopt to have them replaced.",
  allowRemovals: "Add --allow-removals if that is right.",
};

/** What went wrong, as one line for whoever ran the command; a list of names takes several. */
function explain(error: unknown, run: Run): string {
  const before =
    run.lastProblem === null || run.lastProblem === describeError(error) ? "" : ` Before: ${run.lastProblem}`;
  return `${sentence(error)}${run.hasBegun ? " The site was being changed over; publish again to finish it." : ""}${before}`;
}

function sentence(error: unknown): string {
  if (error instanceof OperatorError) return nameOption(error);
  if (error instanceof NeedsConsentError) return `${error.message} ${CONSENT_ADVICE[error.consent]}`;
  return error instanceof PermanentError || error instanceof UsageError ? error.message : describeError(error);
}

/** The last two stages of a deployment: a release goes onto the host, and the live site is looked at. */
import { describeError, PermanentError } from "../errors.ts";
import { type Manifest, manifestFromJson, manifestToJson, type Release, releaseOf } from "../model/release.ts";
import type { Contents, PublishOptions, PublishPhase } from "../publish/options.ts";
import { publishRelease } from "../publish/publish.ts";
import { createPublisher } from "../publishers/create-publisher.ts";
import { confirmLive } from "./confirm.ts";
import { writeHostProfile } from "./host-profiles.ts";
import { InterruptedError } from "./interrupted-error.ts";
import type { ConfirmRules, Outcome, Published } from "./job.ts";
import type { Sight, SightKind } from "./look.ts";
import { enter, everySoOften, retrying, type StageRun } from "./stage-run.ts";

/** Longest publish, tries and waits for others included. What has arrived by then is used by the next one. */
const PUBLISH_LIMIT_MS = 2 * 3_600_000;

/** A release, and the commit that it was built from. */
export type Candidate = {
  readonly release: Release;
  readonly commit: string;
  /** As in `DeploymentStats`; null where nobody looked. */
  readonly missingLinks?: number | null;
};

/** Publishes and confirms. Throws what `publishRelease` throws. */
export async function makeLive(run: StageRun, candidate: Candidate, contents: Contents): Promise<Outcome> {
  const { job, say } = run;
  const { release, commit, missingLinks } = candidate;
  const previous = job.previous ? manifestFromJson(job.previous) : null;

  if (run.stage !== "publish") enter(run, "publish");
  const progress = everySoOften(say);
  const result = await inTime(run, (signal) =>
    retrying(run, () =>
      publishRelease({
        ...publishing(run, run.drain?.over(contents) ?? contents),
        ...{ release, previous, rules: job.rules, signal },
        onProgress(at) {
          run.drain?.onProgress(at);
          progress(`${at.files} of ${at.ofFiles} files uploaded`);
        },
      }),
    ),
  );
  if (result.changeoverMs !== null) say(`The site changed over within ${(result.changeoverMs / 1000).toFixed(2)} s`);
  const isCancelled = run.signal.aborted && !(run.signal.reason instanceof InterruptedError);
  if (isCancelled) say("It was too late to cancel: the release is on the host already");
  await rememberHost(run, result.profile);
  const published: Published = {
    ...{ releaseId: release.id, commit },
    stats: { ...result.stats, ...(typeof missingLinks === "number" && { missingLinks }) },
    manifest: manifestToJson(release.files),
  };

  enter(run, "confirm");
  if (!job.confirm) {
    say("confirm.url is not set for this site, so nobody looked at the live site");
    return { kind: "live", ...published };
  }
  const sight = await look(run, job.confirm, { contents, release, previous });
  if (sight === null) return { kind: "live", ...published };
  if (sight.kind === "seen" || sight.kind === "altered") {
    if (sight.kind === "seen") say(sight.detail);
    return { kind: "live", ...published };
  }
  const { wasPutBack, sequel } = await putBack(run, contents, { sight, release, previous, confirm: job.confirm });
  const failed = { kind: "failed", stage: "confirm", reason: `${sight.detail}; ${sequel}`, retry: false } as const;
  return wasPutBack ? failed : { ...failed, published };
}

/**
 * What shows on the live site; null where somebody cancelled meanwhile, since the release is on the host all the same.
 * Throws InterruptedError: the next start looks.
 */
async function look(
  run: StageRun,
  rules: ConfirmRules,
  what: { contents: Contents; release: Release; previous: Manifest | null },
): Promise<Sight | null> {
  const { say, signal } = run;
  try {
    return await confirmLive({ ...rules, ...what, say, signal });
  } catch (error) {
    if (!signal.aborted || signal.reason instanceof InterruptedError) throw error;
    say("Cancelled: the release is on the host, and nobody waited until it showed");
    return null;
  }
}

/** Gives a publish its limit. The signal it gets is also that of the deployment. */
async function inTime<T>(run: StageRun, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(PUBLISH_LIMIT_MS);
  try {
    return await work(AbortSignal.any([run.signal, late]));
  } catch (error) {
    if (run.signal.aborted || error !== late.reason) throw error;
    throw new PermanentError(
      `The publish took longer than ${PUBLISH_LIMIT_MS / 3_600_000} hours. The site is as it was.`,
    );
  }
}

/** What all publishes of a deployment have in common. */
function publishing({ job, say, send }: StageRun, contents: Contents) {
  const { target, owner, ownerId, siteUrl, lockWaitMs, profile } = job;
  const onPhase = (phase: PublishPhase) => send({ type: "phase", phase });
  const asked = { target, contents, profile, owner, ownerId, siteUrl, lockWaitMs, say, onPhase };
  return asked satisfies Partial<PublishOptions>;
}

/** The next publish is a little slower without, so nothing fails for it. */
async function rememberHost({ job, say }: StageRun, profile: Parameters<typeof writeHostProfile>[2]): Promise<void> {
  const { label } = createPublisher(job.target);
  await writeHostProfile(job.dataDir, label, profile).catch((error: unknown) => {
    say(`What was learned of the host could not be saved: ${describeError(error)}`);
  });
}

/** Why the earlier release would be no better, or may be live although it does not show. */
const NOT_THE_RELEASE: Partial<Record<SightKind, string>> = {
  old: "nothing was put back, since a cache in front of the host may show the old page for a while",
  other: "nothing was put back, since neither release shows: does confirm.url lead to this site?",
  unreachable: "nothing was put back, since the network, or a wrong confirm.url, may be the reason",
};

/**
 * Publishes the release that was live before again, where the operator wants that and the new one is to blame: pages
 * that the server denies or fails to show. Says what became of that, as the end of a sentence.
 */
async function putBack(
  run: StageRun,
  contents: Contents,
  found: { sight: Sight; release: Release; previous: Manifest | null; confirm: ConfirmRules },
): Promise<{ wasPutBack: boolean; sequel: string }> {
  const { sight, release, previous, confirm } = found;
  const nothing = (sequel: string) => ({ wasPutBack: false, sequel });
  const reason = NOT_THE_RELEASE[sight.kind];
  if (reason !== undefined) return nothing(reason);
  if (!previous) return nothing("no earlier release is known, so the new one stays");
  const earlier = releaseOf(previous);
  if (earlier.id === release.id) return nothing("the files are the same as before, so there is nothing to put back");
  const name = earlier.id.slice(0, 12);
  if (!confirm.rollback) {
    const command = `slipway rollback ${run.job.site.name}`;
    return nothing(`nothing was put back, since confirm.rollback is not set; ${command} publishes ${name} again`);
  }
  run.say(`${sight.detail}; putting the earlier release ${name} back`);
  try {
    await publishRelease({
      ...publishing(run, contents),
      release: earlier,
      previous: release.files,
      // What the new release brought may be most of what there is.
      rules: { ...run.job.rules, adopt: false, allowRemovals: true },
    });
  } catch (error) {
    return nothing(`the earlier release ${name} could not be put back: ${describeError(error)}`);
  }
  return { wasPutBack: true, sequel: `the earlier release ${name} was put back` };
}

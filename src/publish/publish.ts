/**
 * Makes a release live on a target. New content is staged beside the live site and checked; only then are the files
 * renamed into place in one burst, in the order of the plan. Cut off at any point, the next publish, of whatever
 * release, finds out from the host how far it got and goes on from there.
 */
import type { PutStep } from "../releases/plan.ts";
import { planFor } from "./intent.ts";
import { lookAtHost, withoutKept } from "./look-at-host.ts";
import type { PublishOptions, PublishPreview, PublishResult } from "./options.ts";
import { findOurs } from "./ours.ts";
import { publishBeside } from "./publish-beside.ts";
import { publishInPlace } from "./publish-in-place.ts";
import { withSession } from "./with-session.ts";

/**
 * Publishes and answers with what changed on the host. Throws NeedsConsentError when files of others are in the way or
 * more than half would be removed (then nothing was changed), another PermanentError when the host refuses for good,
 * OperatorError when a setting is wrong, the signal's reason when cancelled, and anything else when another try may help.
 */
export function publishRelease(options: PublishOptions): Promise<PublishResult> {
  return options.rules.strategy === "rename" ? publishInPlace(options) : publishBeside(options);
}

/** Says what a publish would do. Changes nothing on the host and takes no lock. */
export async function previewPublish(options: PublishOptions): Promise<PublishPreview> {
  return withSession(options, async (session) => {
    const { release, previous } = withoutKept(options);
    options.onPhase?.("compare");
    const look = await lookAtHost(session, options, release);
    const finding = {
      release,
      previous,
      say: options.say,
      check: options.rules.thorough ? "contents" : "sample",
    } as const;
    const ours = await findOurs(session, look.place ?? look.places[0], look.sizes, finding);
    const intent = await planFor(session, options, release, ours);
    const puts = intent.plan.steps.filter((step): step is PutStep => step.do === "put");
    return {
      added: puts.filter(({ replaces }) => !replaces).map(({ path }) => path),
      changed: puts.filter(({ replaces }) => replaces).map(({ path }) => path),
      removed: intent.plan.steps.filter((step) => step.do === "remove").map(({ path }) => path),
      kept: [...intent.retained.keys()],
      unchanged: intent.plan.unchanged,
      bytes: puts.reduce((sum, { entry }) => sum + entry.size, 0),
      conflicts: intent.conflicts,
      removesTooMuch: intent.removesTooMuch.length > 0,
      profile: session.profile(),
    };
  });
}

/** To publish a kept release again, so that it mends what others changed on the host. */
import { PermanentError } from "../errors.ts";
import type { Deed } from "../model/effect.ts";
import { findByCause } from "../store/insert-deployment.ts";
import { type KeptRelease, listReleases } from "../store/releases.ts";
import { findSite } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { chooseRelease } from "./choose-release.ts";
import { type DeedAsked, type DeedContext, type DeedMoment, requireSite } from "./deed-context.ts";
import { alreadyText, type Queueing, queueOnce, type Wanted } from "./queue-wanted.ts";

/** By default it is the release that is live when its turn comes. Works on a paused site, not on a locked one. */
export function* redeploySite(
  tx: Tx,
  context: DeedContext,
  { target, reason = null, ...consent }: Omit<Extract<Deed, { kind: "redeploy" }>, "kind">,
  asked: DeedAsked,
  moment: DeedMoment,
): Work<Queueing> {
  requireSite(context, asked.site);
  const known = yield* findByCause(tx, asked);
  if (known) return { deployment: known, isNew: false };
  const release = target === null ? yield* findLive(tx, asked.site) : yield* chooseRelease(tx, asked.site, target);
  const wanted = { ...wantedFor("redeploy", release, consent), reason };
  const ofLive = target === null ? { ...wanted, askedRelease: null } : wanted;
  return yield* queueOnce(tx, context, ofLive, asked, moment);
}

/** What came of it, for whoever asked. */
export function redeploySays({ deployment, isNew }: Queueing): string {
  if (!isNew) return alreadyText(deployment);
  const { id, site, askedRelease, commit } = deployment;
  const what = askedRelease === null ? "what is live" : `the release of ${commit.slice(0, 7)}`;
  return `${id} is queued: it publishes ${what} on ${site} again`;
}

/** A deployment of a kept release, with what somebody agrees to. */
export function wantedFor(
  trigger: "rollback" | "redeploy",
  { id, commit, author, title }: KeptRelease,
  { adopt, allowRemovals }: { readonly adopt: boolean; readonly allowRemovals: boolean },
): Wanted {
  return { trigger, askedRelease: id, commit, author, title, adopt, allowRemovals };
}

function* findLive(tx: Tx, site: string): Work<KeptRelease> {
  const live = (yield* findSite(tx, site))?.liveRelease;
  const release = (yield* listReleases(tx, site)).find(({ id }) => id === live);
  if (!release) throw new PermanentError(`nothing is live on ${site} yet; \`deploy ${site}\` deploys it`);
  return release;
}

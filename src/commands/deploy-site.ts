/** To have a site built: the head of its branch, or a commit by name; with or without what earlier builds left. */
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Deed } from "../model/effect.ts";
import { findCommits } from "../store/commits.ts";
import { findByCause } from "../store/insert-deployment.ts";
import type { Tx, Work } from "../store/work.ts";
import { type DeedAsked, type DeedContext, type DeedMoment, requireSite } from "./deed-context.ts";
import { alreadyText, type Queueing, queueOnce } from "./queue-wanted.ts";

/** Works on a paused site, and whatever is live, whatever the commit message or the path filters say. */
export function* deploySite(
  tx: Tx,
  context: DeedContext,
  { commit, cleanCaches, reason = null, adopt, allowRemovals }: Omit<Extract<Deed, { kind: "deploy" }>, "kind">,
  asked: DeedAsked,
  moment: DeedMoment,
): Work<Queueing> {
  requireSite(context, asked.site);
  const known = yield* findByCause(tx, asked);
  if (known) return { deployment: known, isNew: false };
  // Which commit the head is, is known when it is fetched.
  const named = commit === null ? { commit: "", author: "", title: "" } : yield* findNamed(tx, asked.site, commit);
  const consent = { adopt, allowRemovals };
  const wanted = { askedRelease: null, askedCommit: named.commit || null, ...named, cleanCaches, reason, ...consent };
  return yield* queueOnce(tx, context, { trigger: "command", ...wanted }, asked, moment);
}

/** What came of it, for whoever asked. */
export function deploySays({ deployment, isNew }: Queueing): string {
  if (!isNew) return alreadyText(deployment);
  const { id, site, branch, askedCommit, cleanCaches } = deployment;
  const what = askedCommit === null ? `the head of ${branch}` : askedCommit.slice(0, 7);
  const how = cleanCaches ? ", without what earlier builds left," : "";
  return `${id} is queued: it builds ${what}${how} and publishes it on ${site}`;
}

/** A commit by its whole id, or by the beginning of one that was seen before. Throws PermanentError. */
function* findNamed(tx: Tx, site: string, start: string): Work<Pick<Deployment, "commit" | "author" | "title">> {
  const wanted = start.toLowerCase();
  if (!/^[0-9a-f]{4,64}$/.test(wanted)) throw new PermanentError(`${start} is no id of a commit`);
  const found = yield* findCommits(tx, site, wanted);
  const [only, other] = found;
  if (only && !other) return only;
  // SHA-1 and SHA-256: git-scm.com/docs/hash-function-transition
  if (wanted.length === 40 || wanted.length === 64) return { commit: wanted, author: "", title: "" };
  const what = only ? "is the beginning of several commits" : "is the beginning of no commit that was deployed before";
  throw new PermanentError(`${start} ${what}; write all of its id`);
}

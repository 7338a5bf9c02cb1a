/** To have a site built: the head of its branch, or a commit by name; with or without what earlier builds left. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { findCommits } from "../store/commits.ts";
import type { Tx, Work } from "../store/work.ts";
import { deploying, type OperationDeps, queueFor, requireSite, type Wanted } from "./operation.ts";

const input = z.strictObject({
  name: z.string().min(1).max(300),
  commit: z.string().max(100).optional(),
  cleanCaches: z.boolean().default(false),
  ...deploying,
});

/** Works on a paused site, and whatever is live, whatever the commit message or the path filters say. */
export async function deploy(deps: OperationDeps, given: unknown): Promise<Deployment> {
  const { name, by, commit, ...wanted } = input.parse(given);
  requireSite(deps, name);
  return queueFor(deps, { name, by }, function* (tx): Work<Wanted> {
    // Which commit the head is, is known when it is fetched.
    const named = commit === undefined ? { commit: "", author: "", title: "" } : yield* findNamed(tx, name, commit);
    return { trigger: "command", askedRelease: null, askedCommit: named.commit || null, ...named, ...wanted };
  });
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

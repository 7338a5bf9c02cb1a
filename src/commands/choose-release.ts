/** Which kept release somebody means: by the start of an id, by how far back it is, by the deployment that brought it. */
import { PermanentError } from "../errors.ts";
import type { CommandTarget } from "../model/command.ts";
import { findDeployment } from "../store/deployments.ts";
import { type KeptRelease, listReleases, releaseBeforeLive, wasEverLive } from "../store/releases.ts";
import type { Tx, Work } from "../store/work.ts";
import { noDeployment, notOf } from "./cancel-deployment.ts";

/** Throws PermanentError where there is no such release, where it is no longer kept, and where several may be meant. */
export function* chooseRelease(tx: Tx, site: string, target: CommandTarget): Work<KeptRelease> {
  switch (target.kind) {
    case "hex":
      return yield* findNamed(tx, site, target.start);
    case "back": {
      const id = yield* releaseBeforeLive(tx, site, target.steps);
      if (id !== undefined) return yield* findKept(tx, site, id, `that was live on ${site} before`);
      const missing = target.steps === 1 ? "no release was" : `no ${target.steps} releases were`;
      throw new PermanentError(`${missing} live on ${site} before the present one`);
    }
    case "deployment": {
      const deployment = yield* findDeployment(tx, target.id);
      if (!deployment) throw new PermanentError(noDeployment(target.id));
      if (deployment.site !== site) throw new PermanentError(notOf(deployment, site));
      if (deployment.releaseId === null) throw new PermanentError(`${target.id} brought no release onto ${site}`);
      return yield* findKept(tx, site, deployment.releaseId, `that ${target.id} brought`);
    }
  }
}

function* findKept(tx: Tx, site: string, id: string, which: string): Work<KeptRelease> {
  const found = (yield* listReleases(tx, site)).find((release) => release.id === id);
  if (found) return found;
  throw new PermanentError(`the release ${id.slice(0, 12)} ${which} is no longer kept (sites.${site}.releases)`);
}

/** The one release whose id or commit begins so. */
function* findNamed(tx: Tx, site: string, start: string): Work<KeptRelease> {
  const kept = yield* listReleases(tx, site);
  const wanted = start.toLowerCase();
  const found = kept.filter(({ id, commit }) => id.startsWith(wanted) || commit.startsWith(wanted));
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const list = `\`releases ${site}\` lists them`;
  if (only) {
    const shown = found.slice(0, 5).map(({ id }) => id.slice(0, 12));
    throw new PermanentError(`${start} is the beginning of several releases of ${site} (${shown.join(", ")}); ${list}`);
  }
  if (/^[0-9a-f]{4,64}$/.test(wanted) && (yield* wasEverLive(tx, site, wanted))) {
    throw new PermanentError(
      `the release ${start} was live on ${site} and is no longer kept (sites.${site}.releases); ${list}`,
    );
  }
  throw new PermanentError(`${site} has no kept release ${start}; ${list}`);
}

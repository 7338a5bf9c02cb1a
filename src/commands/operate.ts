/** Does one deed to a site, inside whatever transaction it is asked for in: Slack, GitHub and the command line all end here. */
import type { Deed } from "../model/effect.ts";
import type { Tx, Work } from "../store/work.ts";
import { cancelDeployment, cancelSays } from "./cancel-deployment.ts";
import { type DeedAsked, type DeedContext, type DeedMoment, requireSite } from "./deed-context.ts";
import { deploySays, deploySite } from "./deploy-site.ts";
import { type HoldsChanged, holdSays, holdSite, releaseSite } from "./hold-site.ts";
import type { Queueing } from "./queue-wanted.ts";
import { redeploySays, redeploySite } from "./redeploy-site.ts";
import { rollbackSays, rollbackSite } from "./rollback-site.ts";

export type Operated = {
  /** One sentence to whoever asked. */
  readonly says: string;
  /** The deployment that it queued, found or cancelled. */
  readonly deployment: string | null;
  /** The deployments that may run because of it. */
  readonly queued: readonly string[];
};

/**
 * Does one deed. Throws PermanentError before anything is written where it is refused. Whoever commits the transaction
 * nudges "deployments" and "outbox".
 */
export function* operate(
  tx: Tx,
  context: DeedContext,
  deed: Deed,
  asked: DeedAsked,
  moment: DeedMoment,
): Work<Operated> {
  requireSite(context, asked.site);
  switch (deed.kind) {
    case "deploy": {
      const done = yield* deploySite(tx, context, deed, asked, moment);
      return operated(deploySays(done), done);
    }
    case "redeploy": {
      const done = yield* redeploySite(tx, context, deed, asked, moment);
      return operated(redeploySays(done), done);
    }
    case "rollback": {
      const done = yield* rollbackSite(tx, context, deed, asked, moment);
      return operated(rollbackSays(done), done);
    }
    case "cancel": {
      const done = yield* cancelDeployment(tx, context, deed, asked, moment);
      return { says: cancelSays(done), deployment: done.deployment.id, queued: [] };
    }
    case "pause":
    case "lock":
      return held(asked.site, deed.kind, yield* holdSite(tx, context, deed, asked, moment), moment.nowMs);
    case "resume":
    case "unlock":
      return held(asked.site, deed.kind, yield* releaseSite(tx, context, deed, asked, moment), moment.nowMs);
  }
}

function operated(says: string, { deployment, isNew }: Queueing): Operated {
  return { says, deployment: deployment.id, queued: isNew && deployment.state === "queued" ? [deployment.id] : [] };
}

function held(site: string, kind: "pause" | "lock" | "resume" | "unlock", done: HoldsChanged, nowMs: number): Operated {
  const queued = done.changed.filter(({ state }) => state === "queued").map(({ id }) => id);
  return { says: holdSays(site, kind, done, nowMs), deployment: queued[0] ?? null, queued };
}

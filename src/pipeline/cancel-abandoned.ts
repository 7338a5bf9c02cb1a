/** Ends deployments that were to be cancelled when Slipway went away: they are not run again. */
import type { Deployment } from "../model/deployment.ts";
import { cancelReasonOf } from "../store/cancel.ts";
import { abandonedDeployments, remarkOnDeployment } from "../store/deployments.ts";
import { lastTranscriptSeq } from "../store/transcripts.ts";
import { changeState, type StateDeps } from "./change-state.ts";
import { createTranscript } from "./transcript.ts";

/** Ends those that an earlier boot, or a machine that went away, left behind. */
export async function cancelAbandoned(deps: StateDeps & { readonly boot: string }): Promise<void> {
  const abandoned = await deps.store.transact((tx) => abandonedDeployments(tx, { boot: deps.boot, nowMs: Date.now() }));
  for (const deployment of abandoned) {
    const reason = await deps.store.transact((tx) => cancelReasonOf(tx, deployment.id));
    if (reason !== null) await end(deps, deployment, reason);
  }
}

async function end(deps: StateDeps, { id, site, state }: Deployment, reason: string): Promise<void> {
  const seq = await deps.store.transact((tx) => lastTranscriptSeq(tx, id));
  const transcript = createTranscript(deps, id, seq);
  const said = `${reason}; Slipway was restarted meanwhile`;
  transcript.write(`\n${said}`);
  await transcript.flush();
  deps.log.info({ deployment: id, site }, said);
  await changeState(deps, id, { state: "cancelled", reason: said }, function* (tx) {
    // The worker may have been at the very files that visitors see.
    if (state === "publishing") yield* remarkOnDeployment(tx, id, `was cut while it was published; ${MENDS}`);
  });
}

const MENDS = "the next deployment, or a redeploy, makes the site whole";

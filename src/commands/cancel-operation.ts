/** To cancel a deployment, from the command line. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { findDeployment } from "../store/deployments.ts";
import { cancelDeployment, cancelSays, noDeployment } from "./cancel-deployment.ts";
import { deedText } from "./deed-text.ts";
import { asking, named, type OperationDeps, perform } from "./operation.ts";

const input = z.strictObject({ ...named, ...asking });

/** Answers with the deployment; one that runs has been told and ends soon, unless its release is on the host already. */
export function cancel(deps: OperationDeps, given: unknown): Promise<Deployment> {
  const { name, by } = input.parse(given);
  const deed = { kind: "cancel", deployment: name } as const;
  const about = { site: null, by, verb: "cancel", what: deedText(deed, Date.now()) };
  return perform(deps, about, function* (tx, asked, moment) {
    const site = (yield* findDeployment(tx, name))?.site;
    if (site === undefined) throw new PermanentError(noDeployment(name));
    const done = yield* cancelDeployment(tx, deps, deed, { ...asked, site }, moment);
    return { result: done.deployment, says: cancelSays(done), deployment: name, site };
  });
}

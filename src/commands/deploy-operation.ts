/** To have a site built, from the command line. */
import { z } from "zod";
import type { Deployment } from "../model/deployment.ts";
import { deedText, verbOf } from "./deed-text.ts";
import { deploySays, deploySite } from "./deploy-site.ts";
import { deploying, named, type OperationDeps, perform } from "./operation.ts";

const input = z.strictObject({
  ...named,
  commit: z.string().max(100).optional(),
  cleanCaches: z.boolean().default(false),
  ...deploying,
});

/** As `deploySite`. Throws PermanentError. */
export function deploy(deps: OperationDeps, given: unknown): Promise<Deployment> {
  const { name, by, commit = null, ...wanted } = input.parse(given);
  const deed = { kind: "deploy", commit, ...wanted } as const;
  const about = { site: name, by, verb: verbOf(deed), what: deedText(deed, Date.now()) };
  return perform(deps, about, function* (tx, asked, moment) {
    const done = yield* deploySite(tx, deps, deed, asked, moment);
    return { result: done.deployment, says: deploySays(done), deployment: done.deployment.id };
  });
}
